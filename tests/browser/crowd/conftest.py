"""A small server of static/crowd/, of sample tasks in frames of opaque origin, and of the address answers go to."""

import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import ROOT

STATIC = ROOT / "static"
SANDBOX = (
    "sandbox allow-scripts allow-forms allow-modals allow-popups; "
    "default-src * data: blob: 'unsafe-inline' 'unsafe-eval'"
)
ASSIGNMENT = "3FF35DF14901C82A31408C34AB6DF1"


def picture(width: int, height: int) -> bytes:
    """An SVG of that natural size with a grid, so that a screenshot shows where one is."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        '<defs><pattern id="g" width="50" height="50" patternUnits="userSpaceOnUse">'
        '<rect width="50" height="50" fill="#dfe6dc"/>'
        '<path d="M50 0H0V50" fill="none" stroke="#b9c6b4"/></pattern></defs>'
        f'<rect width="{width}" height="{height}" fill="url(#g)"/></svg>'
    ).encode()


class Tasks:
    """`open(page, body)` shows a task; `answer()` is what was posted last."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.posted: list[dict[str, list[str]]] = []
        tasks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def give(self, body: bytes, kind: str, status: int = 200, **headers: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                path = urllib.parse.urlsplit(self.path).path
                if path in tasks.pages:
                    html = tasks.pages[path].encode()
                    self.give(html, "text/html; charset=utf-8", Content_Security_Policy=SANDBOX)
                elif found := re.fullmatch(r"/picture/(\d+)x(\d+)\.svg", path):
                    self.give(picture(int(found[1]), int(found[2])), "image/svg+xml", Access_Control_Allow_Origin="*")
                elif path.startswith("/static/") and ".." not in path and (STATIC / path[8:]).is_file():
                    kind = "text/javascript" if path.endswith(".js") else "image/webp"
                    body = (STATIC / path[8:]).read_bytes()
                    self.give(body, kind, Access_Control_Allow_Origin="*", Cache_Control="max-age=600")
                else:
                    self.give(b"", "text/plain", 404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                tasks.posted.append({"path": [self.path], **urllib.parse.parse_qs(body, keep_blank_values=True)})
                self.give(b"<!doctype html><title>Thank you</title>", "text/html")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def open(self, page: Any, body: str, *, preview: bool = False, whole: str = "") -> Any:
        """Shows `body` as a task that was accepted, when its elements are ready."""
        self.posted.clear()
        self.pages["/task"] = whole or (
            '<!doctype html><html><head><meta charset="utf-8"><title>Task</title>'
            "<script>document.addEventListener('all-crowd-elements-ready', () => {"
            "  window.ready = (window.ready || 0) + 1; });</script>"
            f'<script src="/static/crowd/crowd-html-elements.js"></script></head><body>{body}</body></html>'
        )
        query = {} if preview else {"assignmentId": ASSIGNMENT, "workerId": "A1", "turkSubmitTo": self.url}
        page.goto(f"{self.url}/task?{urllib.parse.urlencode(query)}")
        page.wait_for_function("window.ready === 1")
        return page

    def fields(self, page: Any) -> dict[str, str]:
        """Presses Submit and returns the posted fields without the assignment's id."""
        page.get_by_role("button", name="Submit").click()
        page.wait_for_url(f"{self.url}/mturk/externalSubmit")
        assert len(self.posted) == 1
        posted = {name: values[0] for name, values in self.posted[0].items() if len(values) == 1}
        assert len(posted) == len(self.posted[0]), "a name came twice"
        assert posted.pop("path") == "/mturk/externalSubmit"
        assert posted.pop("assignmentId") == ASSIGNMENT
        return posted

    def answers(self, page: Any) -> Any:
        """Presses Submit and returns the object in `taskAnswers`, whose keys are sorted and whose JSON is compact."""
        posted = self.fields(page)
        assert list(posted) == ["taskAnswers"]
        (answers,) = json.loads(posted["taskAnswers"])
        compact = json.dumps([answers], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert posted["taskAnswers"] == compact
        return answers


@pytest.fixture(scope="session")
def server() -> Iterator[Tasks]:
    tasks = Tasks()
    yield tasks
    tasks.server.shutdown()
    tasks.server.server_close()
    tasks.thread.join(5)


@pytest.fixture(scope="session")
def context(browser: Any) -> Iterator[Any]:
    """One profile for all: what it would keep of a task is only the modules it has loaded."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture(scope="session")
def window(context: Any) -> tuple[Any, list[str]]:
    """One window, and what its scripts failed with. Every test opens a task in it, which leaves nothing of the last."""
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    return page, problems


@pytest.fixture
def page(window: tuple[Any, list[str]]) -> Iterator[Any]:
    """A page; a script error in it fails the test."""
    page, problems = window
    problems.clear()
    yield page
    page.emulate_media(color_scheme="light")
    assert not problems, "The browser complained:\n" + "\n".join(problems)


@pytest.fixture
def tasks(server: Tasks, page: Any) -> Tasks:
    return server
