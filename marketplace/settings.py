"""Settings of the marketplace, a Django project of its own: own URLs, own database, own process.

Environment: MARKETPLACE_DATABASE_URL (else SQLite in `--data` or HITDESK_DATA), MARKETPLACE_SECRET_KEY (else kept in
the data folder), MARKETPLACE_STRICT, MARKETPLACE_URL (public origin, for links and turkSubmitTo).
"""

import sys
import warnings
from pathlib import Path

import environ

from marketplace import datadir

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = datadir.chosen(sys.argv, env.str("HITDESK_DATA", default="") or str(BASE_DIR / "var"))

DEBUG = False
SECRET_KEY = env.str("MARKETPLACE_SECRET_KEY", default="") or datadir.secret_key(DATA_DIR)

# It answers to any name: clients keep sending `Host: mturk-requester-sandbox.us-east-1.amazonaws.com` when only their
# connection was pointed here, and nothing below builds a link or takes a decision from the Host header (MARKETPLACE_URL
# is the origin for links; the control paths check Host themselves).
ALLOWED_HOSTS = ["*"]

STRICT = env.bool("MARKETPLACE_STRICT", default=False)  # verify signatures; `--strict` sets it too
CONTROL = False  # only `manage.py marketplace --control` turns the control paths on: their state is one process's
PUBLIC_URL = env.str("MARKETPLACE_URL", default="").rstrip("/")
CHECK_OUTPUT = env.bool("MARKETPLACE_CHECK_OUTPUT", default=False)  # a member unknown to the model is an error

MAX_API_BODY = 1024 * 1024  # bytes; the largest honest request is a Question of 65,535 bytes, escaped
MAX_BODY = 32 * 1024 * 1024  # bytes; recorded answers handed in through the control paths can be large
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY

INSTALLED_APPS = ["marketplace"]
MIDDLEWARE = [
    "marketplace.protocol.api_first",
    "django.middleware.common.CommonMiddleware",  # Content-Length, without which every answer closes its connection
]
ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
APPEND_SLASH = False
TEMPLATES: list[dict] = []

_database: dict = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "marketplace.sqlite3")}
if env.str("MARKETPLACE_DATABASE_URL", default=""):
    try:
        with warnings.catch_warnings(action="ignore"):  # an unknown engine is told below
            _database = env.db_url("MARKETPLACE_DATABASE_URL")
    except Exception as error:
        raise SystemExit(f"MARKETPLACE_DATABASE_URL is not a database address: {error}") from None
    if not _database.get("ENGINE", "").endswith(("sqlite3", "postgresql")):
        raise SystemExit("MARKETPLACE_DATABASE_URL must begin with postgres:// or sqlite://")
DATABASES = {"default": _database}

if _database["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: a transaction that reads and then writes would otherwise fail at once, whatever the timeout, when
    # another one wrote in between. FULL: what was answered survives a power cut, as money must.
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
    _database["CONN_MAX_AGE"] = None  # opening costs more than a query; a connection lives as long as its thread
else:
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        "pool": {"min_size": 2, "max_size": env.int("MARKETPLACE_POOL", default=24), "timeout": 20},
    }
    _database["CONN_HEALTH_CHECKS"] = True

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en-us"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Faults answer 500 on purpose; only an exception is news, and it is told with its traceback.
    "filters": {"exceptions": {"()": "django.utils.log.CallbackFilter", "callback": lambda record: record.exc_info}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "marketplace": {"level": "INFO"},
        "django.request": {"level": "ERROR", "filters": ["exceptions"]},
        "waitress.queue": {"level": "ERROR"},  # 64 threads being busy is normal under load
    },
}
