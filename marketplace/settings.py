"""Settings of the marketplace, a Django project of its own: own URLs, own database, own process.

Environment: MARKETPLACE_DATABASE_URL (else SQLite in `--data` or HITDESK_DATA), MARKETPLACE_SECRET_KEY (else kept in
the data folder), MARKETPLACE_STRICT, MARKETPLACE_URL (public origin, for links and turkSubmitTo), MARKETPLACE_SIGNUP
(whether anybody may sign up as a worker), EMAIL_URL and DEFAULT_FROM_EMAIL.
"""

import contextlib
import sys
import warnings
from pathlib import Path

import environ
from csp.constants import NONE, SELF

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
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a form of a task can be long

INSTALLED_APPS = [
    "marketplace",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_countries",
]
MIDDLEWARE = [
    "marketplace.protocol.api_first",  # API calls are answered here and pass nothing of what follows
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",  # Content-Length, without which every answer closes its connection
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "marketplace.site.middleware.time_zone",
]
ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Both projects share the general templates (forms, icons, sign-in); the worker site's own come first.
        "DIRS": [BASE_DIR / "templates" / "marketplace", BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.site.context.shell",
            ],
        },
    },
]

# The dashboard may have the same host name and another port, which cookies do not see.
SESSION_COOKIE_NAME = "hitdesk_workers_session"
CSRF_COOKIE_NAME = "hitdesk_workers_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
if SESSION_COOKIE_SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "marketplace.pages.csrf_failed"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
OPEN_SIGNUP = env.bool("MARKETPLACE_SIGNUP", default=True)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = ACCOUNT_SIGNUP_REDIRECT_URL = "groups"
ACCOUNT_LOGOUT_REDIRECT_URL = "front"
ACCOUNT_ADAPTER = "marketplace.site.accounts.AccountAdapter"
ACCOUNT_FORMS = {"signup": "marketplace.site.accounts.SignupForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_USERNAME_MIN_LENGTH = 3
# A class of students comes from one address at one moment; guessing passwords is held up by name.
ACCOUNT_RATE_LIMITS = {"signup": "300/m/ip", "login": "300/m/ip", "login_failed": "60/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "HITdesk workers"
MFA_ALLOW_UNVERIFIED_EMAIL = True
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = EMAIL_CONFIG.get("EMAIL_TIMEOUT") or 20  # seconds; a silent mail server holds a page no longer
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="hitdesk@localhost")

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
with contextlib.suppress(OSError):  # a folder that cannot be used is told where it is needed
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
_collected = (STATIC_ROOT / "staticfiles.json").exists()  # by the dashboard's `collectstatic`, for both
WHITENOISE_USE_FINDERS = not _collected
if _collected:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:", "https:", "http://127.0.0.1:*", "http://localhost:*"],
        "media-src": [SELF, "https:", "http://127.0.0.1:*", "http://localhost:*"],
        # A requester's page stands in a frame: ours in an origin of its own, an ExternalQuestion from where it lives.
        "frame-src": [SELF, "https:", "http://127.0.0.1:*", "http://localhost:*"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

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
        "django.security": {"level": "ERROR"},
        "waitress.queue": {"level": "ERROR"},  # 64 threads being busy is normal under load
    },
}
