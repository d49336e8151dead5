"""The marketplace's web server: waitress, with the two habits of AWS that a WSGI application cannot have itself:
errors close the connection and say so, and a request too broken to reach the application is refused in JSON."""

import collections
import functools
import gc
import json
import signal
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import waitress
from django.conf import settings
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask

THREADS = 64  # a client with 150 ms latency and four threads would be held to 26 calls a second
SHUTDOWN = 2  # seconds given to calls under way when the process is asked to end


class _Task(WSGITask):
    wrote_header: bool

    def write(self, data: bytes) -> None:
        """Head and body leave together where they are all there is: one packet, for which the client wakes once."""
        if self.wrote_header or not self.complete or not self.has_body or len(data) != self.content_length:
            super().write(data)
            return
        self.channel.write_soon(self.build_response_header() + data)
        self.wrote_header = True
        self.content_bytes_written = len(data)

    def build_response_header(self) -> bytes:
        is_api = any(name.lower() == "content-type" and "x-amz-json" in value for name, value in self.response_headers)
        if is_api and not self.status.startswith("2"):
            self.set_close_on_finish()  # adds Connection: close, which PEP 3333 forbids an application to send
        return super().build_response_header()


class _RefusedTask(ErrorTask):
    """A request that is not HTTP (bad Content-Length, CR in a header, far too large)."""

    def execute(self) -> None:
        error = self.request.error
        body = json.dumps({"__type": "SerializationException", "message": f"{error.reason}: {error.body}"}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/x-amz-json-1.1"))
        self.response_headers.append(("x-amzn-RequestId", str(uuid.uuid4())))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _NewestFirst(threading.Condition):
    """Wakes the thread that has worked last, where a Condition wakes the one that has waited longest.

    With 64 threads the latter gives each call a database connection that last saw the database 64 calls ago: its cache
    is of no use any more, and neither is the processor's. Threads beyond those needed at once do not even connect.
    """

    _waiters: collections.deque[Any]

    def notify(self, n: int = 1) -> None:
        self._waiters.rotate(n)
        super().notify(n)


class _Channel(HTTPChannel):
    task_class = _Task
    error_task_class = _RefusedTask


class Server:
    """Bound when made (OSError if the port is taken); answers when run."""

    def __init__(self, application: Callable[..., Iterable[bytes]], host: str, port: int) -> None:
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.queue_cv = _NewestFirst(dispatcher.lock)
        dispatcher.set_thread_count(THREADS)
        dispatcher.shutdown = functools.partial(dispatcher.shutdown, timeout=SHUTDOWN)
        self._waitress: Any = waitress.create_server(
            application,
            _dispatcher=dispatcher,
            host=host,
            port=port,
            backlog=1024,
            connection_limit=2000,
            channel_timeout=120,
            cleanup_interval=15,
            asyncore_use_poll=True,  # select() cannot count past 1023
            max_request_header_size=64 * 1024,
            max_request_body_size=settings.MAX_BODY + 1,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=False,  # nothing trusts them; the control paths refuse what came by a proxy
            ident="HITdesk",
        )
        # One listening socket is one server; a name with several addresses (localhost) gives a group of them.
        listeners = [self._waitress] if hasattr(self._waitress, "channel_class") else self._waitress.map.values()
        for listener in listeners:
            listener.channel_class = _Channel

    @property
    def port(self) -> int:
        listening = getattr(self._waitress, "effective_listen", None)
        return int(listening[0][1] if listening else self._waitress.effective_port)

    def run(self) -> None:
        """Serves until SIGTERM or Ctrl-C, then lets calls under way finish for a moment."""
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGINT, _end)
        gc.freeze()  # what is loaded by now stays: the collector need not look through it again, nor at the end
        self._waitress.run()


def _end(signum: int, frame: Any) -> None:
    raise SystemExit(0)
