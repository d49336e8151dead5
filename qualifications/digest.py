"""New and changed assignments, noted for panels: whose work it is will be looked at again (panel_upkeep)."""

from dashboard.models import Account
from hits.models import Assignment
from qualifications.actions.members import all_conditions
from qualifications.actions.slipped import mark_new
from qualifications.conditions import asks
from qualifications.models import Panel, PanelDue

#: Of a HIT that more workers do, what one says changes the agreement of the others by next to nothing.
FEW = 50


def read(account: Account, rows: list[Assignment]) -> None:
    """Four statements, or seven where a HIT asks for a panel, whatever there was before."""
    panels = list(Panel.objects.of(account).watching().select_related("qualification_type"))
    if not panels:
        return
    workers = {row.worker_id for row in rows}
    if asks(all_conditions(panels), "agreement"):
        hits = {row.hit_id for row in rows if 1 < row.hit.max_assignments <= FEW}
        workers |= set(Assignment.objects.filter(hit__in=hits).order_by().values_list("worker_id", flat=True))
    PanelDue.objects.bulk_create(
        [PanelDue(account=account, worker_id=worker) for worker in sorted(workers)], ignore_conflicts=True
    )
    if new := [row for row in rows if not row.counted]:
        mark_new(panels, new)
