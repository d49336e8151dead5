"""Gold answers: what is known to be right for a field of a HIT, and how answers met it."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from dashboard import audit
from dashboard.models import Account, Role, User
from dashboard.permissions import Denied, check_role
from hits.answers.values import is_blank
from hits.models import HIT, Assignment, GoldAnswer, GoldChange, Rule
from hits.rules import evaluating, waking
from hits.rules.facts import scores
from hits.rules.reading import said

#: Assignments scored anew in one transaction.
CHUNK = 200
FEW = 10
LONGEST = 4_000
MOST_ACCEPTED = 50
DOING = "say what is right"


def score_fresh(account: Account, rows: list[Assignment]) -> None:
    """The digest's reader: how new answers met the gold of their HITs."""
    write_scores([row for row in rows if not row.counted])


def write_scores(rows: list[Assignment]) -> None:
    """Keep the percent of gold fields that each answer met; none where its HIT has no gold."""
    found = scores(rows)
    changed = []
    for row in rows:
        score = found[row.pk].percent if row.pk in found else None
        if row.gold_score != score:
            row.gold_score, row.fresh = score, True  # the figures of its worker count it, too
            changed.append(row)
    if changed:
        Assignment.objects.bulk_update(changed, ["gold_score", "fresh"], batch_size=CHUNK)


# --- what people say ------------------------------------------------------------------------------------------------


def tidy_accepted(values: Iterable[Any]) -> list[Any]:
    """Accepted values as they are kept: each once, none blank. Denied where nothing is left."""
    kept: list[Any] = []
    for value in values:
        value = value.strip() if isinstance(value, str) else value
        if not is_blank(value) and value not in kept:
            kept.append(value)
    if not kept:
        raise Denied("Say what is right: a gold answer cannot be blank.")
    if len(kept) > MOST_ACCEPTED:
        raise Denied(f"{MOST_ACCEPTED} values of one field are the most that can all be right.")
    if any(isinstance(value, str) and len(value) > LONGEST for value in kept):
        raise Denied(f"A gold answer has at most {LONGEST:,} characters.")
    return kept


def _changed(account: Account, hits: Iterable[int]) -> None:
    """Let a worker score these HITs' assignments anew. Every change is a new mark, so none is lost to one under way."""
    rows = [GoldChange(account=account, hit_id=hit, mark=uuid.uuid4(), cursor=0) for hit in sorted(set(hits))]
    GoldChange.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["hit"], update_fields=["mark", "cursor"], batch_size=500
    )
    waking.tell_a_worker(account)


#: (HIT's key, field) -> values any of which is right.
Found = dict[tuple[int, str], list[Any]]


def keep(account: Account, found: Found, by: User) -> None:
    """Write gold answers; what was there for the same fields is replaced."""
    for _, name in found:
        if not name.strip() or len(name) > 200:
            raise Denied("Name the field: one to 200 characters.")
    rows = [
        GoldAnswer(account=account, hit_id=hit, field=name, accepted=tidy_accepted(accepted), made_by=by)
        for (hit, name), accepted in found.items()
    ]
    GoldAnswer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["hit", "field"],
        update_fields=["accepted", "made_by"],
        batch_size=500,
    )
    _changed(account, [hit for hit, _ in found])


@transaction.atomic
def set_gold(*, hit: HIT, name: str, accepted: Iterable[Any], by: User) -> None:
    """Say what is right for one field of a HIT; what was said before is replaced."""
    check_role(by, hit.account, Role.REVIEWER, DOING)
    kept, name = tidy_accepted(accepted), name.strip()
    keep(hit.account, {(hit.pk, name): kept}, by)
    audit.record("gold.set", account=hit.account, by=by, subject=hit.hit_id, text=name, data={"accepted": kept})


@transaction.atomic
def remove_gold(gold: GoldAnswer, *, by: User) -> None:
    account, hit = gold.account, gold.hit
    check_role(by, account, Role.REVIEWER, DOING)
    gold.delete()
    _changed(account, [hit.pk])
    audit.record("gold.removed", account=account, by=by, subject=hit.hit_id, text=gold.field)


@transaction.atomic
def mark_gold(*, assignment: Assignment, names: Sequence[str], by: User) -> list[str]:
    """Take an answer's own values as gold for its HIT; all that it says where no field is named. The fields taken."""
    check_role(by, assignment.account, Role.REVIEWER, DOING)
    answer = said(assignment)
    wanted = [name for name in (names or answer) if not is_blank(answer.get(name))]
    if not wanted:
        raise Denied("There is nothing in these fields that could be right.")
    hit = assignment.hit
    keep(assignment.account, {(hit.pk, name): [answer[name]] for name in wanted}, by)
    data, words = {"fields": wanted, "from": assignment.assignment_id}, ", ".join(wanted)[:500]
    audit.record("gold.set", account=assignment.account, by=by, subject=hit.hit_id, text=words, data=data)
    return wanted


@transaction.atomic
def unmark_gold(*, assignment: Assignment, names: Sequence[str], by: User) -> int:
    """Forget the gold of these fields of an answer's HIT; of all where none is named."""
    rows = GoldAnswer.objects.filter(account=assignment.account, hit=assignment.hit).select_related("hit", "account")
    gone = list(rows.filter(field__in=names) if names else rows)
    for gold in gone:
        remove_gold(gold, by=by)
    return len(gone)


# --- scoring anew ---------------------------------------------------------------------------------------------------


@transaction.atomic
def rescore_some(account: Account) -> bool:
    """Score one chunk of the assignments whose gold changed, and let the rules about gold look at them again.

    False: nothing is left. What is done and how far is one transaction, so nothing is skipped whoever dies.
    """
    waiting = GoldChange.objects.filter(account=account).order_by("pk")
    # HITs with few answers each are scored together; of one with thousands, a part.
    changes = list(waiting.filter(hit__max_assignments__lte=FEW)[: CHUNK // FEW]) or list(waiting[:1])
    if not changes:
        return False
    after = min(change.cursor for change in changes)
    rows = list(
        Assignment.objects.filter(hit__in=[change.hit_id for change in changes], pk__gt=after)
        .select_for_update(of=("self",))
        .select_related("hit", "hit__hit_type")
        .defer("raw", "hit__raw")
        .order_by("pk")[: CHUNK + 1]
    )
    more, rows = len(rows) > CHUNK, rows[:CHUNK]
    write_scores(rows)
    rules = list(Rule.objects.looking().filter(batch__in={row.batch_id for row in rows}, look=Rule.Look.GOLD))
    if rules:
        evaluating.write(account, evaluating.judged(rules, rows))
    for change in changes:
        same = GoldChange.objects.filter(pk=change.pk, mark=change.mark)  # changed meanwhile: it begins anew by itself
        if more:
            same.update(cursor=rows[-1].pk)
        else:
            same.delete()
    return True
