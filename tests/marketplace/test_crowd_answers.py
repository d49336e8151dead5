"""What simulated workers fill in: forms, pages and crowd elements, by skill; and hostile ones, which they survive."""

import base64
import contextlib
import json
import struct
import time
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from marketplace.crowd.answers import CannotAnswer, answer
from marketplace.crowd.answers.hand import Hand
from marketplace.crowd.answers.pages import fill_page
from marketplace.crowd.answers.texts import TextRules, made_from
from marketplace.documents.forms import form_items, problems
from tests.marketplace.making import EXTERNAL, SCHEMAS

SKILLS = (0.0, 0.5, 0.95)


def page(body: str) -> str:
    return (
        f'<HTMLQuestion xmlns="{SCHEMAS}2011-11-11/HTMLQuestion.xsd"><HTMLContent><![CDATA[<!DOCTYPE html><html><body>'
        f"{body}</body></html>]]></HTMLContent><FrameHeight>0</FrameHeight></HTMLQuestion>"
    )


def form(*questions: str) -> str:
    return f'<QuestionForm xmlns="{SCHEMAS}2005-10-01/QuestionForm.xsd">{"".join(questions)}</QuestionForm>'


def question(name: str, specification: str, *, required: bool = True) -> str:
    return (
        f"<Question><QuestionIdentifier>{name}</QuestionIdentifier><IsRequired>{str(required).lower()}</IsRequired>"
        f"<QuestionContent><Text>Well?</Text></QuestionContent>"
        f"<AnswerSpecification>{specification}</AnswerSpecification></Question>"
    )


def text_question(name: str, constraints: str, **more: Any) -> str:
    return question(name, f"<FreeTextAnswer><Constraints>{constraints}</Constraints></FreeTextAnswer>", **more)


def choices(identifiers: str, counts: str = "", other: str = "") -> str:
    offered = "".join(
        f"<Selection><SelectionIdentifier>{each}</SelectionIdentifier><Text>{each}</Text></Selection>"
        for each in identifiers
    )
    return f"<SelectionAnswer>{counts}<Selections>{offered}{other}</Selections></SelectionAnswer>"


def filled(document: str, seed: int = 1, *, skill: float = 0.95, **how: Any) -> Any:
    return answer(document, skill=skill, rng=Random(seed), **how)


def tree(body: str, seed: int = 1, *, skill: float = 1.0, **how: Any) -> Any:
    (found,) = json.loads(filled(page(f"<crowd-form>{body}</crowd-form>"), seed, skill=skill, **how)["taskAnswers"])
    return found


def hand(skill: float = 0.9) -> Hand:
    return Hand(skill=skill, rng=Random(1), hints={}, about="")


def each_way(count: int = 12) -> list[dict[str, Any]]:
    """Seeds, skills and spam: what has to hold for every worker."""
    ways = [{"seed": seed, "skill": skill, "honest": True} for seed in range(count) for skill in SKILLS]
    return [*ways, *({"seed": seed, "skill": 0.9, "honest": False} for seed in range(count))]


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


# --- widgets ----------------------------------------------------------------------------------------------------------

Shape = Callable[[dict[str, Any]], list[dict[str, int]]]


@pytest.mark.parametrize(
    ("tag", "key", "least", "most"),
    [
        ("crowd-polygon", "polygons", 3, 2000),
        ("crowd-polyline", "polylines", 2, 2000),
        ("crowd-line", "lines", 2, 2),
    ],
)
def test_shapes_are_labelled_points_in_whole_pixels_inside_the_picture(tag: str, key: str, least: int, most: int):
    body = f"<{tag} name=\"here\" labels=\"['cat', 'dog']\" src='https://x.example/y.png'></{tag}>"
    seen = 0
    for way in each_way(8):
        found = tree(body, gold={"here": {"width": 300, "height": 120}}, **way)["here"]
        assert found["inputImageProperties"] == {"height": 120, "width": 300}
        for shape in found[key]:
            seen += 1
            assert shape["label"] in ("cat", "dog")
            assert least <= len(shape["vertices"]) <= most
            for point in shape["vertices"]:
                assert (type(point["x"]), type(point["y"])) == (int, int)
                assert 0 <= point["x"] < 300
                assert 0 <= point["y"] < 120
    assert seen > 20


def test_good_workers_put_points_where_they_belong():
    body = "<crowd-keypoint name='here' labels=\"['nose', 'tail']\"></crowd-keypoint>"
    points = [{"label": "nose", "x": 100, "y": 50}, {"label": "tail", "x": 400, "y": 300}]
    right = {"keypoints": points, "inputImageProperties": {"width": 640, "height": 480}}
    for seed in range(10):
        found = tree(body, seed, gold={"here": right})["here"]["keypoints"]
        for point, meant in zip(found, points, strict=True):
            assert point["label"] == meant["label"]
            assert abs(point["x"] - meant["x"]) + abs(point["y"] - meant["y"]) < 30


def decoded(picture: str) -> tuple[int, int, list[str], set[int]]:
    """Width, height, palette and the entries that occur of a palette PNG without row filters."""
    data, at, chunks = base64.b64decode(picture), 8, {}
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + length
    width, height, depth, colour_type = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert colour_type == 3
    assert chunks[b"tRNS"][0] == 0
    palette = [f"#{chunks[b'PLTE'][at : at + 3].hex()}" for at in range(0, len(chunks[b"PLTE"]), 3)]
    rows, length = zlib.decompress(chunks[b"IDAT"]), 1 + -(-width * depth // 8)
    assert len(rows) == length * height
    entries = set()
    for row in range(height):
        assert rows[row * length] == 0
        bits = f"{int.from_bytes(rows[row * length + 1 : (row + 1) * length], 'big'):0{(length - 1) * 8}b}"
        entries |= {int(bits[at : at + depth], 2) for at in range(0, width * depth, depth)}
    return width, height, palette, entries


@pytest.mark.parametrize("kind", ["semantic", "instance"])
def test_painted_pictures_are_palettes_of_exactly_what_is_listed(kind: str):
    body = f"<crowd-{kind}-segmentation name='here' labels=\"['cat', 'dog']\"></crowd-{kind}-segmentation>"
    painted = 0
    for way in each_way(5):
        found = tree(body, gold={"here": {"width": 101, "height": 60}}, **way)["here"]
        width, height, palette, entries = decoded(found["labeledImage"]["pngImageData"])
        assert {"height": height, "width": width} == found["inputImageProperties"] == {"height": 60, "width": 101}
        listed = (
            [each["color"] for each in found["instances"]]
            if kind == "instance"
            else [each["color"] for each in found["labelMappings"].values()]
        )
        assert palette == ["#000000", *listed]
        assert entries | {0} == set(range(len(palette)))
        painted += len(listed)
    assert painted > 10


def test_spans_lie_in_the_text_and_count_as_javascript_does():
    text = "Anna \U0001f600 met Bob in Berlin, and Berlin was cold. Then Clara came to see them on a Monday in March."
    body = f'<crowd-entity-annotation name="who" text="{text}" labels="[{{label: \'PER\'}}, \'LOC\']"/>'
    units = text.encode("utf-16-le")
    right = [{"label": "PER", "startOffset": 0, "endOffset": 4}, {"label": "LOC", "startOffset": 19, "endOffset": 25}]
    assert units[19 * 2 : 25 * 2].decode("utf-16-le") == "Berlin"
    (exact,) = json.loads(filled(page(body), skill=1.0, gold={"who": right})["taskAnswers"])  # without a crowd-form
    assert exact == {"who": {"entities": right}}
    more = body.replace("/>", "><crowd-checkbox name='odd'></crowd-checkbox></crowd-entity-annotation>")
    (taken_in,) = json.loads(filled(page(more))["taskAnswers"])  # a script moves it into the widget's form
    assert set(taken_in) == {"who", "odd"}
    found = 0
    for way in each_way(8):
        (given,) = json.loads(filled(page(body), **way)["taskAnswers"])
        last = 0
        for span in given["who"]["entities"]:
            assert last <= span["startOffset"] < span["endOffset"] <= len(units) // 2
            assert span["label"] in ("PER", "LOC")
            last, found = span["endOffset"], found + 1
    assert found > 10


# --- questions that cannot be read, and hostile ones ------------------------------------------------------------------


def test_an_external_question_is_answered_only_where_its_fields_are_named():
    with pytest.raises(CannotAnswer, match="other servers"):
        filled(EXTERNAL)
    fields = filled(EXTERNAL, skill=1.0, fields=["code", "why"], gold={"code": "X7"})
    assert fields["code"] == "X7"
    assert fields["why"]


def shortened(value: str) -> str:
    """The name of a test whose input is long."""
    return value[:40]


def quickly(work: Callable[[], Any]) -> Any:
    began = time.thread_time()
    try:
        return work()
    finally:
        assert time.thread_time() - began < 6


def ends_well(work: Callable[[], Any]) -> Any:
    """What was filled in, or None where that was refused in a sentence."""
    with contextlib.suppress(CannotAnswer):
        return quickly(work)
    return None


@pytest.mark.parametrize(
    "html",
    [
        "<input name='a'>" * 100_000,
        "x" * 2_000_000,
        "<div>" * 30_000 + "<input name='deep'>",
        "<crowd-form>" * 20_000 + "<crowd-input name='deep'>",
        "\0\0<!--",
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>&b;",
        "<?php while(1); ?>",
        "",
        "<form>&" + "amp;" * 60_000 + "</form>",
        "<crowd-form><crowd-classifier name='x' categories='" + "[" * 50_000 + "'></crowd-classifier></crowd-form>",
    ],
    ids=shortened,
)
def test_a_hostile_page_is_refused_in_a_sentence_and_soon(html: str):
    assert ends_well(lambda: fill_page(html, hand())) in ({}, None)


@pytest.mark.parametrize(
    "body",
    [
        "<form><input type='hidden' name='result'><canvas></canvas><script>build()</script></form>",
        "<crowd-form><input type='hidden' name='result'></crowd-form>",
        "<form><input name='a' pattern='(a+)+$' required></form>",
        "<crowd-form><crowd-input name='a' allowed-pattern='(?:(?:(?:a?){999}){999}){999}b' required></crowd-form>",
        "<crowd-form><crowd-input name='a' allowed-pattern='[0-9]' min-length='4' required></crowd-form>",
        "<form>" + "<input name='a{0}' pattern='^(([a-z])+.)+[A-Z]([a-z])+$' required>" * 400 + "</form>",
        "<form><input name='a' pattern='" + "(" * 400 + "' required></form>",
        "<form><input name='a' pattern='x{90000}{90000}' required></form>",
        "<form><input type='number' name='n' min='1e400' max='-1e400' step='nan'></form>",
        "<form><input type='number' name='n' min='nan' max='inf' step='1e-300'></form>",
        "<form><input name='a' minlength='99999999' required></form>",
        "<form><input type='date' name='d' min='99999-99-99' max='x' required></form>",
        "<form><select name='s'>" + "<option>" * 5_000 + "</select></form>",
        "<crowd-form><crowd-slider name='s' min='9' max='-9' step='0'></crowd-slider></crowd-form>",
        '<crowd-form><crowd-bounding-box name="b" labels="[[[,,{]"></crowd-bounding-box></crowd-form>',
        "<crowd-form><crowd-entity-annotation name='e' text='' labels='{}'></crowd-entity-annotation></crowd-form>",
    ],
    ids=shortened,
)
def test_controls_that_make_no_sense_end_in_an_answer_or_a_sentence(body: str):
    for skill in (0.0, 1.0):
        assert ends_well(lambda skill=skill: filled(page(body), skill=skill)) != {}


@pytest.mark.parametrize(
    "gold",
    [
        {"b": {"truth": [], "width": 10**12, "height": 10**12}},
        {"b": {"truth": [{"label": "x"}]}},
        {"b": {"boundingBoxes": "many"}},
        {"b": {"truth": [{"label": "x", "left": "1e999", "top": 0, "width": 1, "height": 1}]}},
        {"b": {"truth": {"boundingBoxes": [[1, 2, 3, 4]]}}},
        {"b": 7},
    ],
)
def test_gold_that_makes_no_sense_is_a_sentence(gold: dict[str, Any]):
    with pytest.raises(CannotAnswer, match=r"\w+ \w+"):
        tree("<crowd-bounding-box name='b' labels=\"['x']\"></crowd-bounding-box>", gold=gold)


def test_a_picture_too_large_to_paint_is_not_painted():
    with pytest.raises(CannotAnswer, match="more than the crowd paints"):
        tree("<crowd-semantic-segmentation name='b'/>", gold={"b": {"width": 90_000, "height": 90_000}})


def test_a_text_made_from_a_pattern_has_an_end():
    for pattern in (r"a{1,4294967294}", r"(a{2000}){2000}", r"((((((a*)*)*)*)*)*)*", "(" * 500, "(?P<x>a)(?P=x)"):
        assert len(quickly(lambda pattern=pattern: made_from(pattern, Random(1)))) <= 21_000
