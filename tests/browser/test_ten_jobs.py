"""What people do with workers and qualifications, by clicks in a live demo; then the marketplace is asked."""

import json
import re
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.browser.conftest import PASSWORD, Demo
from tests.browser.test_first_light import paid, until

pytestmark = pytest.mark.usefixtures("soon")

QUESTION = """<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><body>
<form name="mturk_form" method="post" action="https://www.mturk.com/mturk/externalSubmit">
<label>Which bird is it? <input name="bird"></label><button>Submit</button></form></body></html>]]></HTMLContent>
<FrameHeight>0</FrameHeight></HTMLQuestion>"""


def requester_of(demo: Demo) -> Any:
    return boto3.client(
        "mturk",
        endpoint_url=demo.marketplace,
        region_name="us-east-1",
        aws_access_key_id="DEMO",
        aws_secret_access_key="demo",
    )


def control(demo: Demo, path: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        f"{demo.marketplace}/control/{path}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def crowd(demo: Demo, requester: Any, number: int) -> dict[str, str]:
    """New workers, each with the id of an assignment that a script has approved."""
    hit_id = requester.create_hit(
        Title=f"Name the bird {uuid.uuid4().hex[:8]}",
        Description="Look, then type.",
        Reward="0.10",
        AssignmentDurationInSeconds=3600,
        LifetimeInSeconds=86400,
        MaxAssignments=number,
        Question=QUESTION,
    )["HIT"]["HITId"]
    done = {}
    for worker in [f"A{uuid.uuid4().hex[:13].upper()}" for _ in range(number)]:
        task = {"HITId": hit_id, "WorkerId": worker, "Fields": {"bird": "dunnock"}}
        done[worker] = control(demo, "assignments", task)["AssignmentId"]
        requester.approve_assignment(AssignmentId=done[worker])
    return done


def after_a_sync(page: Any, demo: Demo, path: str, there: Callable[[], Any]) -> None:
    """Be at the page once a sync has brought what is expected there."""

    def brought() -> Any:
        page.goto(f"{demo.dashboard}/a/lab/settings/")
        page.get_by_role("button", name="Sync now").first.click()
        page.goto(f"{demo.dashboard}/a/lab/{path}")
        return there()

    until(brought)


def words(locator: Any) -> str:
    return " ".join(locator.inner_text().split())


def type_named(requester: Any, name: str) -> Any:
    found = requester.list_qualification_types(
        Query=name, MustBeRequestable=False, MustBeOwnedByCaller=True, MaxResults=100
    )["QualificationTypes"]
    return next((kind for kind in found if kind["Name"] == name), None)


def scores_of(requester: Any, type_id: str) -> dict[str, int]:
    held = requester.list_workers_with_qualification_type(
        QualificationTypeId=type_id, Status="Granted", MaxResults=100
    )["Qualifications"]
    return {row["WorkerId"]: row["IntegerValue"] for row in held}


def blocked(requester: Any) -> dict[str, str]:
    return {row["WorkerId"]: row["Reason"] for row in requester.list_worker_blocks(MaxResults=100)["WorkerBlocks"]}


@pytest.fixture(scope="module")
def soon(demo: Demo, browser: Any) -> Iterator[None]:
    """A manager makes the time to take something back short, and as it was again in the end."""

    def undo_seconds(wanted: str) -> None:
        context = browser.new_context()
        page = context.new_page()
        page.goto(demo.dashboard)
        page.locator("[name=login]").fill("manager")
        page.locator("[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/a/lab/$"))
        page.goto(f"{demo.dashboard}/a/lab/settings/")
        page.get_by_label("Undo window, in seconds").fill(wanted)
        page.get_by_label("Undo window, in seconds").press("Enter")
        page.get_by_text("The policy was saved.").wait_for()
        context.close()

    undo_seconds("1")
    yield
    undo_seconds("")


def test_a_qualification_is_made_with_a_test_asked_for_and_given_to_a_list(demo: Demo, sign_in: Any) -> None:
    page, requester = sign_in("approver"), requester_of(demo)
    name = f"Knows birds {uuid.uuid4().hex[:8]}"
    page.get_by_role("link", name="Qualifications").first.click()
    page.get_by_role("link", name="Create").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Description").fill("Tells birds apart in a picture.")
    page.get_by_label("Who takes a test").check()
    page.get_by_label("We do: requests wait here, with what the key says").check()
    page.get_by_label("What is asked").fill("Which of these can fly?")
    for number, answer, score in ((1, "Dunnock", "80"), (2, "Kiwi", "0")):
        page.get_by_label(f"Answer {number} of question 1", exact=True).fill(answer)
        page.get_by_label(f"Score of answer {number} of question 1").fill(score)
    page.get_by_role("button", name="Create it").click()
    page.get_by_role("heading", name=name).wait_for()
    until(lambda: type_named(requester, name))
    kind = type_named(requester, name)
    assert "Which of these can fly?" in kind["Test"]
    assert "AnswerKey" not in kind, "the key stays here, and a person marks"

    # Somebody takes the test; two others are given it by a list, in which a third line is nobody's id.
    asker, *listed = crowd(demo, requester, 3)
    state = control(
        demo,
        "qualification-requests",
        {"QualificationTypeId": kind["QualificationTypeId"], "WorkerId": asker, "Fields": {"q1": "a1"}},
    )
    assert state["state"] == "pending"
    page.goto(f"{demo.dashboard}/a/lab/qualifications/{kind['QualificationTypeId']}/workers/")
    page.get_by_label("Worker ids").fill(f"{listed[0]}, 85\n?bird-lover\n{listed[1]}")
    page.get_by_label("Value for those without one").fill("40")
    page.get_by_role("button", name="Look at them").click()
    bad = page.locator("tr", has_text="BIRD-LOVER")
    assert "is no worker id: they begin with A and hold capital letters and digits only." in words(bad)
    assert scores_of(requester, kind["QualificationTypeId"]) == {}, "looking gives nobody anything"
    page.get_by_role("button", name=re.compile("Grant 2")).click()

    card = page.locator("article.request", has_text=asker)
    after_a_sync(page, demo, "qualifications/requests/", card.count)
    assert "Dunnock" in words(card)
    assert "scores 80" in words(card)
    card.get_by_label("Value").fill("75")
    card.get_by_role("button", name="Accept").click()
    page.get_by_role("heading", name="Requests").wait_for()
    until(lambda: len(scores_of(requester, kind["QualificationTypeId"])) == 3)
    assert scores_of(requester, kind["QualificationTypeId"]) == {asker: 75, listed[0]: 85, listed[1]: 40}


def test_a_panel_is_made_and_the_marketplace_knows_its_members(demo: Demo, sign_in: Any) -> None:
    page, requester = sign_in("approver"), requester_of(demo)
    name = f"Has done much {uuid.uuid4().hex[:8]}"
    page.get_by_role("link", name="Qualifications").first.click()
    page.get_by_role("link", name="Panels").click()
    page.get_by_role("link", name="New panel").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Another condition").select_option("approved")
    page.get_by_role("button", name="Add it").click()
    page.get_by_label("At least how many").fill("4")
    page.get_by_role("button", name="How many?").click()
    page.get_by_text(re.compile(r"workers? now, of")).wait_for()
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("heading", name=name).wait_for()
    members = page.locator("section[aria-label=Members] tbody tr")
    state = page.locator("#panel-state")
    until(
        lambda: (
            page.reload()
            and "Up to date" in words(state)
            and members.filter(has_text="knows").count() == members.count() > 0
        )
    )
    reasons = [int(re.search(r"(\d+) approved", row).group(1)) for row in members.all_inner_texts()]  # type: ignore[union-attr]
    assert min(reasons) >= 4
    (requirement,) = json.loads(page.locator("#as-json").inner_text())
    ids = {row.split()[0] for row in members.all_inner_texts()}
    assert set(scores_of(requester, requirement["QualificationTypeId"])) == ids


def test_a_worker_is_found_and_blocked_and_unblocked(demo: Demo, sign_in: Any, tmp_path: Path) -> None:
    page, requester = sign_in("approver"), requester_of(demo)
    page.goto(f"{demo.dashboard}/a/lab/workers/")
    chosen = page.locator("tr[data-row]", has_not_text="locked").locator("[data-row-open]").nth(3).inner_text()
    page.get_by_role("searchbox", name="Worker id begins with").fill(chosen[:9])
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    page.get_by_role("link", name=chosen).click()
    page.get_by_role("heading", name=chosen).wait_for()

    page.get_by_text("Soft block…").click()
    page.get_by_label("Reason").fill("Boxes without looking.")
    page.get_by_role("button", name="Soft block", exact=True).click()
    page.get_by_text("Soft blocked everywhere").first.wait_for()
    assert chosen not in blocked(requester), "a soft block is ours alone"
    page.get_by_role("button", name="Lift it").click()
    page.get_by_role("button", name="Lift it").wait_for(state="detached")

    page.get_by_role("link", name="Block at MTurk…").click()
    page.get_by_label("Reason").fill("The same box in every picture.")
    page.get_by_role("button", name="Block this worker").click()
    assert page.evaluate("document.querySelector('#id_understood').validity.valueMissing"), "first it has to be read"
    page.get_by_label("I have read what this does to a person.").check()
    page.get_by_role("button", name="Block this worker").click()
    page.get_by_text(f"The block of {chosen} is on its way.").wait_for()

    # By file: somebody else, and somebody whom MTurk does not know.
    (listed,), nobody = crowd(demo, requester, 1), f"A{uuid.uuid4().hex[:13].upper()}"
    file = tmp_path / "workers.csv"

    def send(*rows: str) -> None:
        file.write_text("\n".join(["Worker ID,UPDATE BlockStatus,BlockReason", *rows, ""]))
        page.goto(f"{demo.dashboard}/a/lab/qualifications/upload/")
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("button", name="Look at it").click()
        begin = page.get_by_role("button", name=re.compile(f"^(Block|Unblock) {len(rows)}$"))
        begin.wait_for()
        for understood in page.get_by_label("I have read what this does to a person.").all():
            understood.check()
        begin.click()

    send(f"{listed},Block,Spam in every field.", f"{nobody},Block,Spam in every field.")
    until(lambda: listed in blocked(requester))
    assert blocked(requester)[listed] == "Spam in every field."
    trouble = page.locator("section", has=page.get_by_role("heading", name="What did not go through"))
    trouble.wait_for()
    assert re.search(rf"Failed {nobody} The value .* is not valid for the parameter WorkerId", words(trouble))
    assert "Money" not in words(trouble), "a block moves none"
    send(f"{listed},Unblock,")
    until(lambda: listed not in blocked(requester))
    until(lambda: chosen in blocked(requester))
    assert blocked(requester)[chosen] == "The same box in every picture."
    page.goto(f"{demo.dashboard}/a/lab/workers/blocks/")
    page.locator(f"#row-{chosen}").get_by_role("button", name="Unblock").click()
    until(lambda: chosen not in blocked(requester))


def test_workers_are_written_to_paid_and_compensated(demo: Demo, sign_in: Any, tmp_path: Path) -> None:
    page, requester = sign_in("manager"), requester_of(demo)
    done = crowd(demo, requester, 2)
    first, _ = done
    calls = control(demo, "calls").get("NotifyWorkers", 0)
    # The table knows them; one has a complaint.
    boxes = [page.get_by_label(f"Select {worker}") for worker in done]
    after_a_sync(page, demo, "workers/", lambda: all(box.count() for box in boxes))
    page.get_by_role("link", name=first).click()
    page.get_by_role("link", name="Compensate…").click()
    page.get_by_label("What happened").fill("The page stayed white after Submit.")
    page.get_by_label("Pay, in dollars").fill("0.60")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name=f"Compensation of {first}").wait_for()
    compensation = page.url

    # A message to both, looked at before it goes.
    page.goto(f"{demo.dashboard}/a/lab/workers/")
    for worker in done:
        page.get_by_label(f"Select {worker}").check()
    page.get_by_role("button", name="Message…").click()
    page.get_by_label("Subject").fill("More birds next week")
    page.get_by_label("Text", exact=True).fill("Thank you. The next pictures come on Monday.")
    page.get_by_role("button", name="Look at it").click()
    page.locator("#ahead .letter").first.wait_for()
    assert "Workers who get it 2 Calls to MTurk 1" in words(page.locator("#ahead"))
    page.get_by_role("button", name=re.compile("^Send")).click()
    page.get_by_role("heading", name="More birds next week").wait_for()
    told = page.locator("#outcome tbody tr", has_text="Sent")
    until(lambda: page.reload() and told.count() == 2)
    assert {row.split()[0] for row in told.all_inner_texts()} == set(done)

    # A bonus for both, by a file; the same file again finds them paid.
    file = tmp_path / "bonuses.csv"
    rows = [f"{worker},{assignment},0.35,Sharp eyes" for worker, assignment in done.items()]
    file.write_text(
        "\n".join(["WorkerId,AssignmentId,BonusAmount,Reason", *rows, f"{first},nothing,0.35,Sharp eyes", ""])
    )
    for again in (False, True):
        page.goto(f"{demo.dashboard}/a/lab/bonuses/upload/")
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("button", name="Look at it").click()
        page.get_by_role("heading", name="Do it").wait_for()
        assert "No assignment of this account has this id." in words(page.locator("tr", has_text="NOTHING"))
        if again:
            assert page.get_by_text("was paid already").count() == 2
            assert page.get_by_role("button", name=re.compile("^Pay bonuses")).count() == 0
        else:
            page.get_by_role("button", name="Pay bonuses to 2 for $0.84").click()
            until(lambda: all(("bonus", "0.35") in demo.ledger(assignment) for assignment in done.values()))
    for assignment in done.values():
        assert [row for row in paid(demo, assignment) if row[0] == "bonus"] == [("bonus", "0.35")]

    # A tag for one of them, by a file in the administration; it is shown before it is so.
    tag, file = f"owl {uuid.uuid4().hex[:6]}", tmp_path / "tags.csv"
    file.write_text(f"account,worker,tag\nlab,{first},{tag}\n")
    page.goto(f"{demo.dashboard}/admin/workers/workertag/")
    page.get_by_role("link", name="Import").click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Submit").click()
    assert f"New lab {first} {tag}" in words(page.locator("table").last)
    other = page.context.new_page()
    other.goto(f"{demo.dashboard}/a/lab/workers/{first}/")
    assert tag not in words(other.locator("main")), "a preview changes nothing"
    page.get_by_role("button", name="Confirm import").click()
    page.get_by_text("Import finished").wait_for()
    other.reload()
    assert tag in words(other.locator("main .person-tags"))

    # The compensation went its way meanwhile: a HIT that only this worker can take.
    page.goto(compensation)
    steps = page.locator("ol.paying > li")
    until(lambda: page.reload() and "Done" in words(steps.filter(has_text="The worker is told")))
    for step in (
        "A qualification of its own",
        "It is given to this worker alone",
        "A HIT that only this qualification",
    ):
        assert "Done" in words(steps.filter(has_text=step))
    made = words(page.locator("dt", has_text="HIT made for it").locator("xpath=following-sibling::dd[1]"))
    hit = requester.get_hit(HITId=made)["HIT"]
    assert (hit["Reward"], hit["MaxAssignments"]) == ("0.60", 1)
    (asked,) = hit["QualificationRequirements"]
    assert (asked["Comparator"], asked["ActionsGuarded"]) == ("EqualTo", "DiscoverPreviewAndAccept")
    assert set(scores_of(requester, asked["QualificationTypeId"])) == {first}
    assert control(demo, "calls")["NotifyWorkers"] >= calls + 2, "one call for both letters, one for the compensation"
