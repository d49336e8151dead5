"""Many workers at once, over HTTP: each assignment is given once, and no cent is lost. `make bench` has two hundred."""

from pathlib import Path

from tests.bench import crowd


def test_many_workers_at_once_leave_everything_in_order(tmp_path: Path):
    lines = {line["name"]: line["value"] for line in crowd.measure(tmp_path, workers=20, seconds=3, speed=30)}
    assert lines["crowd of 20: tasks handed in"] > 0.5
    assert lines["crowd of 20: accept, p95"] >= lines["crowd of 20: accept, median"] > 0
    assert lines["crowd of 20: submit, p95"] > 0
