"""A running marketplace, its control paths and clients for it."""

import contextlib
import functools
import http.client
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.servers.prepared import empty_database
from tests.servers.processes import ROOT, Server, free_port


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


@contextlib.contextmanager
def marketplace(
    data: Path, *options: str, port: int | None = None, env: Mapping[str, str | None] | None = None
) -> Iterator[Marketplace]:
    """Run the command `marketplace --control` with its data in `data` until the block ends."""
    data.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    command = [sys.executable, "-m", "django", "marketplace", f"--port={port}", f"--data={data}", "--control", *options]
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
