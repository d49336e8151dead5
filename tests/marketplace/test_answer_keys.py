"""AnswerKey: what a test is worth, by the reference's own examples and at its edges."""

import pytest

from marketplace.documents import Answer, DocumentError, parse_answer_key, parse_question_form
from tests.marketplace.making import SCHEMAS

KEY = f"""<AnswerKey xmlns="{SCHEMAS}2005-10-01/AnswerKey.xsd">
<Question>
<QuestionIdentifier>nextmove</QuestionIdentifier>
<AnswerOption>
<SelectionIdentifier>D</SelectionIdentifier>
<AnswerScore>5</AnswerScore>
</AnswerOption>
</Question>
<Question>
<QuestionIdentifier>favoritefruit</QuestionIdentifier>
<AnswerOption>
<SelectionIdentifier>apples</SelectionIdentifier>
<AnswerScore>10</AnswerScore>
</AnswerOption>
</Question>
<QualificationValueMapping>
<PercentageMapping>
<MaximumSummedScore>15</MaximumSummedScore>
</PercentageMapping>
</QualificationValueMapping>
</AnswerKey>"""
RANGES = """<RangeMapping>
<SummedScoreRange>
<InclusiveLowerBound>5</InclusiveLowerBound>
<InclusiveUpperBound>7</InclusiveUpperBound>
<QualificationValue>5</QualificationValue>
</SummedScoreRange>
<SummedScoreRange>
<InclusiveLowerBound>8</InclusiveLowerBound>
<InclusiveUpperBound>10</InclusiveUpperBound>
<QualificationValue>10</QualificationValue>
</SummedScoreRange>
<OutOfRangeQualificationValue>0</OutOfRangeQualificationValue>
</RangeMapping>"""


def key(*options, default=None, mapping="", identifier="q"):
    """A key of one question; an option is "a b" (its selections) and a score."""
    inside = "".join(
        "<AnswerOption>"
        + "".join(f"<SelectionIdentifier>{name}</SelectionIdentifier>" for name in names.split())
        + f"<AnswerScore>{score}</AnswerScore></AnswerOption>"
        for names, score in options
    )
    if default is not None:
        inside += f"<DefaultScore>{default}</DefaultScore>"
    if mapping:
        mapping = f"<QualificationValueMapping>{mapping}</QualificationValueMapping>"
    return (
        f'<AnswerKey xmlns="{SCHEMAS}2005-10-01/AnswerKey.xsd"><Question>'
        f"<QuestionIdentifier>{identifier}</QuestionIdentifier>{inside}</Question>{mapping}</AnswerKey>"
    )


def percentage(maximum):
    return f"<PercentageMapping><MaximumSummedScore>{maximum}</MaximumSummedScore></PercentageMapping>"


def scale(multiplier):
    return f"<ScaleMapping><SummedScoreMultiplier>{multiplier}</SummedScoreMultiplier></ScaleMapping>"


def chose(*selections, question="q"):
    return Answer(question, selection_identifiers=selections)


def score(document, *answers):
    return parse_answer_key(document).score(answers)


def test_the_reference_example():
    read = parse_answer_key(KEY)
    assert read.question_ids == ["nextmove", "favoritefruit"]
    right, wrong = chose("D", question="nextmove"), chose("C", question="nextmove")
    apples = chose("apples", question="favoritefruit")
    assert read.score([right, apples]) == 100
    assert read.score([apples, right]) == 100
    assert read.score([wrong, apples]) == 67
    assert read.score([right]) == 33
    assert read.score([]) == 0


def test_a_prologue_and_prefixes_do_not_matter():
    prefixed = '<?xml version="1.0" encoding="UTF-8"?>\n' + KEY.replace("</", "</k:")
    for name in ("AnswerKey", "Question>", "QuestionIdentifier>", "AnswerOption>", "SelectionIdentifier>"):
        prefixed = prefixed.replace(f"<{name}", f"<k:{name}")
    for name in ("AnswerScore>", "QualificationValueMapping>", "PercentageMapping>", "MaximumSummedScore>"):
        prefixed = prefixed.replace(f"<{name}", f"<k:{name}")
    prefixed = prefixed.replace("xmlns=", "xmlns:k=")
    assert parse_answer_key(prefixed) == parse_answer_key(KEY)


def test_an_option_wants_all_of_its_selections_and_no_others():
    document = key(("a b", 10), ("a", 3), ("c", -4))
    assert score(document, chose("b", "a")) == 10
    assert score(document, chose("a")) == 3
    assert score(document, chose("a", "b", "c")) == 0
    assert score(document, chose("b")) == 0
    assert score(document, chose("c")) == -4
    assert score(document, chose()) == 0


def test_the_default_counts_when_nothing_matches():
    document = key(("a", 3), default=-1)
    assert score(document, chose("a")) == 3
    assert score(document, chose("b")) == -1
    assert score(document, chose()) == -1
    assert score(document) == -1
    assert score(document, chose("a", question="another")) == -1


def test_the_default_may_stand_before_the_options():
    after = key(("a", 3), default=-1)
    default = "<DefaultScore>-1</DefaultScore>"
    before = after.replace(default, "").replace("<AnswerOption>", default + "<AnswerOption>")
    assert parse_answer_key(before) == parse_answer_key(after)


def test_words_never_match():
    document = key(("a", 3), default=-1)
    assert score(document, Answer("q", "a")) == -1
    assert score(document, Answer("q", selection_identifiers=("a",), other_selection="and more")) == -1
    assert score(document, Answer("q", selection_identifiers=("a",), other_selection=" ")) == 3


def test_a_question_answered_twice_is_answered_with_all_of_it():
    document = key(("a", 3), ("a b", 10))
    assert score(document, chose("a"), chose("b")) == 10
    assert score(document, chose("a"), chose("a")) == 3
    assert score(document, chose("a"), Answer("q", "words")) == 0
    assert score(document, Answer("q", "words"), chose("a")) == 0


@pytest.mark.parametrize(
    ("points", "maximum", "value"),
    [(1, 3, 33), (2, 3, 67), (1, 8, 13), (1, 200, 1), (-1, 200, 0), (-1, 3, -33), (7, 5, 140), (0, 7, 0)],
)
def test_percentages_are_rounded_to_the_nearest(points, maximum, value):
    assert score(key(("a", points), mapping=percentage(maximum)), chose("a")) == value


@pytest.mark.parametrize(
    ("points", "multiplier", "value"),
    [(5, "3", 15), (5, "0.5", 3), (3, ".1", 0), (-5, "0.5", -2), (7, "-1", -7), (1, "1.4999999", 1), (2, "+2.0", 4)],
)
def test_a_scale_multiplies(points, multiplier, value):
    assert score(key(("a", points), mapping=scale(multiplier)), chose("a")) == value


@pytest.mark.parametrize(("points", "value"), [(4, 0), (5, 5), (7, 5), (8, 10), (10, 10), (11, 0), (-3, 0)])
def test_ranges_include_their_bounds(points, value):
    assert score(key(("a", points), mapping=RANGES), chose("a")) == value


def test_a_value_stays_within_what_the_wire_carries():
    most = 2**31 - 1
    assert score(key(("a", most), mapping=scale("999999999")), chose("a")) == most
    assert score(key(("a", most), mapping=scale("-999999999")), chose("a")) == -(2**31)


BAD = {
    "not XML": ("x", "not well-formed"),
    "another root": (KEY.replace("AnswerKey>", "Key>").replace("<AnswerKey ", "<Key "), "has to be AnswerKey"),
    "another namespace": (KEY.replace("2005-10-01", "2006-10-01"), "namespace"),
    "no namespace": ("<AnswerKey/>", "namespace"),
    "DOCTYPE": ("<!DOCTYPE x>" + KEY, "DOCTYPE"),
    "too long": (KEY + " " * 66_000, "at most 65535"),
    "nothing in it": (f'<AnswerKey xmlns="{SCHEMAS}2005-10-01/AnswerKey.xsd"/>', "Question is missing"),
    "no options": (key(), "not complete"),
    "no selection": (key(("", 1)), "expected is SelectionIdentifier"),
    "a score that is none": (key(("a", "many")), 'AnswerScore is "many"; it has to be a whole number'),
    "half a point": (key(("a", "0.5")), "AnswerScore"),
    "a huge score": (key(("a", 2**31)), "32 bits"),
    "percent of nothing": (key(("a", 1), mapping=percentage(0)), "1 or more"),
    "a factor that is none": (key(("a", 1), mapping=scale("NaN")), '"NaN", which is not allowed'),
    "a factor without end": (key(("a", 1), mapping=scale("1" * 19)), "digits"),
    "two mappings": (key(("a", 1), mapping=scale(1) + percentage(1)), "PercentageMapping is not allowed"),
    "a range upside down": (
        key(("a", 1), mapping=RANGES.replace("<InclusiveUpperBound>7", "<InclusiveUpperBound>4")),
        "lower bound is above",
    ),
    "nothing out of range": (
        key(("a", 1), mapping=RANGES.replace("<OutOfRangeQualificationValue>0</OutOfRangeQualificationValue>", "")),
        "OutOfRangeQualificationValue",
    ),
    "the same question twice": (KEY.replace("favoritefruit", "nextmove"), "more than once"),
}


@pytest.mark.parametrize(("document", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_key_is_refused_with_the_reason(document, sentence):
    with pytest.raises(DocumentError, match=sentence):
        parse_answer_key(document)


def test_errors_name_the_line():
    with pytest.raises(DocumentError) as refused:
        parse_answer_key(KEY.replace("<AnswerScore>10", "<AnswerScore>ten"))
    assert refused.value.line == 13


TEST = f"""<QuestionForm xmlns="{SCHEMAS}2017-11-06/QuestionForm.xsd"><Question>
<QuestionIdentifier>q</QuestionIdentifier><QuestionContent><Text>Which?</Text></QuestionContent>
<AnswerSpecification><SelectionAnswer><Selections>
<Selection><SelectionIdentifier>a</SelectionIdentifier><Text>A</Text></Selection>
<Selection><SelectionIdentifier>b</SelectionIdentifier><Text>B</Text></Selection>
</Selections></SelectionAnswer></AnswerSpecification></Question></QuestionForm>"""
SPECIFICATION = TEST[TEST.index("<SelectionAnswer>") : TEST.index("</AnswerSpecification>")]


def test_a_key_that_fits_its_test():
    parse_answer_key(key(("a b", 2), ("a", 1))).check(parse_question_form(TEST))


def test_a_key_may_name_what_the_test_does_not_have():
    for document in (key(("never", 1)), key(("a", 1), identifier="never")):
        parse_answer_key(document).check(parse_question_form(TEST))
        assert score(document, chose("a")) == 0


@pytest.mark.parametrize(
    ("document", "test", "sentence"),
    [
        (key(("a", 1)), TEST.replace(SPECIFICATION, "<FreeTextAnswer/>"), "FreeTextAnswer"),
        (key(("a", 1)), TEST.replace("</Selections>", "<OtherSelection/></Selections>"), "OtherSelection"),
    ],
)
def test_a_key_that_cannot_grade_a_test(document, test, sentence):
    with pytest.raises(DocumentError, match=sentence):
        parse_answer_key(document).check(parse_question_form(test))
