"""What a requester may publish: the schemas, by the reference's own documents and by what the service refused."""

import pytest

from marketplace.documents import DocumentError, Language, check_question, parse_question, parse_question_form
from tests.marketplace.forms import (
    APPLET,
    BOARD,
    CROWD,
    EMBEDDED,
    FLASH,
    GAME,
    NEWER,
    OVERVIEW,
    PAGE,
    QUESTION,
    SECOND,
    UPLOAD,
    UPLOAD_WRONG,
    formatted,
    free_text,
    page,
    specified,
    with_content,
)
from tests.marketplace.making import EXTERNAL, FORM, HTML, SCHEMAS

GOOD = {
    "the form of the reference": GAME,
    "the newer namespace": NEWER,
    "a page": PAGE,
    "a page of crowd elements": CROWD,
    "an address": EXTERNAL,
    "a form": FORM,
    "an address on this machine": EXTERNAL.replace("https://tasks.example.org", "http://localhost:8080"),
    "a negative height": EXTERNAL.replace(">0<", ">-5<"),
    "a prologue": '<?xml version="1.0"?>\n<!-- made by hand -->\n' + PAGE,
    "a schema location": GAME.replace(
        "<QuestionForm ",
        '<QuestionForm xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://127.0.0.1:9/a http://127.0.0.1:9/b" ',
    ),
    "overviews between and after questions": GAME.replace("</Question>", "</Question>" + OVERVIEW),
    "no overview": GAME.replace(OVERVIEW, ""),
    "no name": GAME.replace("<DisplayName>The Next Move</DisplayName>", ""),
    "no word on being required": GAME.replace("<IsRequired>true</IsRequired>", ""),
    "numbers": free_text('<IsNumeric minValue="100" maxValue="999"/><Length minLength="3" maxLength="3"/>'),
    "any number": free_text('<IsNumeric/><Length minLength="0"/>'),
    "a pattern": free_text(
        '<AnswerFormatRegex regex="regex" flags="i" errorText="You must enter \'regex\'."/>'
        '<AnswerFormatRegex regex="(^$|\\S{2,})"/>'
    ),
    "a phone number": free_text(
        r'<AnswerFormatRegex regex="^(1[- ]?)?(\([2-9]\d{2}\)\s*|[2-9]\d{2}-?)[2-9]\d{2}-?\d{4}$)"/>'
    ),
    "many lines": specified("<FreeTextAnswer><NumberOfLinesSuggestion>5</NumberOfLinesSuggestion></FreeTextAnswer>"),
    "a file": specified(UPLOAD),
    "an applet": with_content(APPLET),
    "a film": with_content(FLASH),
    "something embedded": with_content(EMBEDDED, NEWER),
    "nothing to select": GAME.replace("<StyleS", "<MinSelectionCount>0</MinSelectionCount><StyleS"),
    "other": GAME.replace(
        "</Selections>", "<OtherSelection><DefaultText>x</DefaultText></OtherSelection></Selections>"
    ),
    "a formatted selection": GAME.replace(
        "<Text>Likely</Text>", "<FormattedContent><![CDATA[<b>Likely</b>]]></FormattedContent>"
    ),
    "a table": formatted(BOARD),
    "chocolate": formatted("I absolutely <i>love</i> chocolate ice cream!"),
    "what the service took": formatted(
        '<center><font color="red"><s>a</s><strike>b</strike></font></center><iframe>text</iframe>'
        '<a href="mailto:a@example.org">c</a>'
    ),
    "escaped instead of CDATA": with_content("<FormattedContent>&lt;b&gt;bold&lt;/b&gt;</FormattedContent>"),
    "every tag": formatted(
        '<p align="left" title="t" lang="en" dir="ltr">a<b>b</b><big>c</big><br/><cite>d</cite><code>e</code></p>'
        '<blockquote cite="http://a"><p>f</p></blockquote><del datetime="x">g</del><em>h</em><h1>i</h1><h6>j</h6>'
        '<hr size="1" noshade="noshade"/><i>k</i><img src="https://a/b.png" alt="" usemap="#m" width="3"/>'
        '<ins cite="https://a">l</ins><ol start="3" type="a"><li value="4">m</li></ol><map name="m">'
        '<area alt="n" href="ftp://a/b" shape="rect" coords="1,2,3,4"/></map><pre>o</pre><q>p</q><small>q</small>'
        '<strong>r</strong><sub>s</sub><sup>t</sup><u>u</u><ul compact="compact"><li><p>v</p></li></ul>'
        '<dl><dt>w</dt><dd>x</dd></dl><table><colgroup><col span="2"/></colgroup><thead><tr><th scope="col">y</th></tr>'
        "</thead>"
        '<tfoot><tr><td nowrap="nowrap">z</td></tr></tfoot><tbody><tr><td rowspan="2">0</td></tr></tbody></table>'
    ),
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_good_questions_are_taken(document):
    assert check_question(document) == parse_question(document)


BAD = {
    "the sizes of a file in the wrong order": (
        specified(UPLOAD_WRONG),
        "MinFileSizeInBytes is not allowed here; expected is MaxFileSizeInBytes",
    ),
    "a file too large": (specified(UPLOAD.replace("3000000", "2000000001")), "2000000000 or less"),
    "a file in the newer form": (specified(UPLOAD, NEWER), "FileUploadAnswer is not allowed"),
    "an applet in the newer form": (with_content(APPLET, NEWER), "Application is not allowed"),
    "questions in the wrong order": (
        GAME.replace("<DisplayName>The Next Move</DisplayName>\n<IsRequired>true</IsRequired>", "<IsRequired>1</"
                     "IsRequired><DisplayName>x</DisplayName>"),
        "DisplayName is not allowed here; expected is QuestionContent",
    ),
    "only an overview": (GAME.replace(QUESTION, "").replace(SECOND, ""), "Question is missing|no Question"),
    "required perhaps": (GAME.replace(">true<", ">perhaps<"), "true or false"),
    "an address without scheme": (GAME.replace("http://tictactoe", "tictactoe"), "begin with http:// or https://"),
    "a script for a picture": (GAME.replace("http://tictactoe", "javascript:x//"), "begin with http:// or https://"),
    "smell": (GAME.replace("<Type>image", "<Type>smell"), "it has to be image or audio or video"),
    "no alternative text": (GAME.replace('<AltText>The game board, with "X" to move.</AltText>', ""), "AltText"),
    "text outside": (GAME.replace("<Overview>", "<Overview>hello"), "Text is not allowed directly in Overview"),
    "an unknown style": (GAME.replace("radiobutton", "slider"), "radiobutton or checkbox or list"),
    "no length": (free_text('<Length maxLength="0"/>'), "1 or more|whole number"),
    "negative length": (free_text('<Length minLength="-1"/>'), "whole number|or more"),
    "a pattern without": (free_text("<AnswerFormatRegex/>"), "needs the attribute regex"),
    "another flag": (free_text('<AnswerFormatRegex regex="a" flags="g"/>'), "it has to be i"),
    "no lines": (
        specified("<FreeTextAnswer><NumberOfLinesSuggestion>0</NumberOfLinesSuggestion></FreeTextAnswer>"),
        "NumberOfLinesSuggestion",
    ),
    "a selection of two contents": (
        GAME.replace("<Text>Likely</Text>", "<Text>Likely</Text><Text>Very</Text>"),
        "SelectionIdentifier and one of",
    ),
    "two selections of one name": (GAME.replace(">unsure<", ">likely<"), "more than once"),
    "more selections than there are": (
        GAME.replace(
            "<StyleS",
            "<MinSelectionCount>4</MinSelectionCount><MaxSelectionCount>9</MaxSelectionCount><StyleS",
        ),
        "offers 3",
    ),
    "at least more than at most": (
        GAME.replace("<StyleS", "<MinSelectionCount>2</MinSelectionCount><StyleS"),
        "at least 2",
    ),
    "http": (EXTERNAL.replace("https:", "http:"), "HTTPS"),
    "http to a lookalike of this machine": (EXTERNAL.replace("https://tasks", "http://localhost"), "HTTPS"),
    "a height before the address": (
        f'<ExternalQuestion xmlns="{SCHEMAS}2006-07-14/ExternalQuestion.xsd"><FrameHeight>0</FrameHeight>'
        "<ExternalURL>https://a</ExternalURL></ExternalQuestion>",
        "FrameHeight is not allowed here; expected is ExternalURL",
    ),
    "an attribute nobody knows": (HTML.replace("<FrameHeight>", '<FrameHeight unit="px">'), "attribute unit"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "sentence"), BAD.values(), ids=BAD)
def test_bad_questions_are_refused_with_the_reason(document, sentence):
    with pytest.raises(DocumentError, match=sentence) as refused:
        check_question(document)
    assert refused.value.language is Language.XML
    assert "{" not in str(refused.value)


def test_errors_name_the_line():
    with pytest.raises(DocumentError) as refused:
        check_question(specified(UPLOAD_WRONG))
    assert refused.value.line == GAME[: GAME.index("<FreeTextAnswer>")].count("\n") + 2


def test_a_question_has_at_most_65535_bytes():
    largest = page("é" * ((65_535 - len(HTML.encode())) // 2))
    assert len(largest.encode()) >= 65_534
    check_question(largest)
    with pytest.raises(DocumentError, match="at most 65535"):
        check_question(largest.replace("<form>", "éé<form>"))


def test_a_test_is_a_question_form_without_files():
    assert parse_question_form(GAME).find("likelytowin")
    assert parse_question_form(NEWER).find("nextmove")
    with pytest.raises(DocumentError, match="asks for a file"):
        parse_question_form(specified(UPLOAD))
    for document in (HTML, EXTERNAL):
        with pytest.raises(DocumentError, match="has to be a QuestionForm"):
            parse_question_form(document)
    with pytest.raises(DocumentError, match="FileUploadAnswer is not allowed"):
        parse_question_form(specified(UPLOAD, NEWER))
