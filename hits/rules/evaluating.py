"""Rules look at answers: at each new one as the digest shows it, and at all again where facts around them changed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.utils import timezone

from dashboard.models import Account
from hits.models import Assignment, AssignmentStatus, Finding, Flag, Rule
from hits.rules import texts
from hits.rules.facts import collect, making_majority
from hits.rules.looks import Seen, holds, judge

#: A finding whose condition no longer holds says so, and stands again should it hold once more.
NO_LONGER = "It no longer holds."
DECIDED = "The answer was decided without it."
VERDICTS = (Rule.Proposal.APPROVE, Rule.Proposal.REJECT)

Judged = list[tuple[Rule, Assignment, Seen | None]]


def read(account: Account, rows: list[Assignment]) -> None:
    """The digest's reader: judge what is new by the rules that are on, and close proposals that a verdict overtook."""
    batches = {row.batch_id for row in rows}
    new = [row for row in rows if not row.counted]
    if new and (codes := texts.watched(batches)):
        texts.write(new, codes)
    overtake([row for row in rows if row.status != AssignmentStatus.SUBMITTED and row.counted != row.status])
    rules = list(Rule.objects.looking().filter(account=account, batch__in=batches))
    if rules:
        write(account, judged(rules, with_neighbours(rules, rows)))


def with_neighbours(rules: Iterable[Rule], rows: list[Assignment]) -> list[Assignment]:
    """These rows, and where a rule counts what most said, those who answered the same HITs before: one more answer may
    have made a majority, or ended one."""
    batches = {rule.batch_id for rule in rules if rule.look == Rule.Look.PLURALITY}
    hits = {row.hit_id: row.hit for row in rows if row.batch_id in batches}
    if not hits:
        return rows
    known = {row.pk for row in rows}
    making = making_majority(hits)
    changed = {row.hit_id for row in making if row.pk in known}  # one behind the first ones changes no majority
    waiting = [row for row in making if row.status == AssignmentStatus.SUBMITTED and row.hit_id in changed]
    return rows + [row for row in waiting if row.pk not in known]


def judged(rules: Sequence[Rule], rows: list[Assignment], *, decided: bool = False) -> Judged:
    """What each rule sees in each row of its batch; of decided rows only where asked. Reads, and writes nothing."""
    if not decided:
        rows = [row for row in rows if row.status == AssignmentStatus.SUBMITTED and row.gone_at is None]
    facts = collect(rules, rows) if rows else None
    if facts is None:
        return []
    by_batch: dict[int, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_batch[rule.batch_id].append(rule)
    return [(rule, row, judge(rule, row, facts)) for row in rows for rule in by_batch.get(row.batch_id, [])]


def write(account: Account, seen: Judged) -> int:
    """One finding for each rule that holds for an assignment; how many are new. The same again changes nothing."""
    if not seen:
        return 0
    known = {
        (finding.rule_id, finding.assignment_id): finding
        for finding in Finding.objects.filter(
            rule__in={rule.pk for rule, _, _ in seen}, assignment__in={row.pk for _, row, _ in seen}
        )
    }
    now = timezone.now()
    new: list[Finding] = []
    changed: list[Finding] = []
    flags: list[Flag] = []
    for rule, row, what in seen:
        finding = known.get((rule.pk, row.pk))
        if what is None or not holds(rule, what):
            if finding is not None and finding.state == Finding.State.PROPOSED:
                finding.state, finding.note, finding.due = Finding.State.OVERTAKEN, NO_LONGER, False
                changed.append(finding)
        elif finding is None:
            made = Finding(
                account=account,
                rule=rule,
                assignment=row,
                evidence=what.evidence[:1000],
                beside_id=what.beside,
                found_at=now,
            )
            if rule.proposal == Rule.Proposal.FLAG:
                made.state, made.decided_at = Finding.State.RELEASED, now
                flags.append(Flag(account=account, assignment=row, reason=what.evidence[:200], rule=rule))
            else:
                made.due = rule.releases_itself
            new.append(made)
        elif finding.state == Finding.State.PROPOSED and finding.evidence != what.evidence:
            finding.evidence, finding.beside_id = what.evidence[:1000], what.beside
            changed.append(finding)
        elif finding.state == Finding.State.OVERTAKEN and finding.note == NO_LONGER:
            finding.state, finding.note = Finding.State.PROPOSED, ""
            finding.evidence, finding.beside_id, finding.due = what.evidence[:1000], what.beside, rule.releases_itself
            changed.append(finding)
    Finding.objects.bulk_create(new, ignore_conflicts=True, batch_size=200)
    if changed:
        Finding.objects.bulk_update(changed, ["state", "note", "due", "evidence", "beside"], batch_size=200)
    if flags:
        Flag.objects.bulk_create(flags, batch_size=200)
        Assignment.objects.filter(pk__in=[flag.assignment_id for flag in flags]).update(flagged=True)
    return len(new)


def overtake(rows: list[Assignment]) -> None:
    """These were decided: what rules proposed about their payment is no longer asked."""
    if rows:
        Finding.objects.proposed().filter(assignment__in=[row.pk for row in rows], rule__proposal__in=VERDICTS).update(
            state=Finding.State.OVERTAKEN, note=DECIDED, due=False
        )
