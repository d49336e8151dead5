"""Reading the requester's side: fields, options, widgets, pictures, in the tolerant way people write them."""

import pytest

from hits.questions import read_question
from hits.questions.attributes import fill, labels

from ..answers.documents import html_question


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('["Cat", "Dog"]', ("Cat", "Dog")),
        ("['Cat', 'Dog',]", ("Cat", "Dog")),
        ("[{label: 'Cat', shortDisplayName: 'C'}, // the first\n {label: 'Dog'}]", ("Cat", "Dog")),
        ("['it\\'s', 3]", ("it's", "3")),
        ("${labels}", ()),
        ("Cat, Dog", ()),
        ("", ()),
        ("[" * 5_000, ()),
    ],
)
def test_label_lists_are_read_as_people_write_them(text, expected):
    assert labels(text) == expected


def test_variables_are_filled_from_the_inputs_and_unknown_ones_stay():
    assert fill("${a}/${b}.png", {"a": "x"}) == "x/${b}.png"


def test_the_controls_of_a_page_have_their_labels_options_and_limits():
    question = read_question(
        html_question(
            '<form><p>Your name</p><input name="who">'
            '<label for="y">Year</label><input id="y" type="number" name="year">'
            '<select name="size"><option value="s">Small</option><option>Large</option></select>'
            '<input type="range" name="mood" min="1" max="7"><input type="hidden" name="log">'
            '<textarea name="why" placeholder="Say why" required></textarea></form>'
        )
    )
    fields = question.fields
    assert {name: field.control for name, field in fields.items()} == {
        "who": "text",
        "year": "number",
        "size": "select",
        "mood": "range",
        "log": "hidden",
        "why": "textarea",
    }
    assert (fields["who"].label, fields["year"].label, fields["log"].label) == ("Your name", "Year", "")
    assert fields["size"].options == (("s", "Small"), ("Large", "Large"))
    assert (fields["mood"].minimum, fields["mood"].maximum) == (1.0, 7.0)
    assert fields["why"].required


def test_buttons_of_one_name_are_one_field_with_several_options():
    question = read_question(
        html_question(
            '<form><label><input type="radio" name="r" value="1">One</label>'
            '<input type="radio" name="r" value="2">Two</form>'
        )
    )
    assert question.fields["r"].options == (("1", "One"), ("2", "Two"))


def test_crowd_elements_closed_like_xml_are_still_found():
    question = read_question(
        html_question(
            '<crowd-form answer-format="flatten-objects"><crowd-input name="a" label="First" required/>'
            '<crowd-slider name="b" max="5"/>'
            '<crowd-polygon name="c" src="${pic}" labels="[\'x\']" header="Outline it"/></crowd-form>'
        )
    )
    assert question.flattened
    assert question.fields["a"].label == "First"
    assert question.fields["b"].maximum == 5.0
    assert (question.widgets["c"].element, question.widgets["c"].header) == ("crowd-polygon", "Outline it")


def test_a_label_around_another_control_is_not_the_next_ones_label():
    question = read_question(
        html_question('<form><label><input type="radio" name="r" value="1"> One</label><input name="other"></form>')
    )
    assert question.fields["other"].label == ""


def test_an_external_question_is_its_address():
    question = read_question(
        '<ExternalQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2006-07-14/ExternalQuestion.xsd">'
        "<ExternalURL>https://tasks.example/?a=1&amp;b=2</ExternalURL><FrameHeight>0</FrameHeight></ExternalQuestion>"
    )
    assert (question.kind, question.url) == ("ExternalQuestion", "https://tasks.example/?a=1&b=2")


def test_the_bare_html_of_a_layout_is_read_too():
    assert "who" in read_question('<form><input name="who"></form>').fields


@pytest.mark.parametrize(
    "text", ["not XML", "<Odd/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><QuestionForm/>", "x" * 2_000_000]
)
def test_what_cannot_be_read_says_so(text):
    question = read_question(text)
    assert question.problem.endswith((".", ")"))
    assert not question.fields


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_no_question_is_no_problem(text):
    assert read_question(text).problem == ""
