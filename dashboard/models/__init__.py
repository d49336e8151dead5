"""Who may do what where, what was asked, what happened."""

from dashboard.models.commands import OPEN_STATES, STOPPED_JOBS, Command, CommandQuerySet, Job, JobState, State
from dashboard.models.heartbeats import Heartbeat
from dashboard.models.incoming import IncomingFile, IncomingPart
from dashboard.models.people import Account, Credentials, Environment, Membership, Role, User
from dashboard.models.records import AppendOnly, AuditEvent, AuditHead, Drift, SyncRun

__all__ = [
    "OPEN_STATES", "STOPPED_JOBS", "Account", "AppendOnly", "AuditEvent", "AuditHead", "Command", "CommandQuerySet",
    "Credentials", "Drift", "Environment", "Heartbeat", "IncomingFile", "IncomingPart", "Job", "JobState", "Membership",
    "Role", "State", "SyncRun", "User",
]  # fmt: skip
