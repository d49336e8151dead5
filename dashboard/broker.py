"""The folder that is the broker of one machine: kombu's, whose worker would die of a message that is half written."""

import logging
import os
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps

log = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """A message has its name when it is whole: kombu gives it first, and a worker may read it at any moment."""
        path = Path(self.data_folder_out) / f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        part = path.with_suffix(".part")
        try:
            part.write_text(dumps(payload))
            os.replace(part, path)
        except OSError as error:
            raise ChannelError(f"Cannot add a message to {self.data_folder_out}: {error.strerror}") from error

    def _get(self, queue: str, timeout: Any = None) -> Any:
        """The next message. One that cannot be read is lost like any other: beat finds what is due."""
        while True:
            try:
                return super()._get(queue)
            except ValueError as error:
                log.warning("A message could not be read and is dropped: %s", error)


class Transport(filesystem.Transport):
    Channel = Channel
