"""`make bench`: how fast a sync reads, the queue shows, answers are read, decisions arrive and the marketplace answers,
beside what plain means reach; and how long two hundred workers at once wait.

Everything runs in a folder of its own against a marketplace of its own; nothing of `var/` is touched but the result,
`var/bench.json`. Times are medians, since one machine is never quiet: read the ratios.

    make bench ARGS="--hits 40 --assignments 50"        more work, steadier numbers
    make bench ARGS=--postgres                          on PostgreSQL instead of SQLite
    make bench ARGS="--only queue --rows 1000000"       one part at its full size: some minutes, and 4 GB of the disk
"""

import argparse
import contextlib
import json
import os
import platform
import tempfile
import time
import warnings
from pathlib import Path

from tests import servers

RESULT = servers.ROOT / "var" / "bench.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure sync, queue and delivery.")
    parser.add_argument("--hits", type=int, default=30, help="HITs in the marketplace (30)")
    parser.add_argument("--assignments", type=int, default=50, help="assignments of each (50)")
    parser.add_argument("--rows", type=int, default=100_000, help="assignments in the queue that is shown (100000)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the median counts (3)")
    parser.add_argument("--commands", type=int, default=1000, help="decisions to deliver, at each latency (1000)")
    parser.add_argument("--job", type=int, default=20_000, help="commands of the job that is prepared (20000)")
    parser.add_argument(
        "--only",
        choices=["sync", "queue", "search", "answers", "delivery", "marketplace", "crowd", "workers"],
        help="one part",
    )
    parser.add_argument("--people", type=int, default=100_000, help="workers in the table that is shown (100000)")
    parser.add_argument("--workers", type=int, default=200, help="simulated workers at work at once (200)")
    parser.add_argument("--seconds", type=int, default=60, help="how long they work (60)")
    parser.add_argument("--postgres", action="store_true", help="use a PostgreSQL of its own")
    chosen = parser.parse_args()

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hitdesk-bench-")))
        os.environ["HITDESK_DATA"] = str(folder / "dashboard")
        os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
        os.environ["LOG_LEVEL"] = "ERROR"
        os.environ.pop("REDIS_URL", None)
        if chosen.postgres:
            os.environ["DATABASE_URL"] = stack.enter_context(servers.postgres(durable=True)).database("bench")
        else:
            os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'bench.sqlite3'}"
        market = stack.enter_context(servers.marketplace(folder / "marketplace"))

        import django
        from django.core.management import call_command

        warnings.filterwarnings("ignore", "No directory at")  # no collected static files here
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)

        from tests.bench import answers, crowd, delivery, marketplace, million, queue, sync, workers

        lines = []
        if chosen.only in (None, "sync"):
            lines += sync.measure(market, hits=chosen.hits, assignments=chosen.assignments, repeat=chosen.repeat)
        if chosen.only in (None, "queue", "search"):
            print(f"Writing {chosen.rows:,} assignments…", flush=True)
            account, reviewer = million.desk(chosen.rows)
            if chosen.only != "search":
                lines += queue.measure(account, reviewer, repeat=chosen.repeat)
            if chosen.only != "queue":
                lines += queue.searches(account, reviewer, repeat=chosen.repeat)
        if chosen.only in (None, "answers"):
            lines += answers.measure(repeat=chosen.repeat)
        if chosen.only in (None, "workers"):
            lines += workers.measure(people=chosen.people, repeat=chosen.repeat)
        if chosen.only in (None, "delivery"):
            lines += delivery.measure(market, count=chosen.commands, rows=chosen.job)
        if chosen.only in (None, "marketplace"):
            lines += marketplace.measure(folder)
        if chosen.only in (None, "crowd"):
            lines += crowd.measure(
                folder, workers=chosen.workers, seconds=chosen.seconds, postgres=bool(chosen.postgres)
            )
        show(lines)
        save(lines, vars(chosen))

        from django.db import connections

        connections.close_all()
        close_pool = getattr(connections["default"], "close_pool", None)
        if close_pool:
            close_pool()


def show(lines: list[dict]) -> None:
    width = max(len(line["name"]) for line in lines)
    print()
    for line in lines:
        ratio = f"   {line['ratio']:6.2f} x {line['beside']}" if "ratio" in line else ""
        asked = f"   asked: {line['asked']}" if "asked" in line else ""
        print(f"{line['name']:{width}}  {line['value']:>10,.1f} {line['unit']:<14}{ratio}{asked}".rstrip())
    print(f"\n{RESULT}")


def save(lines: list[dict], chosen: dict) -> None:
    RESULT.parent.mkdir(exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    result = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine,
        "options": chosen,
        "lines": lines,
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
