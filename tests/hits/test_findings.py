"""What rules found: released and dismissed by people, alone, in a table and as a job; pages and strangers' texts."""

import uuid
from decimal import Decimal

from django.urls import reverse

from dashboard import jobs
from dashboard.models import AuditEvent, Command, Job, JobState
from hits.models import Assignment, BatchFigures, Finding, Rule
from hits.rules import deciding
from tests.cast import Lab
from tests.hits.quality import (
    batch_of,
    client_of,
    count_queries,
    deliver,
    desk,
    good,
    hit_of,
    make_hit,
    make_rule,
    work,
)
from workers.actions import pay_bonus
from workers.models import SoftBlock

__all__ = ["desk"]


def test_all_of_a_rule_are_released_as_one_job_that_leaves_out_what_is_contradicted(desk: Lab) -> None:
    pay = make_rule(desk, "attention", "approve", when_passed=True, reason="", field="check", accepted=["blue"])
    make_rule(desk, "empty", fields=["why"])
    hit = hit_of(desk)
    ids = [desk.answer(hit, **good) for _ in range(3)]
    torn = desk.answer(hit, **{**good, "why": ""})
    work(desk)
    client = client_of(desk)
    url = reverse("rule_release", args=["lab", pay.pk])
    page = client.get(url).content.decode()
    assert "Another rule proposes to reject it." in page
    assert "Approve 3 for $0.36" in page
    key = str(uuid.uuid4())
    for _ in range(2):
        client.post(url, {"form_key": key})
    job = Job.objects.get()
    jobs.prepare(job.pk)
    assert Finding.objects.filter(rule=pay, state="released", command__job=job).count() == 3
    jobs.cancel(job, by=desk.people["reviewer"])
    jobs.free_rest(job.pk)
    assert Finding.objects.proposed().filter(rule=pay).count() == 4, "cancelled before it was sent: proposed again"
    client.post(url, {"form_key": str(uuid.uuid4())})
    job = jobs.ask(
        "release_approve", account=desk.account, by=desk.people["reviewer"], selection={"rule": pay.pk}, options={}
    )
    jobs.prepare(job.pk)
    deliver(desk)
    assert [desk.paid(one) for one in [*ids, torn]] == [["0.10"]] * 3 + [[]]
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_pages_cost_the_same_for_one_as_for_three_and_show_what_they_should(desk: Lab) -> None:
    rule = make_rule(desk, "attention", field="check", accepted=["blue"])
    client, hit = client_of(desk), hit_of(desk)
    urls = {
        "rules": reverse("rules", args=["lab", batch_of(desk).pk]),
        "rule": reverse("rule", args=["lab", rule.pk]),
        "rule_past": reverse("rule_past", args=["lab", rule.pk]),
        "open_findings": reverse("open_findings", args=["lab"]),
    }
    client.get("/healthz")
    costs: list[dict[str, int]] = []
    ids: list[str] = []
    for more in (1, 2):
        ids += [desk.answer(hit, **{**good, "check": "red"}) for _ in range(more)]
        work(desk)
        urls["findings"] = reverse("findings", args=["lab", ids[-1]])
        costs.append({name: count_queries(lambda url=url: client.get(url)) for name, url in urls.items()})
        make_rule(desk, "attention", field="mood", accepted=[f"x{more}"])
    assert {name: costs[1][name] - costs[0][name] for name in urls} == dict.fromkeys(urls, 0)
    assert max(costs[1].values()) <= 16
    pages = {name: client.get(url).content.decode() for name, url in urls.items()}
    for name in ("rule", "rule_past", "open_findings", "findings"):
        assert "Says “red” in check, where it should be “blue”." in pages[name], name
    assert "Reject</strong> where check is not “blue”" in pages["rules"]


def test_releasing_and_dismissing_beside_an_answer_and_in_a_table(desk: Lab) -> None:
    make_rule(desk, "attention", field="check", accepted=["blue"])
    ids = [desk.answer(hit_of(desk), **{**good, "check": "red"}) for _ in range(3)]
    work(desk)
    by_id = dict(Finding.objects.values_list("assignment__assignment_id", "pk"))
    url = reverse("findings", args=["lab", ids[0]])
    wish = {"action": "release", "finding": by_id[ids[0]]}
    viewer = client_of(desk, "viewer").post(url, wish, headers={"HX-Request": "true"})
    assert "need to be a reviewer" in viewer.content.decode()
    client = client_of(desk)
    assert client.post(url, {"action": "release", "finding": by_id[ids[1]]}).status_code == 404, "of another answer"
    done = client.post(url, wish, headers={"HX-Request": "true"})
    assert done["HX-Refresh"] == "true"
    assert "Released by reviewer-lab" in done.content.decode()
    together, ticked = reverse("findings_decide", args=["lab"]), [by_id[one] for one in ids]
    ahead = client.post(together, {"action": "release", "finding": ticked}).content.decode()
    assert "Release 2" in ahead
    assert "was first: asked to reject this" in ahead or "It is released already." in ahead
    assert Command.objects.count() == 1, "a look ahead does nothing"
    client.post(together, {"action": "dismiss", "finding": ticked[1:2], "confirm": "1"})
    client.post(together, {"action": "release", "finding": ticked, "confirm": "1", "query": "state=all\r\nX: y"})
    deliver(desk)
    assert [desk.remote_status(one) for one in ids] == ["Rejected", "Submitted", "Rejected"]
    states = [Finding.objects.get(pk=by_id[one]).state for one in ids]
    assert states == ["released", "dismissed", "released"]


def test_what_strangers_write_stays_text_and_bad_forms_keep_what_was_typed(desk: Lab) -> None:
    attack = "<script>alert(1)</script>\u202e{{ 7 }}"
    make_rule(desk, "attention", reason=attack, field="check", accepted=[attack])
    answer = desk.answer(hit_of(desk), **{**good, "check": attack + "!", "why": "=1+1" + attack})
    work(desk)
    client, slug = client_of(desk), "lab"
    batch = batch_of(desk).pk
    rule = Rule.objects.get().pk
    for url in (
        reverse("rules", args=[slug, batch]),
        reverse("rule", args=[slug, rule]),
        reverse("rule_past", args=[slug, rule]),
        reverse("open_findings", args=[slug]) + "?batch=9" * 3 + "&rule=x&state=<b>",
        reverse("findings", args=[slug, answer]),
        reverse("rule_release", args=[slug, rule]),
    ):
        page = client.get(url)
        assert page.status_code == 200, url
        assert "<script>alert" not in page.content.decode(), url
    assert "[U+202E]" in Finding.objects.get().evidence
    url = reverse("rule_new", args=[slug, batch, "code"])
    bad = client.post(url, {"field": "nowhere", "codes": "A\nB", "proposal": "reject", "when_passed": "False"})
    page = bad.content.decode()
    assert bad.status_code == 422
    assert "This batch has no field of this name." in page
    assert "Say why: the worker reads the reason." in page
    assert "A\nB</textarea>" in page
    slow = {"field": "code", "pattern": "(a+)+$", "proposal": "flag", "when_passed": "False"}
    assert client.post(url, slow).status_code == 302, "a pattern is no expression"
    made = Rule.objects.order_by("-pk")[0]
    assert (made.on, made.settings["pattern"]) == (False, "(a+)+$")
    assert client.get(reverse("rule_new", args=[slug, batch, "nothing"])).status_code == 404
    viewer = client_of(desk, "viewer")
    viewer.post(reverse("rule_switch", args=[slug, made.pk]), {"action": "on"})
    viewer.post(url, slow)
    made.refresh_from_db()
    assert (made.on, Rule.objects.count()) == (False, 2)


def test_all_bonuses_of_a_rule_are_one_job_and_all_its_soft_blocks_one_press(desk: Lab) -> None:
    thank = make_rule(
        desk, "attention", "bonus", when_passed=True, amount=Decimal("0.25"), reason="Well done", field="check",
        accepted=["blue"],
    )  # fmt: skip
    shun = make_rule(desk, "empty", "soft_block", fields=["why"])
    hit, approver = hit_of(desk), desk.people["approver"]
    ids = [desk.answer(hit, **good) for _ in range(3)]
    for _ in range(2):
        desk.answer(hit, **{**good, "check": "red", "why": ""})
    work(desk)
    had = Assignment.objects.select_related("account", "hit").get(assignment_id=ids[0])
    pay_bonus(assignment=had, by=approver, amount=Decimal("1.00"), reason="By hand")
    client, viewer = client_of(desk, "approver"), client_of(desk, "viewer")
    listed = client.get(reverse("open_findings", args=["lab"])).content.decode()
    assert f"?rule={thank.pk}" in listed
    assert f"?rule={shun.pk}" in listed
    url = reverse("rule_release", args=["lab", thank.pk])
    page = client.get(url).content.decode()
    assert "Pay 2 bonuses for $0.60" in page
    assert "It has had a bonus already." in page
    viewer.post(url, {"form_key": uuid.uuid4()})
    assert not Job.objects.exists()
    client.post(url, {"form_key": uuid.uuid4()})
    jobs.prepare(Job.objects.get().pk)
    found = Finding.objects.filter(rule=thank)
    assert list(found.order_by("pk").values_list("state", flat=True)) == ["proposed", "released", "released"]
    jobs.cancel(Job.objects.get(), by=approver)
    jobs.free_rest(Job.objects.get().pk)
    assert found.proposed().count() == 3, "cancelled before it was sent: proposed again"
    client.post(url, {"form_key": uuid.uuid4()})
    jobs.prepare(Job.objects.latest("created_at").pk)
    deliver(desk)
    assert [desk.paid(one, "bonus") for one in ids] == [["1.00"], ["0.25"], ["0.25"]]
    assert BatchFigures.objects.get(batch=batch_of(desk)).bonuses == Decimal("1.80"), "with a fifth as fees"
    assert "of it $1.80 bonuses" in client.get(reverse("batch", args=["lab", batch_of(desk).pk])).content.decode()

    url = reverse("rule_release", args=["lab", shun.pk])
    assert "Soft block 2 workers" in client.get(url).content.decode()
    viewer.post(url)
    assert not SoftBlock.objects.exists()
    last = Assignment.objects.latest("pk")
    own, last.worker_id = last.worker_id, "guest <7>"
    last.save(update_fields=["worker_id"])
    page = client.post(url, follow=True).content.decode()
    assert "done for 1 worker. Left out: 1, whose id is not one of MTurk" in page
    left = Finding.objects.proposed().get(rule=shun)
    assert (left.assignment, left.note) == (last, deciding.NO_WORKER)
    assert AuditEvent.objects.get(kind="rule.released_for_workers").data["left_out"] == ["guest <7>"]
    Assignment.objects.filter(pk=last.pk).update(worker_id=own)
    client.post(url)
    assert SoftBlock.objects.filter(batch=batch_of(desk), reason="Not done with care.").count() == 2
    assert set(Finding.objects.filter(rule=shun).values_list("state", "decided_by")) == {("released", approver.pk)}


def test_what_a_job_decided_is_found_by_who_asked_for_it_and_the_teams_texts_are_offered(desk: Lab) -> None:
    desk.answer(hit_of(desk), **good)
    work(desk)
    client, url = client_of(desk), reverse("job_new", args=["lab", "reject"])
    assert 'data-fills="#id_feedback" value="The answer is empty or incomplete."' in client.get(url).content.decode()
    client.post(url, {"query": "status=waiting", "feedback": "No.", "form_key": uuid.uuid4()})
    jobs.prepare(Job.objects.get().pk)
    deliver(desk)
    mine = reverse("queue", args=["lab"]) + "?status=all&reviewer="
    answer = Assignment.objects.get()
    assert answer.status == "Rejected"
    assert answer.worker_id in client.get(mine + "reviewer-lab").content.decode()
    assert answer.worker_id not in client.get(mine + "approver-lab").content.decode()


def test_a_soft_block_is_asked_of_whoever_keeps_workers(desk: Lab) -> None:
    rule = make_rule(desk, "attention", "soft_block", field="check", accepted=["blue"])
    for hit in (hit_of(desk), make_hit(desk)):
        desk.answer(hit, worker="ACARELESS00001", **{**good, "check": "red"})
    work(desk)
    for finding in Finding.objects.filter(rule=rule):
        assert deciding.release(finding, by=desk.people["reviewer"]) is None
    block = SoftBlock.objects.get()
    assert (block.worker_id, block.reason, block.batch) == ("ACARELESS00001", "Not done with care.", batch_of(desk))
    assert not Command.objects.exists()
    assert set(Finding.objects.values_list("state", "decided_by__username")) == {("released", "reviewer-lab")}
