import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.servers import MANAGE, Server, empty_database, free_port

PASSWORD = "only-for-this-test"


@dataclass
class Demo:
    """A running demo, as `make demo` starts it."""

    dashboard: str
    marketplace: str

    def ledger(self, assignment_id: str) -> list[tuple[str, str]]:
        request = urllib.request.Request(
            f"{self.marketplace}/control/ledger", headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            rows = json.load(answer)
        return [(row["kind"], row["amount"]) for row in rows if row["assignment"] == assignment_id]


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one demo stay together when tests run side by side, and so do those that share a browser's window."""
    for item in items:
        path = item.path.as_posix()
        if "tests/browser" in path:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("crowd elements" if "/crowd/" in path else "demo"))


@pytest.fixture(scope="session")
def demo(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    port, other = free_port(), free_port()
    env = {
        "HITDESK_DATA": str(folder / "data"),
        "PORT": str(port),
        "MARKETPLACE_PORT": str(other),
        "DEMO_PASSWORD": PASSWORD,
        "DATABASE_URL": None,
        "MARKETPLACE_DATABASE_URL": None,
        "REDIS_URL": None,
    }
    for project in ("dashboard", "marketplace"):
        empty_database(project, folder / "data" / f"{project}.sqlite3")
    server = Server([*MANAGE, "demo"], log=folder / "out", env=env)
    try:
        server.wait_until(lambda: re.search(r"^READY", server.output, re.MULTILINE) is not None, 180)
        assert server.output.rstrip().endswith(
            f"READY dashboard=http://127.0.0.1:{port} marketplace=http://127.0.0.1:{other} "
            f"users=viewer,reviewer,approver,manager password={PASSWORD}"
        )
        yield Demo(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{other}")
    finally:
        server.stop()


@pytest.fixture
def sign_in(demo: Demo, page: Any) -> Any:
    """sign_in("reviewer") leaves the page at the overview; called again it signs the one before out."""

    def sign(name: str) -> Any:
        page.context.clear_cookies()
        page.goto(demo.dashboard + "/")
        page.locator("[name=login]").fill(name)
        page.locator("[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/a/lab/$"))
        return page

    return sign
