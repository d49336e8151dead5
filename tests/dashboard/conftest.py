from collections.abc import Iterator
from typing import Any

import pytest

from tests import servers
from tests.cast import Lab, make_lab


@pytest.fixture
def lab(db: Any, marketplace_server: Any) -> Lab:
    return make_lab(marketplace_server)


@pytest.fixture
def alone(db: Any, tmp_path: Any) -> Iterator[Lab]:
    """A lab at a marketplace of its own: its calls are counted, its clock is moved."""
    with servers.marketplace(tmp_path) as server:
        yield make_lab(server)


@pytest.fixture
def faults(marketplace_server: Any) -> Any:
    """Make the marketplace misbehave: faults("SendBonus", "drop_after", rate=1.0); it behaves again afterwards."""

    def add(operation: str, mode: str, **more: Any) -> None:
        marketplace_server.control("faults", {"operation": operation, "mode": mode, "rate": 1.0, "seed": 1, **more})

    yield add
    marketplace_server.control("faults", method="DELETE")
