"""The XML documents: read exactly, written exactly, and what a stranger may put into them."""

import pytest

from marketplace.documents import Answer, AnswerKind, DocumentError, Kind, build_answers, parse_answers, parse_question
from tests.marketplace.making import ANSWERS, EXTERNAL, FORM, HTML, SCHEMAS

RECORDED = f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<QuestionFormAnswers xmlns="{ANSWERS}">
<Answer>
<QuestionIdentifier>workerTime</QuestionIdentifier>
<FreeText>90.555</FreeText>
</Answer>
<Answer>
<QuestionIdentifier>comment</QuestionIdentifier>
<FreeText/>
</Answer>
</QuestionFormAnswers>"""


def answers(inside, root="QuestionFormAnswers", namespace=ANSWERS):
    return f'<{root} xmlns="{namespace}">{inside}</{root}>'


def test_recorded_answers_are_read_and_written_as_they_were():
    read = parse_answers(RECORDED)
    assert read == [Answer("workerTime", "90.555"), Answer("comment", "")]
    assert build_answers(read) == RECORDED


def test_every_kind_of_answer_survives_the_way_there_and_back():
    given = [
        Answer("text", "a & <b> ]]> \u00e9\u2713\U0001f600\ttab\nline"),
        Answer("choice", selection_identifiers=("one", "two"), other_selection="three"),
        Answer("nothing"),
        Answer("file", uploaded_file_key="KEY", uploaded_file_size=12),
        Answer("text", "the same question again"),
    ]
    assert parse_answers(build_answers(given)) == given


def test_return_characters_survive_and_impossible_ones_are_replaced():
    assert parse_answers(build_answers([Answer("x", "a\r\nb\x00\x1b\x7f\ud800\uffff")]))[0].free_text == (
        "a\r\nb\ufffd\ufffd\x7f\ufffd\ufffd"
    )


def test_cdata_comments_and_a_declared_encoding_do_not_matter():
    inside = (
        "<Answer><QuestionIdentifier>x</QuestionIdentifier><FreeText>a<!-- c --><![CDATA[<b>]]></FreeText></Answer>"
    )
    assert parse_answers('<?xml version="1.0" encoding="UTF-16"?>' + answers(inside)) == [Answer("x", "a<b>")]


HOSTILE = {
    "nothing": "",
    "not XML": "hello",
    "not closed": "<QuestionFormAnswers>",
    "another root": answers("", root="QuestionForm"),
    "another namespace": answers("", namespace="urn:x"),
    "no namespace": "<QuestionFormAnswers/>",
    "a file by entity": f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:/etc/passwd">]>{answers("&e;")}',
    "a DTD elsewhere": f'<?xml version="1.0"?>\n<!-- c --><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">{answers("")}',
    "laughs": '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + answers("&b;"),
    "an undefined entity": answers(
        "<Answer><QuestionIdentifier>a</QuestionIdentifier><FreeText>&nbsp;</FreeText></Answer>"
    ),
    "depth": "<a>" * 100_000,
    "size": answers("<Answer/>" + " " * (4 * 1024 * 1024)),
    "size in bytes": answers("\u20ac" * (2 * 1024 * 1024)),
    "a lone surrogate": answers("\ud800"),
    "a NUL": answers("\x00"),
    "no identifier": answers("<Answer><FreeText>x</FreeText></Answer>"),
    "an unknown element": answers("<Answer><QuestionIdentifier>a</QuestionIdentifier><Script/></Answer>"),
    "elements in text": answers(
        "<Answer><QuestionIdentifier>a</QuestionIdentifier><FreeText>x<b>y</b></FreeText></Answer>"
    ),
    "size that is none": answers(
        "<Answer><QuestionIdentifier>a</QuestionIdentifier><UploadedFileSizeInBytes>many</UploadedFileSizeInBytes></Answer>"
    ),
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_hostile_answers_are_refused_with_a_sentence(document):
    with pytest.raises(DocumentError) as refused:
        parse_answers(document)
    assert len(refused.value.message.split()) > 3
    assert "root:" not in str(refused.value)


def test_a_sentence_about_a_long_name_is_short():
    for document in (answers("<" + "n" * 40_000 + "/>"), f"<{'n' * 40_000}/>", answers("", namespace="u" * 40_000)):
        with pytest.raises(DocumentError) as refused:
            parse_answers(document)
        assert len(str(refused.value)) < 600


def test_errors_name_the_line():
    with pytest.raises(DocumentError) as refused:
        parse_answers(RECORDED.replace("<FreeText/>", "<Wrong/>"))
    assert refused.value.line == 9
    assert str(refused.value).endswith("(line 9)")
    assert "Wrong" in refused.value.message


def test_html_question():
    question = parse_question(HTML)
    assert question.kind is Kind.HTML_QUESTION
    assert question.html.startswith("<!DOCTYPE html><html>")
    assert "\u00e9\u2713" in question.html
    assert question.frame_height == 600


def test_external_question():
    question = parse_question(EXTERNAL)
    assert (question.kind, question.url) == (Kind.EXTERNAL_QUESTION, "https://tasks.example.org/do?a=1&b=2")
    assert question.frame_height == 0
    assert parse_question(EXTERNAL.replace(">0<", ">-5<")).frame_height == 0


def test_question_form():
    form = parse_question(FORM)
    assert form.kind is Kind.QUESTION_FORM
    assert form.overview == "About fruit\nTwo questions."
    why, fruit = form.questions
    assert (why.identifier, why.display_name, why.is_required) == ("why", "Why", True)
    assert why.text == "Why do you like it?\n\u2022 be brief"
    assert why.answer_kind is AnswerKind.FREE_TEXT
    assert fruit.text == "Which fruit?"
    assert fruit.answer_kind is AnswerKind.SELECTION
    assert [(selection.identifier, selection.text) for selection in fruit.selections] == [
        ("a", "Apple"),
        ("p", "Pear"),
        ("z", "A zucchini"),
    ]
    assert (fruit.min_selections, fruit.max_selections, fruit.style) == (1, 2, "checkbox")
    assert fruit.has_other_selection
    assert form.find("fruit") is fruit
    assert (fruit.label("p"), fruit.label("unknown")) == ("Pear", "unknown")


def test_formatted_content_keeps_its_words_apart():
    table = "<p>One<br/>two</p><table><tr><td>three</td><td>f<b>ou</b>r</td></tr></table>"
    assert parse_question(FORM.replace("<b>fruit</b>", table)).questions[1].text == "Which One two three four ?"


def test_script_in_formatted_content_is_no_text():
    assert parse_question(FORM.replace("<b>fruit</b>", "<script>alert(1)</script>")).questions[1].text == "Which ?"


@pytest.mark.parametrize("character", ["&#xfffe;", "&#0;", "&#1;", "&#xd800;", "\ufffd", "&#xffff;", "<?a b?>", "<!--"])
def test_characters_that_are_none_do_not_stop_formatted_content(character):
    text = parse_question(FORM.replace("<b>fruit</b>", f"<p>fr{character}</p>uit")).questions[1].text
    assert text.startswith("Which")


BAD_QUESTIONS = {
    "not XML": ("x", "not well-formed"),
    "unknown root": ("<x/>", "root element is x"),
    "namespace": (HTML.replace("2011-11-11", "2012-11-11"), "namespace"),
    "DOCTYPE": ("<!DOCTYPE x>" + HTML, "DOCTYPE"),
    "too long": (HTML.replace("</html>", "\u20ac" * 22_000), "at most 65535"),
    "markup without CDATA": (
        HTML.replace("<![CDATA[<!DOCTYPE html>", "<p/>").replace("]]>", "").replace('"x">', '"x"/>'),
        "CDATA",
    ),
    "no content": (
        f'<HTMLQuestion xmlns="{SCHEMAS}2011-11-11/HTMLQuestion.xsd"><FrameHeight>0</FrameHeight></HTMLQuestion>',
        "no HTMLContent",
    ),
    "no height": (HTML.replace("<FrameHeight>600</FrameHeight>", ""), "no FrameHeight"),
    "height": (HTML.replace("600", "6 feet"), "not a whole number"),
    "script URL": (EXTERNAL.replace("https:", "javascript:"), "ExternalURL"),
    "file URL": (EXTERNAL.replace("https://tasks.example.org", "file://etc"), "ExternalURL"),
    "malformed URL": (EXTERNAL.replace("https://tasks.example.org", "https://[::1"), "ExternalURL"),
    "extra element": (EXTERNAL.replace("<FrameHeight>", "<Extra/><FrameHeight>"), "Extra is not allowed"),
    "no specification": (FORM.replace("<FreeTextAnswer/>", ""), 'question "why"'),
    "unknown specification": (FORM.replace("<FreeTextAnswer/>", "<Telepathy/>"), "Telepathy"),
    "twice": (FORM.replace(">fruit<", ">why<"), "more than once"),
    "selection without identifier": (
        FORM.replace("<SelectionIdentifier>a</SelectionIdentifier>", ""),
        "SelectionIdentifier",
    ),
    "no question": (f'<QuestionForm xmlns="{SCHEMAS}2005-10-01/QuestionForm.xsd"/>', "no Question"),
}


@pytest.mark.parametrize(("document", "sentence"), BAD_QUESTIONS.values(), ids=BAD_QUESTIONS)
def test_bad_questions_are_refused_with_the_reason(document, sentence):
    with pytest.raises(DocumentError, match=sentence):
        parse_question(document)
