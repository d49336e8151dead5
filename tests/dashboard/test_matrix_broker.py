"""The broker's folder: a message is there whole or not at all, and one that cannot be read ends no worker."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

import dashboard.celery  # noqa: F401  where the folder gets its transport


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Any]:
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "c")}
    with Connection("filesystem://", transport_options=options) as connection:
        # A name of its own: kombu remembers in the process which queues are bound.
        queue = connection.SimpleQueue(f"desk{uuid.uuid4().hex}", serializer="json")
        yield queue
        queue.close()


def test_a_message_has_its_name_when_it_is_whole(queue: Any, tmp_path: Path) -> None:
    there = []

    class Watching(dict):
        """Written down in the middle of the message."""

        def items(self) -> Any:
            there.extend(tmp_path.glob("*.msg"))
            return super().items()

    channel, name = queue.channel, queue.queue.name
    channel._put(name, Watching(body="1", headers={}, properties={}))
    channel._put(name, {"body": "2", "headers": {}, "properties": {}})
    assert there == []
    assert len(list(tmp_path.glob("*.msg"))) == 2
    # Of two messages of one millisecond either may come first.
    assert {channel._get(name)["body"], channel._get(name)["body"]} == {"1", "2"}
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("text", ["", '{"body": "half', "\0"])
def test_a_message_that_cannot_be_read_is_dropped_and_the_next_one_comes(queue: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / f"0_half.{queue.queue.name}.msg").write_text(text)
    queue.put({"whole": True})
    assert queue.get(timeout=5).payload == {"whole": True}
    assert list(tmp_path.glob("*.msg")) == []
