"""Documents made to be slow, and many at the same time."""

import threading
import time

import pytest

from marketplace.documents import DocumentError, check_question
from tests.marketplace.forms import FREE_TEXT, GAME, QUESTION, formatted, page, with_content
from tests.marketplace.making import EXTERNAL

# 64 KB of whatever is worst for one of the checks. CPU time, because others may be working on the same machine.
SLOW = {
    "tags": page("<a b>" * 12_000),
    "less than": page("<" * 60_000),
    "attributes": page("<a " + " ".join(f"b{number}" for number in range(9_000)) + ">"),
    "touching attributes": page("<a " + 'b="c"' * 12_000 + ">"),
    "blanks": page("<a b" + " " * 60_000 + ">"),
    "quotes": page("<a b='" * 10_000),
    "comments": page("<!---->" * 8_000),
    "endless comments": page("<!-- " * 12_000),
    "titles": page("<title></title>" * 4_000),
    "addresses": EXTERNAL.replace("?a=1", "?" + "a" * 60_000),
    "slashes": GAME.replace("http://tictactoe", "http://" + "/" * 60_000),
    "questions": GAME.replace(
        "</QuestionForm>",
        "".join(
            QUESTION.replace("nextmove", f"n{number}").replace(FREE_TEXT, "<FreeTextAnswer/>") for number in range(150)
        )
        + "</QuestionForm>",
    ),
    "selections": GAME.replace(
        "</Selections>",
        "".join(
            f"<Selection><SelectionIdentifier>{number}</SelectionIdentifier><Text/></Selection>"
            for number in range(700)
        )
        + "</Selections>",
    ),
    "formatted blocks": with_content("<FormattedContent>&lt;b/&gt;</FormattedContent>" * 1_200),
    "formatted depth": formatted("<b>" * 10_000),
    "bad elements": GAME.replace("</Overview>", "<x/>" * 14_000 + "</Overview>"),
    "bad formatted elements": formatted("<x/>" * 14_000),
    "attributes of the same name": GAME.replace("<Overview>", "<Overview " + "a='b' " * 9_000 + ">"),
    "attributes in schema": GAME.replace("<Overview>", "<Overview " + " ".join(f"a{n}=''" for n in range(6_000)) + ">"),
    "a deep document": GAME.replace("<Overview>", "<Overview>" + "<List>" * 9_000),
    "namespaces": GAME.replace("<Overview>", "<Overview " + " ".join(f"xmlns:a{n}='b'" for n in range(4_000)) + ">"),
}


@pytest.mark.parametrize("document", SLOW.values(), ids=SLOW)
def test_no_document_takes_long(document):
    assert len(document.encode()) <= 65_535
    before = time.process_time()
    try:
        check_question(document)
    except DocumentError as error:
        assert len(str(error)) < 3_000  # noqa: PT017 - a verdict of either kind will do, if it is quick and short
    assert time.process_time() - before < 2


def test_documents_checked_at_the_same_time_do_not_mix_up_their_errors():
    documents = {f"style{number}": GAME.replace("radiobutton", f"style{number}") for number in range(8)}
    mixed = []

    def check(name):
        for _ in range(50):
            with pytest.raises(DocumentError) as refused:
                check_question(documents[name])
            if f'"{name}"' not in refused.value.message:
                mixed.append(refused.value.message)

    threads = [threading.Thread(target=check, args=(name,)) for name in documents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mixed == []
