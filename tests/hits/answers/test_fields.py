"""Answers beside their labels: the question's words, choices, numbers, links, files, long texts, trees."""

import json

from hits.answers import read, with_codes
from hits.answers.parts import Fields, Seen
from marketplace.documents import Answer as Written
from marketplace.documents import build_answers

from .documents import draw, html_question, named, page, part, plain, png, row, task_answers, words

FORM = """<QuestionForm xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2017-11-06/QuestionForm.xsd">
<Question><QuestionIdentifier>bird</QuestionIdentifier><IsRequired>true</IsRequired>
<QuestionContent><Text>Which bird is it?</Text></QuestionContent>
<AnswerSpecification><SelectionAnswer><Selections>
<Selection><SelectionIdentifier>r</SelectionIdentifier><Text>Robin</Text></Selection>
<Selection><SelectionIdentifier>s</SelectionIdentifier>
<FormattedContent><![CDATA[<b>House</b> sparrow]]></FormattedContent></Selection>
</Selections></SelectionAnswer></AnswerSpecification></Question>
<Question><QuestionIdentifier>why</QuestionIdentifier><QuestionContent><Text>How do you know?</Text></QuestionContent>
<AnswerSpecification><FreeTextAnswer/></AnswerSpecification></Question>
<Question><QuestionIdentifier>photo</QuestionIdentifier><QuestionContent><Text>Your photo</Text></QuestionContent>
<AnswerSpecification><FreeTextAnswer/></AnswerSpecification></Question>
</QuestionForm>"""


def test_a_question_form_is_shown_with_its_questions_and_its_selections_words():
    xml = build_answers(
        [
            Written("bird", selection_identifiers=("s",)),
            Written("why", "Its bib."),
            Written("photo", uploaded_file_key="k123", uploaded_file_size=2048),
        ]
    )
    answer = read(xml, FORM)
    bird = row(answer, "Which bird is it?")
    assert [(option.text, option.chosen) for option in bird.options] == [("Robin", False), ("House sparrow", True)]
    text = words(page(xml, FORM))
    for expected in ("How do you know?", "Its bib.", "Your photo", "k123", "2,048 bytes"):
        assert expected in text
    assert answer.summary.startswith("Which bird is it?: House sparrow")


def test_another_selection_is_shown_as_the_worker_wrote_it_and_nothing_selected_says_so():
    other = build_answers([Written("bird", selection_identifiers=("r",), other_selection="or an owl")])
    assert [option.text for option in row(read(other, FORM), "Which bird is it?").options if option.chosen] == [
        "Robin",
        "or an owl",
    ]
    nothing = build_answers([Written("bird")])
    assert not any(option.chosen for option in row(read(nothing, FORM), "Which bird is it?").options)
    assert "nothing selected" in words(page(nothing, FORM))


def test_a_question_nobody_answered_is_listed():
    answer = read(build_answers([Written("bird", selection_identifiers=("r",))]), FORM)
    assert row(answer, "How do you know?").text == "not answered"


def test_a_selection_the_form_does_not_offer_is_shown_as_it_is():
    answer = read(build_answers([Written("bird", selection_identifiers=("gone",))]), FORM)
    assert [option.text for option in row(answer, "Which bird is it?").options if option.chosen] == ["gone"]


def test_booleans_of_one_question_are_one_choice():
    answer = read(task_answers({"image": {"blurry": True, "dark": True, "small": False}}))
    assert {option.text: option.chosen for option in row(answer, "image").options} == {
        "blurry": True,
        "dark": True,
        "small": False,
    }


def test_radio_buttons_with_names_of_their_own_are_one_question():
    answer = read(task_answers({"device1": {"phone": False}, "device2": {"tablet": True}, "device3": {"desk": False}}))
    device = row(answer, "device")
    assert [option.text for option in device.options if option.chosen] == ["tablet"]
    assert len(device.options) == 3


def test_a_radio_group_of_the_task_gathers_its_buttons_whatever_they_are_called():
    question = html_question(
        '<crowd-form><crowd-radio-group><crowd-radio-button name="cheap" value="on">Cheap</crowd-radio-button>'
        '<crowd-radio-button name="dear" value="on">Expensive</crowd-radio-button></crowd-radio-group></crowd-form>'
    )
    answer = read(task_answers({"cheap": {"on": False}, "dear": {"on": True}}), question)
    (only,) = part(answer, Fields).rows
    assert [(option.text, option.chosen) for option in only.options] == [("Cheap", False), ("Expensive", True)]


def test_a_question_of_radio_buttons_that_nobody_chose_is_not_answered():
    buttons = {"a1": {"yes": False}, "a2": {"no": False}, "boxes": {"x": False, "y": False}}
    answer = read(task_answers(buttons))
    assert (row(answer, "a").text, row(answer, "boxes").text) == ("not answered", "none ticked")
    question = html_question("<crowd-form><input type=radio name=boxes value=x><input type=radio name=boxes value=y>")
    assert row(read(task_answers(buttons), question), "boxes").text == "not answered"


def test_buttons_that_all_say_on_are_told_apart_by_their_numbers():
    answer = read(named({"question1.0.on": "true", "question1.1.on": "false", "question1.2.on": "false"}))
    assert [(option.text, option.chosen) for option in row(answer, "question1").options] == [
        ("0", True),
        ("1", False),
        ("2", False),
    ]


def test_a_summary_beside_the_buttons_is_not_shown_twice():
    question = html_question('<input type="radio" name="a" value="1"><input type="radio" name="a" value="2">')
    answer = read(named({"a.1": "False", "a.2": "True", "a": "2"}), question)
    (only,) = part(answer, Fields).rows
    assert [option.text for option in only.options if option.chosen] == ["2"]


def test_the_envelope_of_augmented_ai_is_opened():
    answer = read(task_answers({"answerContent": {"kind": {"label": "Falcon"}}, "timeSpentInSeconds": 12.5}))
    assert [option.text for option in row(answer, "kind").options] == ["Falcon"]


def test_a_class_stands_beside_the_picture_of_its_number_if_the_requester_named_it():
    theirs, ours = "https://worker.example/b.png", "https://pictures.example/a.png"
    xml = task_answers({"class-0": "dog", "class-1": "cat", "url-0": ours, "url-1": theirs})
    tree = page(xml, None, {"image1": ours})
    assert tree.xpath("//dd/img/@src") == [ours]
    assert [words(label) for label in tree.xpath("//dt")] == ["class-0", "class-1", "url-1"]
    assert [image.url for image in read(xml, None, {"image1": ours}).images] == [ours]


def test_a_toggle_says_on_or_off():
    text = words(page(task_answers({"lamp": {"on": True}, "heater": {"on": False}})))
    assert "lamp on" in text
    assert "heater off" in text


def test_an_html_radio_is_shown_with_its_label_and_the_other_options():
    question = html_question(
        "<form><fieldset><legend>How sure are you?</legend>"
        '<label><input type="radio" name="sure" value="1"> Not at all</label>'
        '<input type="radio" name="sure" value="2" id="s2"><label for="s2">Very</label></fieldset></form>'
    )
    answer = read(plain(sure="2"), question)
    assert [(option.text, option.chosen) for option in row(answer, "How sure are you?").options] == [
        ("Not at all", False),
        ("Very", True),
    ]


def test_a_category_stands_among_the_categories_offered_with_its_picture_and_comment():
    question = html_question(
        '<crowd-form><crowd-image-classifier name="kind" src="${photo}" header="What is it?"'
        " categories=\"['Falcon', 'Owl',]\">"
        "</crowd-image-classifier></crowd-form>"
    )
    xml = task_answers({"kind": {"label": "Owl", "workerComment": "Ears!"}})
    answer = read(xml, question, {"photo": "https://pictures.example/owl.jpg"})
    assert [(option.text, option.chosen) for option in row(answer, "What is it?").options] == [
        ("Falcon", False),
        ("Owl", True),
    ]
    assert part(answer, Seen).picture.url == "https://pictures.example/owl.jpg"
    assert "Ears!" in words(page(xml, question))


def test_a_slider_shows_where_between_its_ends():
    question = html_question('<crowd-form><crowd-slider name="much" min="0" max="10"></crowd-slider></crowd-form>')
    for xml in (plain(much="7"), task_answers({"much": 7})):
        (bar,) = page(xml, question).xpath("//progress")
        assert float(bar.get("value")) == 0.7


def test_a_number_outside_its_slider_is_flagged():
    question = html_question('<form><input type="range" name="much" min="0" max="10"></form>')
    assert "outside 0 to 10" in words(page(plain(much="-1"), question))


def test_a_long_text_is_folded_whole():
    text = " ".join(f"word{place}" for place in range(400))
    tree = page(plain(essay=text))
    (folded,) = tree.xpath("//details[contains(@class, 'answer-long')]")
    assert folded.xpath("string(summary)").startswith("word0 word1")
    assert all(word in words(folded) for word in ("word0", "word200", "word399"))
    assert "400 words" in words(folded)


def test_lines_and_spaces_of_a_text_are_kept():
    (shown,) = page(plain(poem="one\n  two")).xpath("//dd//p[contains(@class, 'answer-words')]")
    assert shown.text_content() == "one\n  two"


def test_an_address_is_a_link_that_tells_its_host_and_leaks_nothing():
    (link,) = page(plain(site="https://example.org@evil.example/path?q=1")).xpath("//dd//a")
    assert link.get("rel") == "noopener noreferrer nofollow"
    assert link.get("target") == "_blank"
    assert words(link.getparent()).endswith("evil.example")


def test_a_host_that_only_looks_familiar_is_shown_as_the_network_sees_it():
    answer = read(plain(site="https://аpple.com/login"))  # the first letter is Cyrillic
    assert row(answer, "site").links[0].host == "xn--pple-43d.com"


def test_any_json_is_a_tree_that_folds():
    tree = page(
        plain(response=json.dumps({"subject": {"gloss": "Buddha", "spans": [745, 751]}, "ok": True, "none": None}))
    )
    (outer,) = tree.xpath("//div[@class='answer-tree']")
    text = words(outer)
    for expected in ("subject", "Buddha", "745, 751", "ok yes", "none nothing"):
        assert expected in text
    assert len(outer.xpath(".//details")) == 2


def test_many_blank_fields_are_one_line():
    answer = read(plain(**{f"field{letter}": "" for letter in "abcdefgh"}, said="something"))
    labels = [row.label for row in part(answer, Fields).rows]
    assert labels == ["said", "8 left blank"]


def test_a_png_inside_a_field_is_shown_and_anything_else_that_says_so_is_not():
    (image,) = page(plain(drawing=png(3, 2))).xpath("//dd//img")
    assert image.get("src").startswith("data:image/png;base64,iVBORw0KGgo")
    assert not page(plain(drawing="iVBORw0KGgo<script>")).xpath("//img")


def test_a_survey_code_is_compared_with_those_that_were_given_out() -> None:
    codes = {"code": {"ab-12"}, "other": {"x"}, "blank": {"x"}}
    answer = with_codes(read(named({"code": " AB-1 2", "other": "Y", "blank": "", "free": "x"})), codes)
    assert {name: row(answer, name).is_expected for name in ("code", "other", "blank", "free")} == {
        "code": True, "other": False, "blank": False, "free": None,
    }  # fmt: skip
    assert draw(answer).count("not among the expected codes") == 2
    assert draw(answer).count("an expected code") == 1
