"""Documents and bodies made to do harm: an error at once, nothing stored, nothing fetched, the marketplace goes on."""

import re
import socket
import threading
import time
import uuid

import pytest

from tests import servers
from tests.marketplace.conftest import Control, Wire
from tests.marketplace.forms import GAME
from tests.marketplace.making import ANSWERS, EXTERNAL, HTML, KIND
from tests.marketplace.test_answer_keys import KEY, TEST

# The aim is a second. The machine that runs this may be doing other things, and what is guarded against takes minutes.
AT_ONCE = 5
MEMORY = 300  # megabytes


@pytest.fixture(scope="module")
def target():
    """A port of this machine that notes whoever connects: `.url` and `.visits`."""

    class Target:
        visits = []

    listener = socket.create_server(("127.0.0.1", 0))
    Target.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def note():
        while True:
            try:
                connection, address = listener.accept()
            except OSError:
                return
            Target.visits.append(address)
            connection.close()

    noting = threading.Thread(target=note, daemon=True)
    noting.start()
    yield Target
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    noting.join()


@pytest.fixture
def hostile(own_marketplace):
    """A requester whom only one test knows, with calls written by hand."""
    return Wire(own_marketplace.url, f"AKIA{uuid.uuid4().hex[:16].upper()}")


def most_memory(marketplace):
    """The most the marketplace ever used, in megabytes."""
    with open(f"/proc/{marketplace.server.process.pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) / 1024


def stored(hostile):
    """(balance, HITs, own qualification types)."""
    own = {"MustBeRequestable": False, "MustBeOwnedByCaller": True}
    return (
        hostile.call("GetAccountBalance", {}).json["AvailableBalance"],
        hostile.call("ListHITs", {}).json["NumResults"],
        hostile.call("ListQualificationTypes", own).json["NumResults"],
    )


def with_doctype(document, declarations, name):
    """The document behind a DOCTYPE, and behind its own declaration if it has one."""
    prologue = re.match(r"<\?xml[^>]*\?>\s*", document)
    at = prologue.end() if prologue else 0
    return f"{document[:at]}<!DOCTYPE {name} [{declarations}]>{document[at:]}"


def attacks(document, text, url):
    """The document with harm in it. `text` is a piece of text in it that an attack can replace."""
    name = re.search(r"<([A-Za-z]+)", document)[1]
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    begin = document.index(">", document.index(f"<{name}")) + 1
    return {
        "a billion laughs": with_doctype(document.replace(text, "&l9;"), f'<!ENTITY l0 "ha">{laughs}', name),
        "one long entity often": with_doctype(
            document.replace(text, "&a;" * 5_000), f'<!ENTITY a "{"a" * 40_000}">', name
        ),
        "an entity of itself": with_doctype(document.replace(text, "&a;"), '<!ENTITY a "&b;"><!ENTITY b "&a;">', name),
        "a file": with_doctype(document.replace(text, "&x;"), '<!ENTITY x SYSTEM "file:///etc/passwd">', name),
        "an endless file": with_doctype(document.replace(text, "&x;"), '<!ENTITY x SYSTEM "file:///dev/zero">', name),
        "another host": with_doctype(document.replace(text, "&x;"), f'<!ENTITY x SYSTEM "{url}/x">', name),
        "a DTD elsewhere": document[: begin - 1].replace(f"<{name}", f'<!DOCTYPE {name} SYSTEM "{url}/d"><{name}')
        + document[begin - 1 :],
        "a parameter entity": with_doctype(document, f'<!ENTITY % p SYSTEM "{url}/p"> %p;', name),
        "an attribute list": with_doctype(document, f'<!ATTLIST {name} a CDATA "{"x" * 30_000}">', name),
        "an undeclared entity": document.replace(text, "&nbsp;"),
        "an inclusion": document.replace(
            text, f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}/i" parse="text"/>'
        ),
        "a style sheet": document.replace(f"<{name}", f'<?xml-stylesheet href="{url}/s"?><{name}', 1)[:-1],
        "a schema elsewhere": document.replace(
            f"<{name}",
            f'<{name} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x" '
            f'xsi:schemaLocation="urn:x {url}/x" xsi:noNamespaceSchemaLocation="{url}/y"',
            1,
        ),
        "depth": document[:begin] + "<a>" * 15_000,
        "depth that ends": document[:begin] + "<a>" * 4_000 + "</a>" * 4_000 + document[begin:],
        "many elements": document[:begin] + "<a/>" * 12_000 + document[begin:],
        "200,000 elements": document[:begin] + "<a/>" * 200_000 + document[begin:],
        "many attributes": document.replace(f"<{name}", f"<{name} " + " ".join(f"a{n}=''" for n in range(5_000)), 1),
        "a long name": document[:begin] + "<" + "a" * 60_000 + "/>" + document[begin:],
        "a megabyte": document.replace(text, "x" * 1_000_000),
        "half of it": document[: len(document) // 2],
        "NUL": document.replace(text, "\x00"),
        "another encoding": '<?xml version="1.0" encoding="UTF-7"?>' + document[begin:],
        "nothing": " ",
    }


DOCUMENTS = {
    "HTMLQuestion": (HTML, "600"),
    "ExternalQuestion": (EXTERNAL, "https://tasks.example.org/do"),
    "QuestionForm": (GAME, "notlikely"),
    "test": (TEST, "Which?"),
    "AnswerKey": (KEY, "apples"),
}


def ask(hostile, kind, document):
    """The call that hands in a document of this kind."""
    if kind in ("test", "AnswerKey"):
        given = {"Name": "n", "Description": "d", "QualificationTypeStatus": "Active", "TestDurationInSeconds": 60}
        documents = {"Test": document} if kind == "test" else {"Test": TEST, "AnswerKey": document}
        return hostile.call("CreateQualificationType", {**given, **documents})
    return hostile.call("CreateHIT", {**KIND, "LifetimeInSeconds": 3600, "Question": document})


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_kind_of_document_is_read_safely(own_marketplace, hostile, target, kind):
    document, text = DOCUMENTS[kind]
    assert text in document
    for attack, sent in attacks(document, text, target.url).items():
        began = time.monotonic()
        reply = ask(hostile, kind, sent)
        took = time.monotonic() - began
        assert reply.status == 400, (attack, reply.body[:500])
        kinds = ("ParameterValidationError", "ValidationException", "SerializationException")
        assert reply.json["__type"] in kinds, (attack, reply.body[:500])
        assert len(reply.body) < 4_000, attack
        assert b"root:" not in reply.body, attack
        assert took < AT_ONCE, (attack, took)
    assert stored(hostile) == ("10000.00", 0, 0)
    assert target.visits == []
    assert most_memory(own_marketplace) < MEMORY
    assert ask(hostile, kind, document).status == 200  # and the marketplace goes on


def test_what_a_question_was_refused_for_is_told_with_its_code(hostile):
    def refused(document):
        reply = ask(hostile, "QuestionForm", document)
        assert (reply.status, reply.json["__type"]) == (400, "ParameterValidationError")
        return reply.json["TurkErrorCode"].removeprefix("AWS.MechanicalTurk."), reply.json["Message"]

    code, message = refused(GAME.replace("<AnswerSpecification>", "<Answers/><AnswerSpecification>", 1))
    assert code == "XMLParseError"
    assert message.startswith(
        "There was an error parsing the XML question or answer data in your request.  Please make sure the data is "
        "well-formed and validates against the appropriate schema. Details: The element Answers is not allowed"
    )
    assert re.search(r"\(line 28\) \(\d{13}\)$", message), message

    code, message = refused(
        GAME.replace("<Title>", "<FormattedContent><![CDATA[<div>x</div>]]></FormattedContent><Title>")
    )
    assert code == "XHTMLParseError"
    assert message.startswith("There was an error parsing the XHTML data in your request.")
    assert "div is not allowed here. (line 3)" in message

    code, message = refused(HTML.replace("<form>", "<body><form>"))
    assert code == "XHTMLParseError"
    assert message.startswith(
        "There was an error parsing the HTML5 data in your request.  Please make sure the data is well-formed and "
        "validates as HTML5. Details: Errors: <! [2,5] An “body” start tag seen but an element of the same type was "
        "already open. !> Invalid content: <!DOCTYPE html>"
    )
    assert stored(hostile) == ("10000.00", 0, 0)


A = "<Answer><QuestionIdentifier>a</QuestionIdentifier>{}</Answer>"
MANY_ANSWERS = {
    "200,000 answers": A.format("") * 200_000,
    "55,000 wrong answers": "<Answer><FreeText/><QuestionIdentifier>a</QuestionIdentifier></Answer>" * 55_000,
    "140,000 attributes": A.format("<SelectionIdentifier a=''/>" * 140_000),
    "a million elements": "<a/>" * 1_000_000,
    "a text of 6 MB": A.format("<FreeText>" + "x" * 6_000_000 + "</FreeText>"),
}


def test_a_workers_answers_are_read_safely(own_marketplace, hostile, target):
    control = Control(own_marketplace)
    hit = ask(hostile, "HTMLQuestion", HTML).json["HIT"]
    given = {"HITId": hit["HITId"], "WorkerId": "AHOSTILE"}
    assignment = control.post("accept", given)["AssignmentId"]

    def refused(sent):
        began = time.monotonic()
        with pytest.raises(servers.ControlRefused) as refusal:
            control.post("submit", {"AssignmentId": assignment, "Answer": sent})
        assert 400 <= refusal.value.status < 500
        assert len(refusal.value.message) < 2_000
        assert time.monotonic() - began < AT_ONCE

    document = f'<QuestionFormAnswers xmlns="{ANSWERS}">{A.format("<FreeText>words</FreeText>")}</QuestionFormAnswers>'
    for attack, sent in attacks(document, "words", target.url).items():
        if attack != "a megabyte":  # an answer may be that long
            refused(sent)
    for inside in MANY_ANSWERS.values():
        refused(f'<QuestionFormAnswers xmlns="{ANSWERS}">{inside}</QuestionFormAnswers>')
    assert hostile.call("ListAssignmentsForHIT", {"HITId": hit["HITId"]}).json["NumResults"] == 0
    assert target.visits == []
    assert most_memory(own_marketplace) < MEMORY
    control.post("submit", {"AssignmentId": assignment, "Answer": document})


BODIES = {
    "no JSON": ("{", "SerializationException"),
    "no object": ("[1]", "SerializationException"),
    "nothing": ("", None),
    "not UTF-8": (b'{"a":"\xff"}', "SerializationException"),
    "depth": ("[" * 900_000, "SerializationException"),
    "depth of objects": ('{"a":' * 150_000, "SerializationException"),
    "a long number": ('{"MaxResults":' + "9" * 900_000 + "}", "SerializationException"),
    "an infinite number": ('{"MaxResults":1e999999}', "SerializationException"),
    "a form": ("Operation=ListHITs&Version=2017-01-17", "SerializationException"),
    "XML": ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "SerializationException"),
    "over a megabyte": ('{"a":"' + "x" * 1_048_576 + '"}', "RequestEntityTooLargeException"),
    "thirty megabytes": ('{"a":"' + "x" * 30_000_000 + '"}', "RequestEntityTooLargeException"),
    "many members": ("{" + ",".join(f'"a{n}":1' for n in range(80_000)) + "}", None),
    "many of one member": ("{" + ",".join('"MaxResults":1' for _ in range(60_000)) + "}", None),
}


@pytest.mark.parametrize("content_type", ["application/x-amz-json-1.1", "text/plain", "application/xml", ""])
def test_bodies_of_any_type_get_an_answer_in_the_apis_form(own_marketplace, hostile, content_type):
    for name, (body, expected) in BODIES.items():
        began = time.monotonic()
        reply = hostile.call("ListHITs", body, Content_Type=content_type)
        assert time.monotonic() - began < AT_ONCE, name
        assert reply.headers["content-type"] == "application/x-amz-json-1.1", name
        assert reply.json.get("__type") == expected, (name, reply.body[:300])
        assert len(reply.body) < 2_000
    assert most_memory(own_marketplace) < MEMORY


@pytest.mark.parametrize("operation", ["", "GetHIT2", "gethit", "__class__", "GetHIT.GetHIT", "../GetHIT", "x" * 5_000])
def test_unknown_targets_get_an_answer_in_the_apis_form(hostile, operation):
    reply = hostile.call(operation, {})
    assert (reply.status, reply.json["__type"]) == (400, "UnknownOperationException")
    assert len(reply.body) < 1_000
