"""The kinds of write that concern HITs and assignments."""

from hits.commands.verdicts import ApproveAssignment, OverrideRejection, RejectAssignment, Verdict, verdict_key

__all__ = ["ApproveAssignment", "OverrideRejection", "RejectAssignment", "Verdict", "verdict_key"]
