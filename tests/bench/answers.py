"""How fast answers are read, beside what the XML parser alone reaches, and an assignment's page with many shapes."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from dashboard.models import Account, Membership, Role, User
from hits.answers import normalise, parse, read, search_text
from hits.models import HIT, Assignment, Batch, HITType
from marketplace.documents import Answer, build_answers
from tests.bench.million import plain
from tests.bench.queue import timed

DOCUMENTS, SHAPES = 500, 300
PER_SECOND, PAGE_MS = 46_400, 40  # what was asked
_PARSER = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True)
BOXES = """<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><body><crowd-form><crowd-bounding-box name="w" labels="['Car', 'Dog']"
src="https://pictures.example/street.png"></crowd-bounding-box></crowd-form></body></html>]]></HTMLContent>
<FrameHeight>0</FrameHeight></HTMLQuestion>"""


def walked(document: str) -> dict[str, str]:
    """The least one can do with a parser: the texts of the elements, and nothing looked at."""
    root: Any = etree.fromstring(document.encode(), _PARSER)
    return {answer[0].text: answer[1].text for answer in root}


def rate(work: Callable[[str], object], documents: list[str], repeat: int) -> float:
    """Documents in a second of one core: the best of several runs, since everything else on the machine slows it."""
    best = 0.0
    for _ in range(2 + 2 * repeat):
        start = time.process_time()
        for document in documents:
            work(document)
        best = max(best, len(documents) / (time.process_time() - start))
    return best


def measure(*, repeat: int) -> list[dict]:
    print(f"Reading {DOCUMENTS} answers…", flush=True)
    documents = [plain(number) for number in range(DOCUMENTS)]
    floor = rate(walked, documents, repeat)
    beside = "the parser alone"
    lines: list[dict] = [{"name": "answers of 11 fields: the parser alone", "value": floor, "unit": "documents/s"}]
    for name, work in {
        "  parsed and normalised": lambda document: normalise(parse(document)),
        "  as words to search": search_text,
        "  ready to be drawn": read,
    }.items():
        value = rate(work, documents, repeat)
        line = {"name": name, "value": value, "unit": "documents/s", "ratio": value / floor, "beside": beside}
        lines.append({**line, "asked": PER_SECOND} if name == "  parsed and normalised" else line)
    return [*lines, page_of_shapes(repeat)]


def page_of_shapes(repeat: int) -> dict:
    """The workbench with an answer of SHAPES boxes."""
    account, now = (
        Account.objects.create(slug="shapes", name="Shapes", endpoint_url="http://127.0.0.1:1"),
        timezone.now(),
    )
    user = User.objects.create_user("looker")
    Membership.objects.create(account=account, user=user, role=Role.REVIEWER)
    kind = HITType.objects.create(account=account, hit_type_id="3SHAPES", title="Box the cars")
    batch = Batch.objects.create(account=account, key="type:3SHAPES")
    hit = HIT.objects.create(
        account=account, hit_id="3SHAPES", hit_type=kind, batch=batch, question=BOXES, status="Reviewable",
        created_at=now,
    )  # fmt: skip
    boxes = [
        {"label": "Car" if place % 3 else "Dog", "left": place * 2, "top": place, "width": 40, "height": 30}
        for place in range(SHAPES)
    ]
    value = {"w": {"boundingBoxes": boxes, "inputImageProperties": {"height": 800, "width": 1200}}}
    Assignment.objects.create(
        account=account, hit=hit, batch=batch, assignment_id="3SHAPES", worker_id="A1", status="Submitted",
        accepted_at=now, submitted_at=now, auto_approval_at=now + timedelta(days=1), fresh=False,
        answer=build_answers([Answer("taskAnswers", json.dumps([value]))]),
    )  # fmt: skip
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    url = reverse("assignment", args=[account.slug, "3SHAPES"])
    assert client.get(url).content.count(b"data-shape=") == SHAPES
    return {
        "name": f"an assignment's page with {SHAPES} shapes",
        "value": timed(client, url, 15 * repeat),
        "unit": "ms",
        "asked": PAGE_MS,
    }
