"""HIT layouts: registered by command, made into questions by CreateHIT, and nobody else's."""

import re

import pytest
from django.core.management import CommandError, call_command

from marketplace.documents import parse_question
from tests.marketplace.making import HTML, KIND, invalid, new_hit, refused
from tests.marketplace.test_command import one_sentence, run

PICTURE = """<!DOCTYPE html>
<html><body><form action="https://www.mturk.com/mturk/externalSubmit" method="post">
<img src="${image_url}" alt="${words}"><p>${words}</p><input name="label">
</form></body></html>"""


OWNER = "AKIAOWNEROFLAYOUTS"


def register(marketplace, folder, html=PICTURE, name="pictures", *options, requester=OWNER):
    """Registers HTML under a name: the HITLayoutId and the names of its parameters."""
    file = folder / "layout.html"
    file.write_text(html)
    done = run(
        *("--requester", requester, "--name", name, "--data", str(marketplace.data), *options, str(file)),
        command="marketplace_layout",
    )
    assert done.returncode == 0, done.stderr
    said = re.fullmatch(r"HITLayoutId=(3[A-Z0-9]{29})\nName=(.*)\nParameters=(.*)\n", done.stdout)
    assert said, done.stdout
    assert said[2] == name
    return said[1], said[3].split(",")


@pytest.fixture(scope="module")
def layout(marketplace, tmp_path_factory):
    """The HITLayoutId of PICTURE, 700 pixels high."""
    layout_id, names = register(
        marketplace, tmp_path_factory.mktemp("layout"), PICTURE, "pictures", "--frame-height", "700"
    )
    assert names == ["image_url", "words"]
    return layout_id


@pytest.fixture
def mturk(marketplace):
    """The requester all layouts here belong to."""
    return marketplace.client(OWNER)


@pytest.fixture
def nothing_new(mturk):
    """No HIT more than before, when the test ends."""
    before = mturk.list_hits(MaxResults=100)["NumResults"]
    yield
    assert mturk.list_hits(MaxResults=100)["NumResults"] == before


def given(**values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


def test_a_hit_of_a_layout(mturk, layout):
    values = given(image_url="https://a.example.org/1.png?a=1&b=2", words='<b>"it\'s"</b> ]]> é')
    hit = new_hit(mturk, Question=None, HITLayoutId=layout, HITLayoutParameters=values)
    assert hit["HITLayoutId"] == layout
    question = parse_question(hit["Question"])
    assert question.frame_height == 700
    assert question.html == PICTURE.replace("${image_url}", "https://a.example.org/1.png?a=1&amp;b=2").replace(
        "${words}", "&lt;b&gt;&quot;it&#x27;s&quot;&lt;/b&gt; ]]&gt; é"
    )
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["Question"] == hit["Question"]
    assert mturk.list_hits()["HITs"][0]["HITLayoutId"] == layout

    kind = mturk.create_hit_type(**KIND)["HITTypeId"]
    second = mturk.create_hit_with_hit_type(
        HITTypeId=kind, LifetimeInSeconds=60, HITLayoutId=layout, HITLayoutParameters=values
    )["HIT"]
    assert (second["HITLayoutId"], second["Question"]) == (layout, hit["Question"])


def test_a_hit_of_a_question_has_no_layout(mturk):
    assert "HITLayoutId" not in new_hit(mturk)


def test_the_same_name_is_the_same_layout(mturk, marketplace, tmp_path):
    layout, names = register(marketplace, tmp_path, "\ufeff<form><input name=x></form>", "changing")
    assert names == [""]
    before = new_hit(mturk, Question=None, HITLayoutId=layout)
    with invalid('no parameter "one". It has no parameters.'):
        new_hit(mturk, Question=None, HITLayoutId=layout, HITLayoutParameters=given(one="1"))

    assert register(marketplace, tmp_path, "<p>Only ${one}</p><input name=x>", "changing") == (layout, ["one"])
    after = new_hit(mturk, Question=None, HITLayoutId=layout, HITLayoutParameters=given(one="1"))
    assert "<p>Only 1</p>" in after["Question"]
    assert mturk.get_hit(HITId=before["HITId"])["HIT"]["Question"] == before["Question"]


def test_an_unknown_layout_and_that_of_somebody_else(mturk, marketplace, layout, nothing_new):
    values = given(image_url="u", words="w")
    with refused("HITLayoutDoesNotExist", "HITLayout 3UNKNOWN does not exist"):
        new_hit(mturk, Question=None, HITLayoutId="3UNKNOWN", HITLayoutParameters=values)
    stranger = marketplace.client("AKIASTRANGEROFLAYOUTS")
    with refused("HITLayoutDoesNotExist", f"HITLayout {layout} does not exist"):
        new_hit(stranger, Question=None, HITLayoutId=layout, HITLayoutParameters=values)
    assert stranger.list_hits()["NumResults"] == 0


def test_parameters_have_to_match(mturk, layout, nothing_new):
    right = given(image_url="u", words="w")
    for wrong, sentence in (
        (right[:1], '"words" is missing. Its parameters are: image_url, words'),
        (None, '"image_url" is missing'),
        ([*right, *given(other="x")], 'no parameter "other"'),
        ([*right, *given(words="again")], '"words" is given more than once'),
    ):
        with invalid(sentence):
            new_hit(mturk, Question=None, HITLayoutId=layout, HITLayoutParameters=wrong)
    with invalid("not both"):
        new_hit(mturk, Question=HTML, HITLayoutId=layout, HITLayoutParameters=right)
    with invalid("need a HITLayoutId"):
        new_hit(mturk, Question=HTML, HITLayoutParameters=right)
    with invalid("must be provided"):
        new_hit(mturk, Question=None)


def test_values_that_make_no_question(mturk, layout, nothing_new):
    with invalid("at most 65535 are allowed"):
        new_hit(mturk, Question=None, HITLayoutId=layout, HITLayoutParameters=given(image_url="u", words="é" * 17_000))
    with invalid("address of code"):
        values = given(image_url="javascript:alert(1)", words="w")
        new_hit(mturk, Question=None, HITLayoutId=layout, HITLayoutParameters=values)


def test_answers_to_a_layout_are_those_of_a_page(mturk, control, layout):
    values = given(image_url="u", words="w")
    hit = new_hit(mturk, Question=None, HITLayoutId=layout, HITLayoutParameters=values)
    control.post("assignments", {"HITId": hit["HITId"], "WorkerId": "AWORKEROFLAYOUTS", "Fields": {"label": "cat"}})
    answer = mturk.list_assignments_for_hit(HITId=hit["HITId"])["Assignments"][0]["Answer"]
    assert "<QuestionIdentifier>label</QuestionIdentifier>\n<FreeText>cat</FreeText>" in answer


def test_the_layouts_of_a_requester(marketplace, tmp_path):
    of_one = {"requester": "AKIAOFONELAYOUT"}
    layout, _ = register(marketplace, tmp_path, "<p>${a} ${b}</p>", "a form", **of_one)
    listed = run(
        "--requester", "AKIAOFONELAYOUT", "--data", str(marketplace.data), "--list", command="marketplace_layout"
    )
    assert listed.stdout == f"HITLayoutId={layout}\nName=a form\nParameters=a,b\n"


BAD_CALLS = {
    "nothing": ([], "the following arguments are required: --requester"),
    "no name": (["--requester", "A", "FILE"], "--name and an HTML file"),
    "no file": (["--requester", "A", "--name", "x"], "--name and an HTML file"),
    "no such file": (["--requester", "A", "--name", "x", "missing.html"], "Cannot read missing.html: No such file"),
    "a long name": (["--requester", "A", "--name", "x" * 201, "FILE"], "1 to 200 printable"),
    "a list of one": (["--requester", "A", "--name", "x", "--list"], "leave out --name"),
    "a height": (["--requester", "A", "--name", "x", "--frame-height", "-1", "FILE"], "number of pixels"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_bad_call_is_one_sentence(tmp_path, arguments, sentence):
    file = tmp_path / "layout.html"
    file.write_text(PICTURE)
    with pytest.raises(CommandError, match=sentence) as refusal:
        call_command("marketplace_layout", *[str(file) if word == "FILE" else word for word in arguments])
    assert "\n" not in str(refusal.value)


BAD_FILES = {
    "nothing": (b"", "empty"),
    "another encoding": (b"\xff\xfe", "not in UTF-8"),
    "a placeholder out of place": (b"<p>\n<p ${x}>", r"layout.html cannot be used: The placeholder .* \(line 2\)"),
    "two bodies": (b"<body>\n<body>", "body. start tag seen"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "layout.html"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=sentence) as refusal:
        call_command("marketplace_layout", "--requester", "A", "--name", "x", str(file))
    assert "\n" not in str(refusal.value)


def test_where_signatures_are_checked_a_requester_has_to_exist(marketplace):
    arguments = ("--requester", "Ada", "--list", "--data", str(marketplace.data))
    done = run(*arguments, command="marketplace_layout", env={"MARKETPLACE_STRICT": "1"})
    one_sentence(done, 'There is no requester "Ada"')
