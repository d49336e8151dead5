"""Whatever JSON, names and texts come: reading and drawing end, and nothing of it is markup."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hits.answers import Parsed, normalise, parse, read
from hits.answers.parse import _plain
from hits.questions import Field, Question
from marketplace.documents import Answer as Written
from marketplace.documents import build_answers, parse_answers

from .documents import draw, named, plain
from .test_hostile import PAYLOADS, check_inert

KNOWN = """boundingBoxes polygons polylines lines keypoints entities instances labelMappings labeledImage pngImageData
    label labels left top width height x y vertices points data mode class startOffset endOffset inputImageProperties on
    yes workerComment color taskAnswers bbox-1 url-1 scale-1 q1 q2"""
KEYS = st.sampled_from(KNOWN.split())
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(PAYLOADS),
    st.sampled_from(["true", "FALSE", "{}", "[]", "on", "7", "https://a.example/b.png"]),
)
NAMES = st.one_of(KEYS, st.lists(KEYS, min_size=2, max_size=4).map(".".join), TEXTS)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.one_of(KEYS, TEXTS), inner, max_size=5)),
    max_leaves=25,
)
MORE_TIME = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MORE_TIME
@given(st.dictionaries(NAMES, VALUES, max_size=6), st.dictionaries(NAMES, TEXTS, max_size=3), st.booleans())
def test_any_json_is_read_and_drawn_inertly(value, inputs, nested):
    text = json.dumps([value])
    xml = build_answers([Written("taskAnswers", json.dumps(text) if nested else text)])
    answer = read(xml, None, inputs)
    assert "could not be shown" not in answer.problem
    assert len(answer.summary) <= 140
    check_inert(draw(answer)).text_content().encode()


@MORE_TIME
@given(
    st.lists(st.tuples(NAMES, st.one_of(TEXTS, VALUES.map(json.dumps))), max_size=8),
    st.dictionaries(NAMES, TEXTS, max_size=3),
)
def test_any_form_is_read_and_drawn_inertly(fields, inputs):
    xml = build_answers([Written(name, text) for name, text in fields])
    answer = read(xml, None, inputs)
    assert "could not be shown" not in answer.problem
    check_inert(draw(answer))


@MORE_TIME
@given(st.dictionaries(NAMES.filter(lambda name: name != "taskAnswers"), TEXTS, min_size=1, max_size=8))
def test_no_field_is_lost_on_the_way_to_the_tree(fields):
    parsed = parse(build_answers([Written(name, text) for name, text in fields.items()]))
    paths = [path for entry in normalise(parsed).entries for path in entry.paths]
    assert sorted(paths) == sorted(parsed.answers)


@MORE_TIME
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_at_all_is_an_answer(answer_text, question_text):
    check_inert(draw(read(answer_text, question_text)))


PIECES = [
    *("<Answer>", "</Answer>", "<QuestionIdentifier>", "</QuestionIdentifier>", "<FreeText>", "</FreeText>"),
    *(
        "<FreeText/>",
        "a",
        "q.1",
        "&amp;",
        "&lt;b&gt;",
        "&#38;",
        "&amp;lt;",
        "&x;",
        "&",
        ">",
        "]]>",
        "]",
        "\n",
        "\r\n",
        "\t",
    ),
    *(
        " ",
        "\x0b",
        "\xa0",
        "é😀",
        "\ufffe",
        "\ud800",
        "<!-- c -->",
        "<![CDATA[x]]>",
        "<?p x?>",
        "</QuestionFormAnswers>",
    ),
    *("<SelectionIdentifier>s</SelectionIdentifier>", "<FreeText a='1'>", '<Answer xmlns="">', "{}", "[1]", '"'),
]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
        st.lists(
            st.tuples(st.lists(st.sampled_from(PIECES[7:24]), max_size=4), st.lists(st.sampled_from(PIECES[7:24]))),
            max_size=4,
        ).map(
            lambda pairs: "".join(
                f"<Answer>\n<QuestionIdentifier>{''.join(name)}</QuestionIdentifier>"
                f"<FreeText>{''.join(text)}</FreeText></Answer>"
                for name, text in pairs
            )
        ),
    )
)
def test_the_quick_way_through_plain_documents_reads_what_the_parser_reads(inner):
    document = plain().replace("</QuestionFormAnswers>", f"{inner}</QuestionFormAnswers>")
    quick = _plain(document)
    if quick is None:
        return
    answers = parse_answers(document)
    assert [(name, given.texts) for name, given in quick.items()] == [
        (answer.question_identifier, (answer.free_text,)) for answer in answers
    ]
    # And its tree is the one that is made of any other document.
    parsed = Parsed(quick)
    by_itself = normalise(parsed)
    never = Question(kind="", fields={"no such field at all": Field("no such field at all", "text")})
    assert by_itself == normalise(parsed, never)


def test_what_mturk_writes_goes_the_quick_way():
    fields = {"a": "x > y & <b>", "b": "", "ü": "line\nline", "q10": "1", "q9": "2"}
    assert {name: given.texts for name, given in _plain(named(fields)).items()} == {
        name: (text,) for name, text in fields.items()
    }
