"""HTTP without TLS as the MTurk API needs it: a POST and its answer, over connections that are kept.

For a marketplace on this machine or next to it. botocore's own way, by urllib3, takes longer than everything else a
call needs, and it sends head and body one after the other, so that the server wakes twice. Where there is TLS or a
proxy, botocore keeps to its own (dashboard.mturk).
"""

import http.client
import io
import select
import socket
import time
from collections.abc import Iterable
from email.message import Message
from typing import Any

#: What the head of a request is written in, as http.client does it.
_LATIN = "latin-1"
#: Bytes of an answer: a page of the longest is a tenth of it.
MOST = 64 * 1024 * 1024


class NotSent(Exception):
    """No connection: nothing has left."""


class NoAnswer(Exception):
    """The request has left, or may have, and no whole answer came."""


class NoAnswerInTime(NoAnswer):
    pass


class Connections:
    """To one host. Any number of threads may post; as many connections as ever did so at once are kept.

    `read_timeout`: seconds from the first byte of the request to the last one of the answer.
    """

    def __init__(self, host: str, port: int, *, connect_timeout: float, read_timeout: float) -> None:
        self._place = (host, port)
        self._connect_timeout, self._read_timeout = connect_timeout, read_timeout
        self._free: list[socket.socket] = []

    def post(self, target: str, headers: Iterable[tuple[str, str | bytes]], body: bytes) -> tuple[int, Message, bytes]:
        """Status, headers and body of the answer. `headers` are complete: Host and Content-Length are among them."""
        head = _head(target, headers)
        line = self._connection()
        end = time.monotonic() + self._read_timeout
        try:
            line.settimeout(self._read_timeout)
            line.sendall(head + body)
            answer = http.client.HTTPResponse(_Until(end, line), method="POST")  # type: ignore[arg-type]
            try:
                answer.begin()
                if answer.length is None and not answer.chunked:
                    raise http.client.HTTPException("The answer does not say where it ends.")
                said, keep = _whole(answer), not answer.will_close
            finally:
                answer.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            line.close()
            raise (NoAnswerInTime if isinstance(error, TimeoutError) else NoAnswer)(error) from error
        except BaseException:
            line.close()
            raise
        if keep:
            self._free.append(line)
        else:
            line.close()
        return answer.status, answer.msg, said

    def _connection(self) -> socket.socket:
        """The one that was used last, whose end the server has not let go of; else a new one."""
        while self._free:
            try:
                line = self._free.pop()
            except IndexError:  # another thread was quicker
                break
            if not _readable(line):
                return line
            line.close()
        try:
            line = socket.create_connection(self._place, self._connect_timeout)
        except (OSError, UnicodeError) as error:
            raise NotSent(error) from error
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return line


class _Until(io.RawIOBase):
    """What comes over a connection until a moment: a server that says a byte now and then would be heard for ever."""

    def __init__(self, end: float, line: socket.socket) -> None:
        self._end, self._line = end, line

    def makefile(self, mode: str) -> io.BufferedReader:
        """How http.client asks a socket for it."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("The answer took too long.")
        self._line.settimeout(left)
        return self._line.recv_into(buffer)


def _whole(answer: http.client.HTTPResponse) -> bytes:
    if (answer.length or 0) > MOST:
        raise http.client.HTTPException("The answer is too long.")
    said = answer.read(MOST)
    if answer.length:  # asked for a number of bytes, http.client takes fewer for all
        raise http.client.IncompleteRead(said, answer.length)
    if answer.chunked and answer.read(1):
        raise http.client.HTTPException("The answer is too long.")
    return said


def _readable(line: socket.socket) -> bool:
    """Of a connection on which nothing is asked: that it was closed, or that something came which nobody asked for."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return bool(poll.poll(0))


def _head(target: str, headers: Iterable[tuple[str, str | bytes]]) -> bytes:
    lines = [f"POST {target} HTTP/1.1".encode("ascii")]
    for name, value in headers:
        lines.append(name.encode("ascii") + b": " + (value if isinstance(value, bytes) else value.encode(_LATIN)))
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise NotSent("A line of the request's head holds a line break.")
    return b"\r\n".join([*lines, b"", b""])
