"""How a worker's id stands in an address. MTurk's ids are capitals and digits; what else an endpoint calls a worker, a
slash or a name of ours included, is spelt in hexadecimal, so that every worker has a page."""

import re

_PLAIN = re.compile(r"[A-Z0-9]{1,64}")
_SPELT = "~"


class WorkerAddress:
    """A path converter: `<worker:worker_id>`."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """The id; ValueError, which is a 404, where the spelling is wrong."""
        return bytes.fromhex(value[1:]).decode() if value.startswith(_SPELT) else value

    def to_url(self, value: str) -> str:
        return value if _PLAIN.fullmatch(value) else _SPELT + value.encode().hex()
