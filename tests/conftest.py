"""Fixtures for both projects' tests: real servers, a real browser, and no network beyond this machine."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests import servers

#: Files with tests that take longest. They begin first: else the last of them ends alone, and all others wait for it.
LONGEST = {
    "test_clients.py", "test_command.py", "test_crashes.py", "test_demo.py", "test_deployment.py", "test_files.py",
    "test_first_light.py", "test_granting_many.py", "test_in_browser.py", "test_look.py", "test_matrix.py",
    "test_states.py", "test_supervisor.py", "test_ten_jobs.py",
}  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


def _or_skip(start: Callable[[], Any]) -> Any:
    """Return `start()`; what the machine lacks is a skip that says how to get it."""
    try:
        return start()
    except servers.Missing as reason:
        pytest.skip(str(reason))


def _while(server: AbstractContextManager[Any]) -> Iterator[Any]:
    thing = _or_skip(server.__enter__)
    try:
        yield thing
    finally:
        server.__exit__(None, None, None)


@pytest.fixture(autouse=True, scope="session")
def no_list_of_static_files() -> None:
    """Each client of Django's would make one of its own, of hundreds of files; they are found when asked for."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True, scope="session")
def databases_made_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What one process of this run has migrated, the others copy: see `servers.empty_database`."""
    own = tmp_path_factory.getbasetemp()
    servers.prepare_in(own.parent if hasattr(request.config, "workerinput") else own)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The file that is there already is the database, and it has its tables."""
    return settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(databases_made_once: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The database is a file, as it is for people: in memory a browser's last request locks the tables out of turn."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        project = settings.ROOT_URLCONF.partition(".")[0]
        made = servers.empty_database(project, tmp_path_factory.mktemp("database") / "test.sqlite3")
        database["TEST"].update(NAME=str(made), MIGRATE=False)
        # It need not survive a power cut.
        start = database["OPTIONS"]["init_command"]
        assert "synchronous=FULL" in start
        database["OPTIONS"]["init_command"] = start.replace("synchronous=FULL", "synchronous=OFF")


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> None:
    """Signing in costs a third of a second of reckoning, which keeps off nobody here."""
    settings.PASSWORD_HASHERS = ["tests.passwords.QuickHasher"]


@pytest.fixture(autouse=True, scope="session")
def network_blocked() -> Iterator[None]:
    """Connecting to anything but loopback raises `servers.NetworkUsed`."""
    with servers.loopback_only():
        yield


@pytest.fixture(scope="session")
def marketplace_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Marketplace]:
    """A marketplace with control paths: `.url`, `.control(path, body)`, `.client(access_key)`."""
    yield from _while(servers.marketplace(tmp_path_factory.mktemp("marketplace")))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running Redis."""
    yield from _while(servers.redis(tmp_path_factory.mktemp("redis")))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """A running PostgreSQL: `.database(name)` makes an empty database and returns its URL."""
    yield from _while(servers.postgres())


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: servers.Postgres, tmp_path_factory: pytest.TempPathFactory) -> servers.Postgres:
    """The same with an empty database of the dashboard, `migrated`, to make others of."""
    env = {
        "HITDESK_DATA": str(tmp_path_factory.mktemp("migrated")),
        "DATABASE_URL": postgres_server.database("migrated"),
    }
    command = [*servers.MANAGE, "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=servers.ROOT, env={**os.environ, **env}, check=True)
    return postgres_server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    return _or_skip(servers.chromium)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A Playwright browser. Playwright's event loop runs in this thread, which Django would refuse queries in."""
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            running = playwright.chromium.launch(executable_path=chromium, args=servers.CHROMIUM_OPTIONS)
            yield running
            running.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page in a fresh profile. A script error or a violation of the content security policy fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(f"uncaught: {error.error}"))
    context.on(
        "console",
        lambda message: (
            problems.append(message.text)
            if message.type == "error" and "Content Security Policy" in message.text
            else None
        ),
    )
    yield context.new_page()
    context.close()
    assert not problems, "The browser complained:\n" + "\n".join(problems)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of recorded answers: HITDESK_SAMPLES, or `answers` in it."""
    named = os.environ.get("HITDESK_SAMPLES")
    if not named:
        pytest.skip("HITDESK_SAMPLES is not set: it names a folder of recorded answers.")
    folder = Path(named)
    # Set and wrong is a mistake, not a machine that lacks something.
    assert folder.is_dir(), f"HITDESK_SAMPLES={named} is not a folder."
    return folder / "answers" if (folder / "answers").is_dir() else folder


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say skipped browser tests out loud: a green run without them has not tried the pages."""
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if "chromium" in str(getattr(report, "longrepr", "")).lower()
    ]
    if skipped:
        terminalreporter.section("BROWSER TESTS SKIPPED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(skipped)} tests did not run. {servers.NO_CHROMIUM}", red=True)
