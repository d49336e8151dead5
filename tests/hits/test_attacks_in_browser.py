"""What workers, files, tasks and colleagues write, on every page that shows it: text, in a real browser."""

import io
import json
from html import escape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from dashboard.tasks import digest
from hits import actions
from hits.actions import second_reviews
from hits.files import begin_marked
from hits.models import (
    Assignment,
    Batch,
    Finding,
    Flag,
    GoldAnswer,
    HITInput,
    ReasonTemplate,
    Rule,
    SavedView,
    UploadRow,
)
from tests.cast import Lab, make_lab, read_files
from workers.models import Message, SoftBlock, Worker, WorkerBlock, WorkerNote, WorkerTag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SRC = "https://evil.example/"
#: Ends whatever it may stand in, then tries to run, to load and to lead away. Short, since some columns are.
MARKUP = f"</title></textarea></script><script>top.ran=1</script><img src={SRC}i onerror=top.ran=2>{{{{7*7}}}}"
QUOTES = f"\"' onfocus=top.ran=3 autofocus style='background:url({SRC}b)' x=\"><svg/onload=top.ran=4>"
ADDRESS = "javascript:top.ran=5//https://a.example/"
ALL = f"{MARKUP} {QUOTES} {ADDRESS} \u202egnp.exe"
TASK = f"""<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><body><form name="mturk_form" method="post" action="externalSubmit">
<input type="hidden" name="assignmentId"><label>Total <input name="total"></label>
<select name="kind"><option value="a">{escape(MARKUP)}</option></select><textarea name="why"></textarea>
</form></body></html>]]></HTMLContent><FrameHeight>300</FrameHeight></HTMLQuestion>"""


def fill(lab: Lab) -> dict[str, Any]:
    """The same attack in everything that a stranger, a task, a file or a colleague fills in; gives what to look at."""
    by, account = lab.people["manager"], lab.account
    hit = lab.hit(MaxAssignments=6, Question=TASK, Title=ALL.replace("\u202e", "")[:128], Keywords="a, b")
    drawing = {"boundingBoxes": [{"label": ALL, "left": 1, "top": 1, "width": 5, "height": 5}], "src": ADDRESS}
    spans = {"entities": [{"label": ALL, "startOffset": 0, "endOffset": 3}]}
    ids = [
        lab.answer(hit, "AEVIL00000001", total=ALL, kind=ADDRESS, why=QUOTES, **{ALL[:200]: MARKUP}),
        lab.answer(hit, "AEVIL00000002", total=MARKUP, kind="a", why=ADDRESS),
        lab.answer(hit, "AEVIL00000003", taskAnswers=json.dumps([{"w": drawing, ALL: {ALL: True}, "t": spans}])),
        lab.answer(hit, "AEVIL00000004", total=MARKUP, kind="a", why=QUOTES),
    ]
    lab.mturk.approve_assignment(AssignmentId=ids[3], RequesterFeedback=MARKUP)
    lab.sync()
    digest(account.pk)
    rows = {row.assignment_id: row for row in Assignment.objects.select_related("account", "hit")}
    first = rows[ids[0]]
    Batch.objects.update(name=ALL[:200])
    batch = Batch.objects.get()
    HITInput.objects.create(hit=first.hit, values={"other": ALL, ALL[:80]: ADDRESS})
    ReasonTemplate.objects.bulk_create(
        ReasonTemplate(account=account, use=use, title=QUOTES[:80], text=f"{ALL} {{fields}} {{title}} {{batch}}")
        for use in ReasonTemplate.Use.values
    )
    SavedView.objects.create(account=account, name=ALL[:60], query=urlencode({"text": ALL}), made_by=by)
    GoldAnswer.objects.create(account=account, hit=first.hit, field="total", accepted=[ALL], made_by=by)
    rule = Rule.objects.create(
        account=account, batch=batch, look="attention", settings={"field": ALL, "accepted": [ALL]}, proposal="reject",
        reason=ALL, made_by=by, on=True,
    )  # fmt: skip
    Finding.objects.create(account=account, rule=rule, assignment=first, evidence=ALL, note=MARKUP, beside=rows[ids[1]])
    Flag.objects.create(account=account, assignment=first, reason=ALL[:200], made_by=by)
    actions.judge(assignment=first, by=by, verdict="corrected", typed={"total": QUOTES})
    second_reviews.ask(batch=batch, by=by, number=1)
    worker = Worker.objects.get(worker_id=first.worker_id)
    WorkerNote.objects.create(account=account, worker_id=worker.worker_id, text=ALL, made_by=by)
    WorkerTag.objects.create(account=account, worker=worker, name=QUOTES[:40], made_by=by)
    SoftBlock.objects.create(account=account, worker_id=worker.worker_id, reason=ALL, made_by=by)
    WorkerBlock.objects.create(account=account, worker_id=worker.worker_id, reason=ALL, blocked_at=batch.created_at)
    Message.objects.create(account=account, subject=MARKUP, text=ALL, made_by=by)
    cells = f'AssignmentId,Approve,Reject,WorkerId\n{ids[0]},,"{ALL.replace(chr(34), chr(34) * 2)}",\n"<b>",x,,<i>\n'
    upload = begin_marked(account=account, by=by, name=f"{MARKUP}.csv", file=io.BytesIO(cells.encode()))
    read_files()
    UploadRow.objects.filter(number=3).update(why=ALL, assignment_name=MARKUP[:64], worker_name=MARKUP[:64])
    return {"hit": hit, "ids": ids, "batch": batch.pk, "rule": rule.pk, "upload": upload.pk}


def test_whatever_anybody_writes_is_text_on_every_page_that_shows_it(
    transactional_db: None, marketplace_server: Any, live_server: Any, page: Any
) -> None:
    lab = make_lab(marketplace_server, undo_seconds=60)
    there = fill(lab)
    slug, (one, _, drawn, _) = lab.account.slug, there["ids"]
    client = Client()
    client.force_login(lab.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    problems: list[str] = []
    page.on("dialog", lambda dialog: (problems.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda asked: problems.append(f"asked {asked.url}") if asked.url.startswith(SRC) else None)
    places = [
        ("queue", "?status=all"), ("queue", "?" + urlencode({"text": ALL, "field": QUOTES, "worker": MARKUP})),
        ("saved_views", ""), ("assignment", "?status=all", one), ("assignment", "?status=all", drawn),
        ("data_verdict", "", one), ("replay", "", one),
        ("compare", "", there["hit"]), ("hit", "", there["hit"]), ("batches", ""),
        ("batch", "", there["batch"]), ("rules", "", there["batch"]), ("rule", "", there["rule"]),
        ("gold", f"?hit={there['hit']}", there["batch"]), ("second_review", "", there["batch"]), ("open_findings", ""),
        ("rule_release", "", there["rule"]), ("reasons", ""), ("upload", "", there["upload"]), ("uploads", ""),
        ("job_new", "?" + urlencode({"text": ALL}), "reject"), ("worker", "", "AEVIL00000001"), ("workers", ""),
        ("messages", ""), ("message_new", "?ids=AEVIL00000004"), ("audit", ""),
    ]  # fmt: skip
    shown = 0
    for name, query, *args in places:
        answer = page.goto(live_server.url + reverse(name, args=[slug, *args]) + query)
        if answer.status >= 400:
            problems.append(f"{name}: {answer.status}")
        if name == "message_new":
            page.locator("#subject").fill(QUOTES)
            page.locator("#text").fill(f"{QUOTES} {ADDRESS} {{worker_id}} {{batch}}")
            page.get_by_role("button", name="Look at it").click()
            page.locator("#ahead").get_by_text("AEVIL00000004").first.wait_for()
        found = page.evaluate(
            """() => {
              for (const each of document.querySelectorAll("details")) each.open = true;
              const bad = [...document.querySelectorAll("*")].filter((element) =>
                [...element.attributes].some((own) =>
                  /^(on|autofocus)/i.test(own.name) ||
                  (own.name === "style" && element.localName !== "canvas") ||  // those are Chart.js's
                  /^\\s*(javascript|data:text)/i.test(own.value) &&
                  /^(href|src|action|formaction|hx-)/i.test(own.name)) ||
                element.localName === "script" && !element.src && element.type !== "application/json");
              return {bad: bad.map((element) => element.outerHTML.slice(0, 200)), ran: window.ran,
                      says: document.body.innerText.includes("top.ran=1")};
            }"""
        )
        problems += [f"{name}: {each}" for each in found["bad"]] + ([f"{name} ran"] if found["ran"] else [])
        problems += [f"{name}: a template ran"] if "49</" in page.content() else []
        shown += found["says"]
        if name == "replay":
            page.frame_locator("iframe").locator("[name=total]").wait_for()
    assert not problems, "\n".join(problems)
    assert shown > len(places) * 2 // 3, "the attacks were on the pages"
