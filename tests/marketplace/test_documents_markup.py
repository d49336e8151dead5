"""The XHTML of a QuestionForm and the HTML of an HTMLQuestion: what is taken, and what is refused with its place."""

import pytest

from marketplace.documents import DocumentError, Language, check_question
from tests.marketplace.forms import formatted, page, with_content
from tests.marketplace.making import SCHEMAS

# What the official schema is known to have refused, and what would be dangerous.
BAD_XHTML = {
    "div": ("<div>x</div>", "div is not allowed"),
    "span": ("<span>x</span>", "span is not allowed"),
    "script": ("<script>alert(1)</script>", "script is not allowed"),
    "style": ("<style>a{}</style>", "style is not allowed"),
    "form": ("<form/>", "form is not allowed"),
    "input": ("<input/>", "input is not allowed"),
    "video": ("<video/>", "video is not allowed"),
    "class": ('<b class="x">y</b>', "attribute class is not allowed on b"),
    "id": ('<b id="x">y</b>', "attribute id"),
    "style attribute": ('<b style="x">y</b>', "attribute style"),
    "onclick": ('<b onclick="x()">y</b>', "attribute onclick"),
    "a relative link": ('<a href="/x">y</a>', "href of a"),
    "javascript": ('<a href="javascript:alert(1)">y</a>', "href of a"),
    "javascript in disguise": ('<a href=" &#10;JaVaScRiPt:alert(1)">y</a>', "href of a"),
    "data": ('<img src="data:text/html,x" alt=""/>', "src of img"),
    "javascript in a frame": ('<iframe src="javascript:alert(1)"/>', "src of iframe"),
    "srcdoc": ('<iframe srcdoc="x"/>', "attribute srcdoc"),
    "a picture without words": ('<img src="https://a/b.png"/>', "img needs the attribute alt"),
    "a picture of nothing": ('<img alt="x"/>', "img needs the attribute src"),
    "a map without name": ("<map><area alt=''/></map>", "map needs the attribute name"),
    "nbsp": ("&nbsp;", "nbsp"),
    "capitals": ("<B>x</B>", "B is not allowed"),
    "p in p": ("<p><p>x</p></p>", "p is not allowed"),
    "p in b": ("<b><p>x</p></b>", "p is not allowed"),
    "a in a": ('<a href="http://a"><a href="http://b">x</a></a>', "a is not allowed"),
    "a comment": ("a<!-- b -->", "Comments"),
    "an instruction": ("<?php x ?>", "Processing instructions"),
    "not closed": ("<b>x", "mismatch"),
    "badly nested": ("<b><i>x</b></i>", "mismatch: i and b"),
    "no quotes": ("<td align=center>x</td>", "not well-formed"),
    "another namespace": ('<b xmlns="urn:x">y</b>', "b is not allowed"),
    "out of its element": ("</FormattedContent><FormattedContent>", "not well-formed"),
    "a language for a line break": ('<br lang="en"/>', "lang"),
    "text in a table": ("<table>x<tr><td/></tr></table>", "not allowed directly in table"),
    "an empty list": ("<ul></ul>", "ul is not complete"),
}


@pytest.mark.parametrize(("xhtml", "sentence"), BAD_XHTML.values(), ids=BAD_XHTML)
def test_formatted_content_is_the_allowed_xhtml(xhtml, sentence):
    with pytest.raises(DocumentError, match=sentence) as refused:
        check_question(formatted(xhtml))
    assert refused.value.language is Language.XHTML
    assert refused.value.line


def test_cdata_within_formatted_content_would_be_markup_to_a_browser():
    inside = "&lt;![CDATA[&gt;&lt;script&gt;alert(1)&lt;/script&gt;]]&gt;"
    with pytest.raises(DocumentError, match="CDATA"):
        check_question(with_content(f"<FormattedContent>{inside}</FormattedContent>"))


def test_an_error_in_formatted_content_names_the_line_of_the_document():
    document = formatted("\n<p>one</p>\n<p>two</p>\n<div>three</div>\n")
    with pytest.raises(DocumentError) as refused:
        check_question(document)
    assert refused.value.line == document[: document.index("<div>")].count("\n") + 1


BAD_HTML = {
    "a second body": ("<body>", "[2,5] An “body” start tag seen but an element of the same type was already open."),
    "a second html": ("<HTML>", "Stray start tag “html”."),
    "attributes that touch": ('\n<a b="c"d="e">', "[3,9] No space between attributes."),
    "an attribute twice": ("<a b=1 B=2>", "Duplicate attribute “b”."),
    "a quote too many": ('<a b="c"">', "Quote in attribute name."),
    "a tag in a tag": ("<div <p>", "Saw “<” when expecting an attribute name."),
    "no name": ("<a =b>", "Attribute name missing."),
    "a form in a form": ("<form>", "Nested forms are not allowed."),
    "an endless comment": ("<!-- x", "End of file seen"),
    "an endless script": ("<script>x</scripty>", "End of file seen"),
    "an endless quote": ("<a b='c>", "End of file seen"),
    "an endless title": ("<title>", "End of file seen"),
}


@pytest.mark.parametrize(("inside", "sentence"), BAD_HTML.values(), ids=BAD_HTML)
def test_html_in_which_something_is_lost_is_refused(inside, sentence):
    with pytest.raises(DocumentError) as refused:
        check_question(page(inside))
    assert refused.value.language is Language.HTML5
    assert refused.value.message.startswith("Errors: <! [")
    assert f"{sentence}" in refused.value.message
    assert " !> Invalid content: <!DOCTYPE html>" in refused.value.message
    assert len(refused.value.message) < 3000


GOOD_HTML = {
    "end tags too many": "</div></p></b>",
    "end tags too few": "<div><p><b><ul><li>a<li>b",
    "bodies in scripts": "<script>document.write('<body><form>')</script><!-- <body> --><textarea><body></textarea>",
    "an empty comment": "<!-->ok<!--->ok<!-- a --!>",
    "quotes of both kinds": """<a b="it's" c='"x"' d=e/f?g=h data-i>""",
    "empty values": '<a b="" c= d>',
    "lines in tags": '<input\n  type = "text"\n  name\t=\n"x"\n/>',
    "less than": "1 < 2 <3 && a<",
    "graphics": '<svg viewBox="0 0 1 1"><path d="M0 0"/><title>x</title></svg>',
    "unknown elements": '<crowd-form answer-format="flatten-objects"><my-own :x="1" @click="y" [z]="w"/></crowd-form>',
    "two forms": "<form></form>",
    "an old declaration": '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">',
    "end tags with attributes": "<p></p x x>",
}


@pytest.mark.parametrize("inside", GOOD_HTML.values(), ids=GOOD_HTML)
def test_html_that_every_browser_takes_is_taken(inside):
    assert check_question(page(inside)).html.count(inside) == 1


@pytest.mark.parametrize("html", ["<form><input name='x'></form>", "hello", "<p>No DOCTYPE"])
def test_a_piece_of_html_will_do(html):
    document = (
        f'<HTMLQuestion xmlns="{SCHEMAS}2011-11-11/HTMLQuestion.xsd"><HTMLContent><![CDATA[{html}]]></HTMLContent>'
    )
    assert check_question(document + "<FrameHeight>0</FrameHeight></HTMLQuestion>").html == html
