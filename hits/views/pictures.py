"""A picture that only a worker named, fetched on a click by this server, so that whoever hosts it does not learn who
looks, and nothing but a picture comes back.

Only addresses our own pages signed are fetched, for the assignment they stand in. What is fetched is a stranger's: no
address of an inner network (looked up once, and that very address is connected to; every redirect again), a bound on
time and size, and only what begins like a picture of pixels.
"""

import hashlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from django.conf import settings
from django.core.cache.backends.filebased import FileBasedCache
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from dashboard.access import of_account
from dashboard.models import Membership
from hits.models import Assignment

SECONDS, LARGEST, REDIRECTS = 8.0, 12_000_000, 3
_MOST_PIXELS = 64_000_000
_KEPT_SECONDS = 24 * 3600
_CHUNK = 64 * 1024

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Allowed = Callable[[Address], bool]


class Refused(Exception):
    """Why there is no picture, as a sentence."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What came back: the bytes, and the type they begin like."""

    kind: str
    data: bytes


def sign(assignment_id: str, url: str) -> str:
    """`url` with a signature that is good for this assignment alone."""
    return Signer(salt=f"picture:{assignment_id}").sign(url)


@require_GET
@of_account
def picture(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """The picture behind `?url=`, which is an address with our signature."""
    assignment = get_object_or_404(
        Assignment.objects.of(membership.account).only("assignment_id"), assignment_id=assignment_id
    )
    try:
        url = Signer(salt=f"picture:{assignment.assignment_id}").unsign(request.GET.get("url", ""))
    except BadSignature:
        return _refusal(request, "This address was not made by a page of this dashboard. Open the answer again.", 400)
    kept, key = _kept(), hashlib.sha256(url.encode()).hexdigest()
    found = kept.get(key)
    if not isinstance(found, Picture):
        try:
            found = fetch(url)
        except Refused as reason:
            return _refusal(request, str(reason), 502)
        kept.set(key, found, _KEPT_SECONDS)
    response = HttpResponse(found.data, content_type=found.kind)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _refusal(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    return render(request, "answers/no_picture.html", {"sentence": sentence}, status=status)


def _kept() -> FileBasedCache:
    return FileBasedCache(str(settings.DATA / "pictures"), {"OPTIONS": {"MAX_ENTRIES": 300}})


# --- fetching ---------------------------------------------------------------------------------------------------------


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, also where it is wrapped in one of another kind."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_private or address.is_unspecified
    )


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def fetch(url: str, *, allowed: Allowed = is_public) -> Picture:
    """The picture at an http address; Refused where there is none, or where it must not be asked for."""
    end = time.monotonic() + SECONDS
    for _ in range(REDIRECTS + 1):
        try:
            status, where, data = _ask(url, end, allowed)
            if status in (301, 302, 303, 307, 308) and where:
                url = urljoin(url, where)
                continue
        except Refused:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            _left(end)  # where it was cut off, that is the reason
            raise Refused("The server of this picture does not answer as one should.") from error
        if status != 200:
            raise Refused(f"The server of this picture answers {status}: it is not there any more, or not for us.")
        kind = kind_of(data)
        if not kind:
            raise Refused("What is there is no picture: nothing but PNG, JPEG, GIF and WebP is shown.")
        return Picture(kind, data)
    raise Refused("The server of this picture sends us from one address to the next.")


def _ask(url: str, end: float, allowed: Allowed) -> tuple[int, str, bytes]:
    """(status, where it sends us, body) of one request, to the very address that was looked at."""
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise Refused("Only http and https addresses are fetched.")
    if address.username is not None or address.password is not None:
        raise Refused("An address with a password in it is not fetched.")
    with closing(_connect(address, end, allowed)) as connection, _cut_off(connection.sock, end):
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        # Nothing of whoever looks goes along: no cookie, no referrer, no name of their browser.
        headers = {"Accept": "image/webp,image/png,image/jpeg,image/gif", "User-Agent": "Mozilla/5.0 (picture)"}
        connection.request("GET", quote(path, safe="/%:=&?~+!$,;'@()*[]"), headers=headers)
        answer = connection.getresponse()
        where = answer.getheader("Location") or ""
        if answer.status != 200:
            return answer.status, where[:2_000], b""
        return answer.status, "", _read(answer, end)


@contextmanager
def _cut_off(sock: socket.socket, end: float) -> Iterator[None]:
    """Whatever waits for this socket, handshake, headers or body, ends with the time there is: a socket's own timeout
    begins anew with every byte."""

    def cut() -> None:
        with suppress(OSError):
            # Of the plain socket: an SSLSocket would forget its encryption first, and read on without it.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    watch = threading.Timer(_left(end), cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        watch.join()


def _connect(address: SplitResult, end: float, allowed: Allowed) -> http.client.HTTPConnection:
    host = str(address.hostname)
    port = address.port or (443 if address.scheme == "https" else 80)
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    numbers = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    # One inner address among several is reason enough: a name that has both is made to be confused.
    if not numbers or not all(allowed(ipaddress.ip_address(number)) for number in numbers):
        raise Refused("This address leads into an inner network, so it is not fetched.")
    connection = http.client.HTTPConnection(name, port, timeout=_left(end))
    plain = socket.create_connection((numbers[0], port), timeout=_left(end))
    try:
        connection.sock = (
            ssl.create_default_context().wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
            if address.scheme == "https"
            else plain
        )
    except BaseException:
        plain.close()
        raise
    return connection


def _read(answer: http.client.HTTPResponse, end: float) -> bytes:
    parts: list[bytes] = []
    length = 0
    while True:
        part = answer.read1(_CHUNK)
        _left(end)  # before it counts as whole: what was cut off ends as well
        if not part:
            return b"".join(parts)
        length += len(part)
        if length > LARGEST:
            raise Refused(f"This picture is larger than {LARGEST // 1_000_000} MB, so it is not shown.")
        if not parts and not _begins(part):
            return part  # no need to read what is no picture
        parts.append(part)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise Refused(f"The server of this picture took longer than {SECONDS:g} seconds.")
    return left


# --- what a picture begins like ---------------------------------------------------------------------------------------


def _begins(data: bytes) -> str:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


def kind_of(data: bytes) -> str:
    """The type of a picture of pixels; "" for anything else, and for one that takes a browser's whole memory."""
    kind = _begins(data)
    if not kind:
        return ""
    width, height = {"image/png": _png, "image/gif": _gif, "image/webp": _webp, "image/jpeg": _jpeg}[kind](data)
    return kind if 0 < width * height <= _MOST_PIXELS else ""


def _png(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _webp(data: bytes) -> tuple[int, int]:
    form = data[12:16]
    if form == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if form == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _jpeg(data: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 < len(data):
        if data[place] != 0xFF:
            return 0, 0
        marker = data[place + 1]
        if marker == 0xFF:  # filling
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[place + 7 : place + 9], "big"), int.from_bytes(
                data[place + 5 : place + 7], "big"
            )
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return 0, 0
