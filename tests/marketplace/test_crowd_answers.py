"""What simulated workers fill in: forms and pages, right as often as they are skilled, and always what fits."""

from random import Random

import pytest

from marketplace.crowd.answers import CannotAnswer
from marketplace.crowd.answers.texts import TextRules
from marketplace.documents.forms import form_items, problems
from tests.marketplace.crowds import choices, each_way, filled, form, page, question, text_question, tree

# --- the same again, and agreement ------------------------------------------------------------------------------------

EVERYTHING = (
    '<crowd-polygon name="p" labels="[\'a\', \'b\']"></crowd-polygon><crowd-input name="word" required></crowd-input>'
    '<crowd-instance-segmentation name="mask" labels="[\'a\']"></crowd-instance-segmentation>'
    '<input type="number" name="n" min="0" max="1000"><input type="radio" name="r" value="x">'
    '<input type="radio" name="r" value="y"><input type="radio" name="r" value="z">'
)


def test_the_same_seed_gives_the_same_answer_and_another_another():
    whole = page(f"<crowd-form>{EVERYTHING}</crowd-form>")
    assert filled(whole, 7, skill=0.6) == filled(whole, 7, skill=0.6)
    assert len({filled(whole, seed, skill=0.6)["taskAnswers"] for seed in range(5)}) == 5


def test_where_no_truth_is_known_good_workers_agree_with_each_other_and_bad_ones_do_not():
    def agreeing(skill: float) -> int:
        answers = [tree(EVERYTHING, seed, skill=skill) for seed in range(30)]
        chosen = [next(value for value, is_chosen in each["r"].items() if is_chosen) for each in answers]
        words = [each["word"] for each in answers]
        return sum(max(map(said.count, said)) for said in (chosen, words))

    assert agreeing(1.0) == 60
    assert agreeing(0.1) < 45


def test_other_tasks_have_other_truths():
    found = {tree(f"<p>{number}</p>{EVERYTHING}")["word"] for number in range(8)}
    assert len(found) > 4


# --- QuestionForm -----------------------------------------------------------------------------------------------------

COUNTS = "<MinSelectionCount>{}</MinSelectionCount><MaxSelectionCount>{}</MaxSelectionCount>"
CONSTRAINED = form(
    text_question("whole", '<IsNumeric minValue="18" maxValue="21"/>'),
    text_question("part", '<IsNumeric minValue="0.2" maxValue="0.4"/>'),
    text_question("below", '<IsNumeric maxValue="-5"/>'),
    text_question("long", '<Length minLength="120" maxLength="150"/>'),
    text_question("short", '<Length maxLength="3"/>'),
    text_question("zip", '<AnswerFormatRegex regex="^[0-9]{5}$"/>'),
    text_question("code", '<AnswerFormatRegex regex="^(AB|CD)-\\d{2,4}[x-z]$" flags="i"/><Length maxLength="9"/>'),
    question("two", choices("abcdef", COUNTS.format(2, 3))),
    question("one", choices("abc", other="<OtherSelection/>")),
    question("some", choices("abcd", "<MaxSelectionCount>4</MaxSelectionCount>"), required=False),
    question("file", "<FileUploadAnswer><MaxFileSizeInBytes>9</MaxFileSizeInBytes><MinFileSizeInBytes>1"
             "</MinFileSizeInBytes></FileUploadAnswer>", required=False),
)  # fmt: skip


def test_what_is_handed_in_fits_the_constraints_of_a_question_form():
    items = form_items(CONSTRAINED)
    for way in each_way(8):
        fields = filled(CONSTRAINED, **way)
        assert not problems(items, {name: [v] if isinstance(v, str) else v for name, v in fields.items()})
        assert {item.identifier for item in items if item.is_required} <= set(fields)
        assert "file" not in fields
        assert isinstance(fields["two"], list)
        assert isinstance(fields["one"], str)


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (form(question("photo", "<FileUploadAnswer><MaxFileSizeInBytes>9</MaxFileSizeInBytes><MinFileSizeInBytes>1"
                       "</MinFileSizeInBytes></FileUploadAnswer>")), "photo"),
        (form(text_question("odd", '<AnswerFormatRegex regex="^(?!)$"/>')), "odd"),
        (form(text_question("much", '<Length minLength="900000"/>')), "much"),
        (form(question("all", choices("ab", COUNTS.format(5, 6)))), "all"),
    ],
)  # fmt: skip
def test_a_form_that_nobody_could_fill_in_is_left_alone(document: str, named: str):
    with pytest.raises(CannotAnswer, match=named):
        filled(document)


def test_gold_answers_are_what_skilled_workers_say():
    gold = {"zip": "12345", "two": ["b", "e"], "one": "something else", "whole": 20}
    fields = filled(CONSTRAINED, skill=1.0, gold=gold)
    assert {name: fields[name] for name in gold} == gold | {"whole": "20"}
    wrong = [filled(CONSTRAINED, seed, skill=0.1, gold=gold)["two"] != ["b", "e"] for seed in range(20)]
    assert sum(wrong) > 12


def test_who_does_not_look_is_seldom_right_though_skilled():
    fields = [filled(CONSTRAINED, seed, gold={"two": ["b", "e"]}, honest=False)["two"] for seed in range(20)]
    assert ["b", "e"] not in fields


# --- pages ------------------------------------------------------------------------------------------------------------

FORMS = (
    '<form><input name="search"></form>'
    '<form action="https://www.mturk.com/mturk/externalSubmit"><input type="hidden" name="assignmentId">'
    '<input type="date" name="day" min="2024-02-27" max="2024-03-02" required>'
    '<input type="email" name="mail" required><input name="plate" pattern="[A-Z]{2}-[0-9]{1,4}" required>'
    '<input name="tiny" maxlength="2" required>'
    '<textarea name="story" minlength="200" maxlength="220" required></textarea>'
    '<input type="checkbox" name="agree" required><input type="number" name="odd" min="5" max="11" step="2" required>'
    '<select name="tags" multiple required><option>one<option>two<option>three</select>'
    '<input name="off" disabled><fieldset disabled><input name="gone" required></fieldset>'
    '<template><input name="later"></template><input name="set" value="kept" readonly>'
    '<input name="twice" required><input name="twice" required><input type="submit" name="go"></form>'
)


def test_the_form_that_is_handed_in_is_filled_with_what_its_controls_allow():
    rules = TextRules(kind="email")
    for way in each_way(6):
        fields = filled(page(FORMS), **way)
        assert set(fields) == {"day", "mail", "plate", "tiny", "story", "agree", "odd", "tags", "set", "twice"}
        assert "2024-02-27" <= fields["day"] <= "2024-03-02"
        assert rules.fits(fields["mail"])
        assert fields["plate"][:2].isupper()
        assert fields["plate"][2] == "-"
        assert len(fields["tiny"]) in (1, 2)
        assert 200 <= len(fields["story"]) <= 220
        assert (fields["agree"], fields["set"]) == ("on", "kept")
        assert fields["odd"] in ("5", "7", "9", "11")
        assert fields["tags"]
        assert len(fields["twice"]) == 2


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{3}-\d{4}",
        r"[^@\s]+@[a-z]+\.(com|org)",
        r"(?:yes|no|maybe)",
        r"[A-Za-z][\w.]{4,}",
        r"(\w)\1{2}",
        r"#?[0-9a-f]{6}",
    ],
)
def test_a_text_is_made_that_matches_a_pattern(pattern: str):
    rules = TextRules(patterns=((pattern, False, True),))
    found = rules.fitting(["no such luck!"], Random(2))
    assert found is not None
    assert rules.fits(found)


def test_one_button_of_a_group_is_chosen_whatever_their_names_are():
    body = (
        '<crowd-radio-group><crowd-radio-button name="likes" value="on">x</crowd-radio-button>'
        '<crowd-radio-button name="hates" value="on">y</crowd-radio-button></crowd-radio-group>'
        '<crowd-checkbox name="any" value="1" required></crowd-checkbox><crowd-checkbox name="any" value="2" required>'
        "</crowd-checkbox><crowd-toggle-button name='sure' required></crowd-toggle-button>"
    )
    for way in each_way(6):
        found = tree(body, **way)
        assert found["likes"]["on"] is not found["hates"]["on"]
        assert any(found["any"].values())
        assert found["sure"] == {"on": True}
    assert tree(body, gold={"hates": True})["hates"] == {"on": True}


def test_classifiers_take_what_they_offer_and_gold_in_every_form():
    body = (
        "<crowd-classifier name='one' categories=\"['Good', {label: 'Bad'}, /* and */ 'Ugly',]\"></crowd-classifier>"
        "<crowd-image-classifier-multi-select name=\"more\" categories=\"['a','b','c']\" exclusion-category=\"{text: "
        "'none'}\"><worker-comment></worker-comment></crowd-image-classifier-multi-select>"
    )
    for way in each_way(6):
        found = tree(body, **way)
        assert found["one"]["label"] in ("Good", "Bad", "Ugly")
        assert set(found["more"]["labels"]) <= {"a", "b", "c"}
        assert set(found["more"]) <= {"labels", "workerComment"}
    for gold in (
        {"one": "Ugly", "more": ["c"]},
        {"one": {"label": "Ugly"}, "more": {"labels": ["c"]}},
        {"one.label": "Ugly", "more.labels": '["c"]'},
        {"taskAnswers": '[{"more":{"labels":["c"]},"one":{"label":"Ugly"}}]'},
    ):
        found = tree(body, gold=gold)
        assert (found["one"]["label"], found["more"]["labels"]) == ("Ugly", ["c"])
