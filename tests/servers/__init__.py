"""Real servers for tests: a marketplace, Redis, PostgreSQL and a Chromium, each found or said to be missing.

Everything runs as a child process on a free loopback port with its own folder, and ends with the test run even if that
run is killed. `Missing` carries the sentence a skipped test shows: what is lacking and how to get it.
"""

from tests.servers.browsers import CHROMIUM_OPTIONS, NO_CHROMIUM, chromium
from tests.servers.marketplaces import ControlRefused, Marketplace, marketplace
from tests.servers.network import NetworkUsed, loopback_only
from tests.servers.prepared import empty_database, prepare_in
from tests.servers.processes import MANAGE, ROOT, Broken, Missing, Server, end_with_parent, environment, free_port
from tests.servers.stores import Postgres, postgres, redis

__all__ = [
    "CHROMIUM_OPTIONS",
    "MANAGE",
    "NO_CHROMIUM",
    "ROOT",
    "Broken",
    "ControlRefused",
    "Marketplace",
    "Missing",
    "NetworkUsed",
    "Postgres",
    "Server",
    "chromium",
    "empty_database",
    "end_with_parent",
    "environment",
    "free_port",
    "loopback_only",
    "marketplace",
    "postgres",
    "prepare_in",
    "redis",
]
