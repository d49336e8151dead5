"""Gold: what is known to be right, from a form, a file or beside an answer, and what that makes of every answer."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dashboard.models import AuditEvent
from dashboard.permissions import Denied
from dashboard.tasks import digest
from hits.models import HIT, Assignment, Finding, GoldAnswer, GoldChange, GoldUpload
from hits.rules import gold, gold_files, upkeep
from tests.cast import Lab, read_files
from tests.hits.quality import (
    batch_of,
    client_of,
    count_queries,
    desk,
    evidence,
    good,
    hit_of,
    make_hit,
    make_rule,
    work,
)

__all__ = ["desk"]


def scores(lab: Lab) -> dict[str, int | None]:
    return dict(Assignment.objects.of(lab.account).values_list("assignment_id", "gold_score"))


def say(lab: Lab, name: str, *accepted: Any, hit: str = "") -> None:
    row = HIT.objects.select_related("account").get(hit_id=hit or hit_of(lab))
    gold.set_gold(hit=row, name=name, accepted=accepted, by=lab.people["reviewer"])
    upkeep.look_back(lab.account)


def test_answers_are_scored_as_they_come_and_anew_when_gold_changes(desk: Lab) -> None:
    hit, other = hit_of(desk), make_hit(desk)
    before = desk.answer(hit, **good)
    elsewhere = desk.answer(other, **good)
    work(desk)
    assert scores(desk) == {before: None, elsewhere: None}
    rule = make_rule(desk, "gold", of="answer", percent=60, least=2)
    say(desk, "total", "12.4")
    say(desk, "mood", "bad", "awful")
    half = "Met 1 of 2 gold answers (50 %); mood is “good”, not “bad”."
    assert scores(desk) == {before: 50, elsewhere: None}
    assert evidence(rule) == {before: half}
    right = desk.answer(hit, **{**good, "mood": "awful"})
    work(desk)
    assert (scores(desk)[right], list(evidence(rule))) == (100, [before])
    say(desk, "mood", "good")
    assert (scores(desk)[before], scores(desk)[right]) == (100, 50)
    states = dict(Finding.objects.filter(rule=rule).values_list("assignment__assignment_id", "state"))
    assert states == {before: "overtaken", right: "proposed"}
    gold.unmark_gold(assignment=Assignment.objects.get(assignment_id=right), names=[], by=desk.people["reviewer"])
    upkeep.look_back(desk.account)
    assert set(scores(desk).values()) == {None}
    assert not GoldChange.objects.exists()
    with pytest.raises(Denied, match="cannot be blank"):
        say(desk, "mood", " ")
    assert not GoldAnswer.objects.exists()


def test_a_worker_is_judged_by_all_the_gold_of_a_batch(desk: Lab) -> None:
    hits = [hit_of(desk), make_hit(desk), make_hit(desk)]
    desk.sync()
    for hit in hits:
        say(desk, "mood", "good", hit=hit)
    bad = make_rule(desk, "gold", of="worker", percent=60, least=3)
    fine = make_rule(desk, "gold", "approve", when_passed=True, reason="", of="worker", percent=60, least=3)
    last = {}
    for hit, mood in zip(hits, ("good", "bad", "bad"), strict=True):
        last["lazy"] = desk.answer(hit, worker="ALAZY000000001", **{**good, "mood": mood})
        last["keen"] = desk.answer(hit, worker="AKEEN000000001", **good)
        work(desk)
    words = "This worker met 33 % of the gold answers in 3 tasks of the batch; 60 % are asked for."
    assert evidence(bad) == {last["lazy"]: words}
    assert list(evidence(fine)) == [last["keen"]]


def test_thousands_of_answers_to_one_hit_are_scored_in_chunks(desk: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gold, "CHUNK", 2)
    monkeypatch.setattr(gold, "FEW", 1)
    ids = [desk.answer(hit_of(desk), **good) for _ in range(5)]
    work(desk)
    row = HIT.objects.select_related("account").get(hit_id=hit_of(desk))
    gold.set_gold(hit=row, name="mood", accepted=["good"], by=desk.people["reviewer"])
    assert gold.rescore_some(desk.account)
    assert sorted(scores(desk).values(), key=str) == [100, 100, None, None, None]
    gold.set_gold(hit=row, name="mood", accepted=["bad"], by=desk.people["reviewer"])  # in the midst of it
    while gold.rescore_some(desk.account):
        pass
    assert scores(desk) == dict.fromkeys(ids, 0)


def test_marking_beside_an_answer(desk: Lab) -> None:
    answer = desk.answer(hit_of(desk), **good)
    other = desk.answer(hit_of(desk), **{**good, "total": "9"})
    work(desk)
    url = reverse("gold_mark", args=["lab", answer])
    assert (
        "need to be a reviewer" in client_of(desk, "viewer").post(url, headers={"HX-Request": "true"}).content.decode()
    )
    assert not GoldAnswer.objects.exists()
    client = client_of(desk)
    client.post(url, {"field": ["total", "nowhere"]})
    upkeep.look_back(desk.account)
    assert [(one.field, one.accepted) for one in GoldAnswer.objects.all()] == [("total", ["12.40"])]
    assert scores(desk) == {answer: 100, other: 0}
    page = client.post(url, headers={"HX-Request": "true"}).content.decode()
    assert GoldAnswer.objects.count() == 5, "with no field named, all that it says"
    assert page.count("met</span>") == 5
    beside = client.get(reverse("findings", args=["lab", other])).content.decode()
    assert "gold: 12.40" in beside
    client.post(url, {"action": "forget", "field": "total"})
    assert not GoldAnswer.objects.filter(field="total").exists()
    assert AuditEvent.objects.filter(kind__startswith="gold.", subject=hit_of(desk)).count() == 3


def test_a_file_is_read_by_a_worker_and_looked_at_row_by_row_before_it_changes_anything(
    desk: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    hit, other = hit_of(desk), desk.hit(RequesterAnnotation="BatchId:other;")
    answer = desk.answer(hit, **{**good, "why": "=1+1 <b>"})
    work(desk)
    client, url = client_of(desk), reverse("gold", args=["lab", batch_of(desk).pk])
    monkeypatch.setattr(gold_files, "CHUNK", 2)
    monkeypatch.setattr(gold_files, "AT_ONCE", 1)
    monkeypatch.setattr(gold_files, "MOST_ACCEPTED", 2)

    def upload(text: str) -> tuple[str, str]:
        file = SimpleUploadedFile("gold.csv", text.encode("utf-8-sig"))
        here = client.post(url, {"action": "upload", "file": file}).url
        before = client.get(here).content.decode()
        assert "Waiting to be read" in before
        assert "Take over" not in before
        read_files()
        return here, client.get(here).content.decode()

    here, page = upload(
        "HITId;Field;Answer\r\n"
        f"{hit.lower()};mood;good\r\n{hit};why;'=1+1 <b>\r\n{hit};mood;fine\r\n{hit};mood;well\r\n"
        f"{other};mood;good\r\nNOSUCH;mood;good\r\n{hit};moood;good\r\n{hit};total;\r\n;mood;x\r\n"
    )
    for sentence in (
        "This HIT belongs to another batch.",
        "There is no such HIT in this account.",
        "This batch has no such field; it has",
        "There is no answer in this row.",
        "The HITId is missing.",
        "More than 2 values of one field cannot all be right.",
        '<strong class="number">2</strong> gold answers for <span class="number">1</span> HIT.',
    ):
        assert sentence in page, sentence
    assert "=1+1 &lt;b&gt;" in page
    cost = count_queries(lambda: client.get(here))
    left_out = client.get(f"{here}?show=left_out").content.decode()
    assert "Can be used" not in left_out
    assert "The HITId is missing." in left_out
    assert not GoldAnswer.objects.exists(), "a look changes nothing"
    assert here in client.get(url).content.decode(), "it can be found again"
    client_of(desk, "viewer").post(here, {"action": "take"})
    client.post(here, {"action": "take"})
    assert not GoldAnswer.objects.exists(), "a worker does it"
    assert gold_files.finish_some(desk.account)
    assert list(GoldAnswer.objects.values_list("field", flat=True)) == ["mood"], "some of it at a time"
    client.post(here, {"action": "forget"})
    upkeep.look_back(desk.account)
    assert not GoldUpload.objects.exists()
    assert "taken over or forgotten already" in client.post(here, {"action": "take"}, follow=True).content.decode()
    found = dict(GoldAnswer.objects.values_list("field", "accepted"))
    assert found == {"mood": ["good", "fine"], "why": ["=1+1 <b>"]}
    assert scores(desk)[answer] == 100

    file = b"".join(client.get(reverse("gold_csv", args=["lab", batch_of(desk).pk])))
    assert b",why,'=1+1 <b>" in file, "no spreadsheet computes it"
    here, page = upload(file.decode())
    assert '<strong class="number">2</strong> gold answers' in page
    assert '<span class="number">2</span> replace what is there' in page
    assert "Can be used" in page
    assert count_queries(lambda: client.get(here)) == cost, "of two rows and of nine"
    client.post(here, {"action": "forget"})
    assert upload(f"HITId,Answer.mood,Answer.total\n{hit},bad,\n{hit},,\n")[1].count("Can be used") == 1
    for text, sentence in {
        "": "The file is empty.",
        "WorkerId,Answer\nA,b\n": "The columns should be HITId, Field and Answer",
        "PK\x03\x04": "This is a workbook, not a CSV.",
        "HITId,Field,Answer\n": "a header and no rows",
    }.items():
        file_ = SimpleUploadedFile("gold.csv", text.encode())
        assert sentence in client.post(url, {"action": "upload", "file": file_}).content.decode()
    upkeep.look_back(desk.account)
    assert GoldUpload.objects.count() == 1, "what is forgotten goes, what nobody looked at stays"
    bad = client.post(url, {"action": "save", "hit": other, "field": "mood", "accepted": "typed <i>"})
    assert (bad.status_code, GoldAnswer.objects.count()) == (422, 2)
    assert "This batch has no such HIT." in bad.content.decode()
    assert "typed &lt;i&gt;" in bad.content.decode()
    client_of(desk, "viewer").post(url, {"action": "save", "hit": hit, "field": "mood", "accepted": "x"})
    assert dict(GoldAnswer.objects.values_list("field", "accepted")) == found


def test_a_file_that_ends_within_a_row_says_so_and_takes_nothing_of_that_row(desk: Lab) -> None:
    hit = hit_of(desk)
    desk.answer(hit, **good)
    work(desk)
    text = f'HITId,Field,Answer\n{hit},mood,good\n{hit},why,"fine\n{hit},total,3\n'
    file = SimpleUploadedFile("gold.csv", text.encode())
    client = client_of(desk)
    here = client.post(reverse("gold", args=["lab", batch_of(desk).pk]), {"action": "upload", "file": file}).url
    read_files()
    page = client.get(here).content.decode()
    assert "The file ends within row 3: a quotation mark is missing there." in page
    assert '<strong class="number">1</strong> gold answer for' in page


def test_scoring_and_the_page_cost_the_same_however_much_there_is(desk: Lab) -> None:
    hits = [hit_of(desk), make_hit(desk)]
    desk.sync()
    client, url = client_of(desk), reverse("gold", args=["lab", batch_of(desk).pk])
    client.get("/healthz")
    costs = []
    for hit, fields in zip(hits, (["mood"], ["mood", "total"]), strict=True):
        for name in fields:
            say(desk, name, "good", hit=hit)
        for _ in fields:
            desk.answer(hit, **good)
        desk.sync()
        rows = list(Assignment.objects.fresh().select_related("hit"))
        scoring = count_queries(lambda rows=rows: gold.score_fresh(desk.account, rows))
        digest(desk.account.pk)
        costs.append((scoring, count_queries(lambda: client.get(url))))
    assert costs[0] == costs[1]
    assert costs[0][0] <= 4
