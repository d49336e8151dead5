"""Good documents with something wrong somewhere: taken or refused with a sentence, never anything else."""

import random

import pytest

from marketplace.documents import (
    DocumentError,
    check_answers,
    check_question,
    parse_answer_key,
    parse_answers,
    parse_layout,
    parse_question,
    parse_question_form,
)
from tests.marketplace.forms import APPLET, BOARD, EMBEDDED, GAME, NEWER, PAGE, formatted, with_content
from tests.marketplace.making import EXTERNAL, FORM, HTML
from tests.marketplace.test_answer_keys import KEY
from tests.marketplace.test_documents import RECORDED
from tests.marketplace.test_layout_values import EVERYWHERE

PIECES = [
    *[
        "<",
        ">",
        '"',
        "'",
        "&",
        "/",
        "=",
        "`",
        "\\",
        "{",
        "}",
        "\n",
        "0",
        "-1",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "${v}",
    ],
    *["<script>", "</script>", "<style>", "</x>", "<svg>", "<textarea>", "<!DOCTYPE", "<?x ?>", "onx=", "srcdoc="],
    *[
        'xmlns=""',
        'xmlns:a="b"',
        'xsi:type="x"',
        "&#0;",
        "&#xfffe;",
        "&nbsp;",
        "é",
        "\u2028",
        "\ufffe",
        "\x00",
        "\ud800",
    ],
]


def mutated(document, chance):
    """The document with up to four pieces put in, taken out or copied to another place."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(document))
        how = chance.random()
        if how < 0.5:
            document = document[:at] + chance.choice(PIECES) + document[at:]
        elif how < 0.8:
            document = document[:at] + document[at + chance.randint(1, 12) :]
        else:
            start = chance.randrange(len(document))
            document = document[:at] + document[start : start + chance.randint(1, 40)] + document[at:]
    return document


def fill(page):
    """A layout that is one makes an HTMLQuestion, whatever the values."""
    layout = parse_layout(page)
    question = layout.question(dict.fromkeys(layout.names, "x<\"'`\\]]>"))
    assert check_question(question) == parse_question(question)


USES = {
    "HTMLQuestion": (check_question, HTML),
    "page": (check_question, PAGE),
    "ExternalQuestion": (check_question, EXTERNAL),
    "QuestionForm": (check_question, FORM),
    "newer QuestionForm": (check_question, NEWER),
    "table": (check_question, formatted(BOARD)),
    "other content": (check_question, with_content(APPLET + EMBEDDED)),
    "read": (parse_question, FORM),
    "test": (parse_question_form, GAME),
    "AnswerKey": (parse_answer_key, KEY),
    "answers": (check_answers, RECORDED),
    "answers read": (parse_answers, RECORDED),
    "layout": (fill, EVERYWHERE),
}


@pytest.mark.parametrize(("use", "document"), USES.values(), ids=USES)
def test_a_mutated_document_is_taken_or_refused_with_a_sentence(use, document):
    chance = random.Random(2017)
    verdicts = set()
    for _ in range(400):
        try:
            use(mutated(document, chance))
            verdicts.add("taken")
        except DocumentError as error:
            verdicts.add("refused")
            assert 0 < len(str(error)) < 3_000  # noqa: PT017 - either verdict will do
    assert verdicts == {"taken", "refused"}
