"""A message to many: words filled in for each worker, and one call for every hundred who get the same."""

import uuid
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from dashboard.jobs import Bulk, DryRun, Wish, register
from dashboard.models import Account, Command, Job, Role
from workers import text
from workers.actions.messages import BULK, check_length, check_words, values_for
from workers.commands import MOST_AT_ONCE, NotifyWorkers
from workers.models import Message, MessageRecipient, Worker, WorkerBatch

NEVER_DECIDED = "Nothing of theirs was approved or rejected here, and MTurk writes to nobody else."
HAD_IT = "They were sent these very words before. Change a word if they are to get them again."
_NOT_REACHED = (
    MessageRecipient.Outcome.REFUSED,
    MessageRecipient.Outcome.SOFT,
    MessageRecipient.Outcome.HARD,
)


@register
class BulkMessage(Bulk):
    name = BULK
    kind = NotifyWorkers
    words = "Send a message to"
    about = "workers"
    role = Role.REVIEWER
    options: ClassVar[tuple[str, ...]] = ()

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Worker]:
        return Worker.objects.of(account).selected(selection)

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        refused = [(Q(decided=0), NEVER_DECIDED)]
        # Few messages say the same. Looked up first: going through all that each worker was ever sent takes ten times
        # as long.
        same = Message.objects.filter(subject=options.get("subject", ""), text=options.get("text", ""))
        if keys := list(same.values_list("pk", flat=True)):
            had = MessageRecipient.objects.filter(
                account=OuterRef("account"), worker_id=OuterRef("worker_id"), message__in=keys
            ).exclude(outcome__in=_NOT_REACHED)
            refused.append((Q(Exists(had)), HAD_IT))
        return refused

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        subject, words = check_words(str(options.get("subject", "")), str(options.get("text", "")))
        return {**options, "subject": subject, "text": words}

    def for_work(self, rows: QuerySet[Worker]) -> QuerySet[Worker]:
        latest = WorkerBatch.objects.filter(worker=OuterRef("pk")).order_by("-last_at").values("batch__name")[:1]
        return rows.select_related("account").annotate(latest_batch=Subquery(latest))

    def dry_run(self, account: Account, rows: QuerySet[Worker], options: dict[str, Any]) -> DryRun:
        count = rows.order_by().count()
        return DryRun(count=count, workers=count)

    def weigh(self, row: Any, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        subject, words = letter(row, options)
        check_length(subject, words)
        return Wish(params={"Subject": subject, "MessageText": words, "WorkerIds": [row.worker_id]})

    def together(
        self, made: list[tuple[Any, uuid.UUID]], wishes: list[tuple[uuid.UUID, Wish]]
    ) -> tuple[list[tuple[Any, uuid.UUID]], list[tuple[uuid.UUID, Wish]]]:
        """Up to a hundred workers with the same words share a call."""
        alike: dict[tuple[str, str], list[tuple[Any, uuid.UUID]]] = {}
        for (row, identity), (_, wish) in zip(made, wishes, strict=True):
            alike.setdefault((wish.params["Subject"], wish.params["MessageText"]), []).append((row, identity))
        shared: list[tuple[Any, uuid.UUID]] = []
        calls: list[tuple[uuid.UUID, Wish]] = []
        for (subject, words), people in alike.items():
            for start in range(0, len(people), MOST_AT_ONCE):
                some = people[start : start + MOST_AT_ONCE]
                identity, ids = some[0][1], [row.worker_id for row, _ in some]
                params = {"Subject": subject, "MessageText": words, "WorkerIds": ids}
                calls.append((identity, Wish(params=params, worker_id=ids[0] if len(ids) == 1 else "")))
                shared += [(row, identity) for row, _ in some]
        return shared, calls

    def title(self, job: Job) -> str:
        return job.title  # of workers; its calls are fewer

    def mark(self, made: list[tuple[Any, uuid.UUID]]) -> None:
        if not made:
            return
        job = Command.objects.select_related("job").get(pk=made[0][1]).job
        assert job is not None
        message = Message.objects.get(job=job)
        MessageRecipient.objects.bulk_create(
            [
                MessageRecipient(
                    account_id=job.account_id, message=message, worker_id=row.worker_id, command_id=identity
                )
                for row, identity in made
            ],
            batch_size=500,
        )

    def unmark(self, cancelled: QuerySet[Command]) -> None:
        MessageRecipient.objects.filter(command__in=cancelled).update(
            outcome=MessageRecipient.Outcome.REFUSED, why="The job was cancelled before it was sent."
        )


def letter(worker: Worker, options: dict[str, Any]) -> tuple[str, str]:
    """Subject and text as this worker gets them."""
    values = values_for(worker, account=worker.account, batch=options.get("batch", ""))
    # A batch's name comes from elsewhere; in a subject it is one line, and too long a one has its end.
    one_line = {name: " ".join(value.split())[:120] for name, value in values.items()}
    return text.filled(options["subject"], one_line), text.filled(options["text"], values)
