"""Pages that are not about one noun."""

from dashboard.views.account import overview, search, sync, sync_state
from dashboard.views.activity import activity, command_act
from dashboard.views.audit import audit_log
from dashboard.views.drift import differences, dismiss
from dashboard.views.jobs import job, job_act, job_new, job_outcome, jobs
from dashboard.views.people import accounts, healthz, home, profile, setup
from dashboard.views.settings import account_settings

__all__ = [
    "account_settings",
    "accounts",
    "activity",
    "audit_log",
    "command_act",
    "differences",
    "dismiss",
    "healthz",
    "home",
    "job",
    "job_act",
    "job_new",
    "job_outcome",
    "jobs",
    "overview",
    "profile",
    "search",
    "setup",
    "sync",
    "sync_state",
]  # fmt: skip
