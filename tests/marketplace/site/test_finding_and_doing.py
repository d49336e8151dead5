"""From signing up to being paid, without scripts; what scripts add is tested in a browser."""

import re
from typing import Any

from tests.marketplace.site.conftest import Visitor

FORM = """<QuestionForm xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionForm.xsd">
<Question><QuestionIdentifier>age</QuestionIdentifier><DisplayName>Age</DisplayName><IsRequired>true</IsRequired>
<QuestionContent><Text>How old are you?</Text></QuestionContent><AnswerSpecification><FreeTextAnswer><Constraints>
<IsNumeric minValue="18" maxValue="120"/></Constraints></FreeTextAnswer></AnswerSpecification></Question>
<Question><QuestionIdentifier>likes</QuestionIdentifier><QuestionContent><Text>What do you like?</Text>
</QuestionContent><AnswerSpecification><SelectionAnswer><MaxSelectionCount>2</MaxSelectionCount><Selections>
<Selection><SelectionIdentifier>tea</SelectionIdentifier><Text>Tea</Text></Selection>
<Selection><SelectionIdentifier>rain</SelectionIdentifier><Text>Rain</Text></Selection>
<Selection><SelectionIdentifier>dogs</SelectionIdentifier><Text>Dogs</Text></Selection>
</Selections></SelectionAnswer></AnswerSpecification></Question></QuestionForm>"""


def accept(worker: Visitor, hit: dict[str, Any]) -> str:
    """Take a HIT on the site; returns the AssignmentId."""
    page = worker.post(f"/tasks/{hit['HITGroupId']}/accept/", {"hit": hit["HITId"]})
    assert page.status == 200
    assert page.path.startswith("/assignments/")
    return page.path.split("/")[2]


def test_from_the_list_to_the_money(worker: Visitor, publish: Any, mturk: Any, control: Any) -> None:
    hit = publish()
    assert hit["Title"] in worker.get(f"/tasks/?q={hit['Title'].split()[1]}").text
    group = worker.get(f"/tasks/{hit['HITGroupId']}/")
    assert "$0.12" in group.text
    assert f"/frame/{hit['HITId']}/?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&amp;hitId=" in group.text
    assert "workerId" not in group.text
    assignment_id = accept(worker, hit)
    task = worker.get(f"/assignments/{assignment_id}/").text
    assert (
        f"assignmentId={assignment_id}&amp;hitId={hit['HITId']}&amp;workerId={worker.worker_id}&amp;turkSubmitTo="
        in task
    )
    done = Visitor(worker.url).post("/mturk/externalSubmit", {"assignmentId": assignment_id, "total": "12.40"})
    assert (done.status, "Handed in" in done.text) == (200, True)
    assert "Waiting" in worker.get("/earnings/").text
    [handed_in] = mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"]
    assert handed_in["WorkerId"] == worker.worker_id
    assert "<FreeText>12.40</FreeText>" in handed_in["Answer"]
    mturk.approve_assignment(AssignmentId=assignment_id, RequesterFeedback="Well done")
    earnings = worker.get("/earnings/").text
    assert "$0.12" in earnings
    assert "Well done" in earnings
    assert "Approved" in worker.get(f"/assignments/{assignment_id}/").text


def test_a_second_a_late_and_a_foreign_submission_get_a_sentence_and_change_nothing(
    worker: Visitor, another_worker: Visitor, publish: Any, mturk: Any, control: Any
) -> None:
    hit = publish()
    first, second = accept(worker, hit), accept(another_worker, hit)
    stranger = Visitor(worker.url)
    sent = {"assignmentId": first, "total": "1"}
    assert stranger.post("/mturk/externalSubmit", sent).status == 200
    again = stranger.post("/mturk/externalSubmit", {**sent, "total": "2"})
    assert (again.status, "handed in already" in again.text) == (409, True)
    for wrong, sentence in (
        ({"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"}, "Accept it first"),
        ({"assignmentId": "3NOBODYS"}, "no such assignment"),
        ({}, "which assignment"),
    ):
        assert sentence in stranger.post("/mturk/externalSubmit", wrong).text
    assert stranger.get("/mturk/externalSubmit").status == 405
    control.advance(601)
    late = stranger.post("/mturk/externalSubmit", {"assignmentId": second, "total": "3"})
    assert late.status == 409
    assert "time" in late.text
    [handed_in] = mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"]
    assert "<FreeText>1</FreeText>" in handed_in["Answer"]
    # A worker's page of what is not theirs does not exist.
    assert worker.get(f"/assignments/{second}/").status == 404
    assert worker.post(f"/assignments/{second}/return/").status == 404
    assert worker.get(f"/frame/{second}/").status == 404


def test_a_question_form_is_drawn_checked_and_handed_in(worker: Visitor, publish: Any, mturk: Any) -> None:
    hit = publish(Question=FORM)
    assignment_id = accept(worker, hit)
    page = worker.get(f"/assignments/{assignment_id}/").text
    assert "How old are you?" in page
    assert 'type="number"' in page
    submit = f"/assignments/{assignment_id}/submit/"
    for fields, sentence in (
        ([("age", "")], "Please answer this."),
        ([("age", "12")], "18 or more"),
        ([("age", "x")], "has to be a number"),
        ([("age", "30"), ("likes", "tea"), ("likes", "rain"), ("likes", "dogs")], "at most 2"),
    ):
        refused = worker.post(submit, fields)
        assert (refused.status, sentence in refused.text) == (422, True), sentence
    assert "checked" in refused.text, "what was chosen is still there"
    assert mturk.list_assignments_for_hit(HITId=hit["HITId"])["NumResults"] == 0
    assert worker.post(submit, [("age", "30"), ("likes", "tea"), ("likes", "rain"), ("foreign", "x")]).status == 200
    [handed_in] = mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"]
    assert "<SelectionIdentifier>tea</SelectionIdentifier>" in handed_in["Answer"]
    assert "foreign" not in handed_in["Answer"]


def test_the_last_one_goes_to_one_worker_and_the_other_reads_why(
    worker: Visitor, another_worker: Visitor, publish: Any
) -> None:
    hit = publish(MaxAssignments=1)
    accept(worker, hit)
    late = another_worker.post(f"/tasks/{hit['HITGroupId']}/accept/")
    assert (late.status, "Somebody was faster" in late.text) == (409, True)
    back = worker.post(f"/assignments/{accept_again(worker, hit)}/return/")
    assert "Given back" in back.text
    accept(another_worker, hit)


def accept_again(worker: Visitor, hit: dict[str, Any]) -> str:
    """The AssignmentId of what the worker holds already, from the group's own page."""
    page = worker.get(f"/tasks/{hit['HITGroupId']}/").text
    return page.split("/assignments/")[1:][-1].split("/")[0]


def test_a_frame_is_a_program_of_nobody(worker: Visitor, publish: Any) -> None:
    hit = publish()
    frame = worker.get(f"/frame/{hit['HITId']}/?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId={hit['HITId']}")
    policy = frame.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "allow-top-navigation" not in policy
    assert "x-frame-options" not in frame.headers
    assert 'action="/mturk/externalSubmit"' in frame.text
    assert "mturk.com" not in frame.text
    assert "js/frame.js" in frame.text
    assert Visitor(worker.url).get(f"/frame/{hit['HITId']}/").path == "/accounts/login/"


def test_blocked_and_unqualified_workers_find_and_take_nothing(worker: Visitor, publish: Any, mturk: Any) -> None:
    kind = mturk.create_qualification_type(Name="N" + worker.name, Description="d", QualificationTypeStatus="Active")
    needs = {
        "QualificationTypeId": kind["QualificationType"]["QualificationTypeId"],
        "Comparator": "Exists",
        "ActionsGuarded": "DiscoverPreviewAndAccept",
    }
    hidden = publish(QualificationRequirements=[needs])
    shown = publish(QualificationRequirements=[{**needs, "ActionsGuarded": "Accept"}])
    text = worker.get("/tasks/?sort=newest").text
    assert hidden["Title"] not in text
    assert shown["Title"] in text
    assert worker.get(f"/tasks/{hidden['HITGroupId']}/").status == 404
    assert worker.get(f"/frame/{hidden['HITId']}/").status == 404
    refused = worker.post(f"/tasks/{shown['HITGroupId']}/accept/")
    assert (refused.status, "You cannot accept it" in refused.text) == (409, True)
    open_hit = publish()
    mturk.create_worker_block(WorkerId=worker.worker_id, Reason="spam")
    assert open_hit["Title"] not in worker.get("/tasks/").text
    assert worker.post(f"/tasks/{open_hit['HITGroupId']}/accept/", {"hit": open_hit["HITId"]}).status == 409
    assert "spam" not in worker.get(f"/tasks/{open_hit['HITGroupId']}/").text


def test_hostile_words_of_a_requester_are_only_words(worker: Visitor, publish: Any) -> None:
    hit = publish(Title="<img src=x onerror=alert(1)>", Description="</p><script>alert(2)</script>")
    for path in ("/tasks/", f"/tasks/{hit['HITGroupId']}/"):
        text = worker.get(path).text
        assert "<img src=x" not in text
        assert "<script>alert" not in text


MENUS = """<QuestionForm xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionForm.xsd">
<Overview><FormattedContent><![CDATA[<p>Read <b>all</b> of it</p>]]></FormattedContent></Overview>
<Question><QuestionIdentifier>menu</QuestionIdentifier><IsRequired>true</IsRequired><QuestionContent><Text>Fruit</Text>
</QuestionContent><AnswerSpecification><SelectionAnswer><StyleSuggestion>combobox</StyleSuggestion><Selections>
<Selection><SelectionIdentifier>a</SelectionIdentifier><Text>Apple &lt;3</Text></Selection>
<OtherSelection/></Selections>
</SelectionAnswer></AnswerSpecification></Question>
<Question><QuestionIdentifier>drop</QuestionIdentifier><QuestionContent><Text>Drink</Text></QuestionContent>
<AnswerSpecification><SelectionAnswer><StyleSuggestion>dropdown</StyleSuggestion><Selections><Selection>
<SelectionIdentifier>t</SelectionIdentifier><FormattedContent><![CDATA[<b>Tea</b>]]></FormattedContent></Selection>
</Selections></SelectionAnswer></AnswerSpecification></Question></QuestionForm>"""


def test_menus_buttons_and_an_answer_of_one_s_own(worker: Visitor, publish: Any, mturk: Any) -> None:
    hit = publish(Question=MENUS)
    assignment_id = accept(worker, hit)
    page = worker.get(f"/assignments/{assignment_id}/").text
    assert "<p>Read <b>all</b> of it</p>" in page
    assert '<option value="a">Apple &lt;3</option>' in page
    assert "<b>Tea</b>" in page, "a menu could not show it, so it is a button"
    assert 'type="radio" name="drop" value="t"' in page
    [menu] = re.findall(r"<select[^>]*>", page)
    assert "required" not in menu, "or nothing but the menu would be an answer"
    submit = f"/assignments/{assignment_id}/submit/"
    assert "Please choose." in worker.post(submit, [("menu", ""), ("menu", "")]).text
    assert worker.post(submit, [("menu", ""), ("menu", "Durian")]).status == 200
    [handed_in] = mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"]
    assert "<OtherSelectionText>Durian</OtherSelectionText>" in handed_in["Answer"]


def test_earnings_say_what_was_paid_when_and_why_not(worker: Visitor, publish: Any, mturk: Any, control: Any) -> None:
    first, second = publish(), publish(Reward="0.40")
    for hit in (first, second):
        assignment_id = accept(worker, hit)
        Visitor(worker.url).post("/mturk/externalSubmit", {"assignmentId": assignment_id, "total": "1"})
        if hit is first:
            mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="Empty <i>answer</i>")
        else:
            mturk.approve_assignment(AssignmentId=assignment_id)
            mturk.send_bonus(
                WorkerId=worker.worker_id, AssignmentId=assignment_id, BonusAmount="0.25", Reason="Very quick"
            )
    text = " ".join(worker.get("/earnings/").text.split())
    assert "Empty &lt;i&gt;answer&lt;/i&gt;" in text
    assert "Bonus $0.25: Very quick" in text
    assert "<s>$0.12</s>" in text, "what was rejected is not paid"
    day = re.search(r'<ul class="lines"><li><span class="grow">(.*?)</span>.*?(\d) payments</span>.*?\$([\d.]+)', text)
    assert day
    assert (day[2], day[3]) == ("2", "0.65")
    assert f"{first['HITId']}" not in text
