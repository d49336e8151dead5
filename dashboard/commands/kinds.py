"""What a kind of command is: which operation, what an answer means, what changes in the mirror."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone

from dashboard import mturk
from dashboard.models import Command, State

#: MTurk forgets an idempotency token after 24 hours; an hour is left for clocks that disagree, or are put right.
CLOCKS_APART = timedelta(hours=1)
TOKEN_LIFE = timedelta(hours=24) - CLOCKS_APART


@dataclass(frozen=True)
class Outcome:
    """What is known after a call or a question; `state` says where the command goes."""

    state: State
    response: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    message: str = ""
    request_id: str = ""
    #: Nothing of this account will succeed until somebody repairs it.
    refused: bool = False
    #: This call changed nothing at MTurk, for certain.
    untouched: bool = False
    #: MTurk wants fewer calls a second.
    throttled: bool = False


class Kind:
    """One kind of write. Subclasses are found by `name`; `send` and `ask` run in pool threads without a database."""

    name: ClassVar[str]
    operation: ClassVar[str]
    #: What the person did, for pages and the audit: "approve", "pay a bonus for".
    verb: ClassVar[str]
    takes_token: ClassVar[bool] = False
    #: Sending it twice does no harm: a token, or MTurk's own state check, stops the second.
    repeatable: ClassVar[bool] = True
    #: Names of kinds: an older open command of one of these about the same assignment goes first.
    waits_for: ClassVar[tuple[str, ...]] = ()

    def already_done(self, error: mturk.MTurkError) -> bool:
        """Whether an error may mean that it was done before; then `ask` decides. Closed list, never a guess."""
        return False

    def send(self, command: Command) -> tuple[dict[str, Any], str]:
        params = dict(command.params)
        if self.takes_token:
            params["UniqueRequestToken"] = str(command.pk)
        return mturk.call(command.account, self.operation, params, write=True)

    def ask(self, command: Command) -> Outcome:
        """Ask MTurk whether it happened: DONE, QUEUED (it did not), FAILED (it cannot any more), ATTENTION."""
        raise NotImplementedError

    def settle(self, command: Command) -> None:
        """Change the mirror; runs in the settling transaction."""

    def settle_many(self, commands: list[Command]) -> None:
        """`settle` for many of one account at once; a kind that comes in thousands says it in fewer statements."""
        for command in commands:
            self.settle(command)

    def give_up(self, command: Command) -> None:
        """Undo in the mirror what asking did; runs when a command ends without effect."""

    def subject(self, command: Command) -> str:
        return command.assignment_id or command.worker_id or command.hit_id


def token_holds(command: Command) -> bool:
    """Whether MTurk surely knows the token of this command's first call, so that sending it again is harmless.

    A call from far in the future tells of a clock that was moved back: how long ago it was, nobody knows.
    """
    if command.first_sent_at is None:
        return True
    return -CLOCKS_APART <= timezone.now() - command.first_sent_at <= TOKEN_LIFE


_kinds: dict[str, Kind] = {}


def register(kind: type[Kind]) -> type[Kind]:
    """Class decorator: make a Kind known by its name."""
    if kind.name in _kinds:
        raise ValueError(f"two kinds of command are called {kind.name}")
    _kinds[kind.name] = kind()
    return kind


def kind_of(command: Command) -> Kind:
    return _kinds[command.kind]


def kind_named(name: str) -> type[Kind]:
    """The kind of that name, for apps that may not import the one it belongs to."""
    return type(_kinds[name])


def others_wait_for(command: Command) -> bool:
    """Whether any kind waits for this one."""
    return any(command.kind in kind.waits_for for kind in _kinds.values())
