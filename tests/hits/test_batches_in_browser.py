"""The pages of batches in a real browser: charts are drawn, nobody is shut out, one key decides, one takes it back."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from dashboard.models import Command, State
from dashboard.tasks import digest
from hits.actions import second_reviews
from hits.models import Assignment, Batch
from tests.cast import make_lab
from tests.dashboard.test_look import serious
from tests.hits.test_batches import QUESTION

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_batches_side_by_side_and_second_reviews_by_keyboard(
    transactional_db: None, marketplace_server: Any, live_server: Any, page: Any
) -> None:
    lab = make_lab(marketplace_server, undo_seconds=60)
    hit = lab.hit(MaxAssignments=5, Question=QUESTION)
    ids = [lab.answer(hit, total=str(number // 2), paid="c", remark="<b>it</b>") for number in range(4)]
    lab.mturk.approve_assignment(AssignmentId=ids[3])
    lab.sync()
    digest(lab.account.pk)
    batch = Batch.objects.get()
    second_reviews.ask(batch=batch, by=lab.people["manager"], number=1)
    client = Client()
    client.force_login(lab.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    slug, problems = lab.account.slug, []
    places = (
        ("batches", slug), ("second_review", slug, batch.pk), ("second_review_next", slug, batch.pk),
        ("batch", slug, batch.pk), ("compare", slug, hit),
    )  # fmt: skip
    for width, colours in ((360, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=colours)
        for name, *args in places if width == 360 else places[-2:]:
            page.goto(live_server.url + reverse(name, args=args))
            problems += serious(page)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                problems.append(f"{name} scrolls sideways at {width} px")
            if name == "batch":
                drawn = page.evaluate("[...document.querySelectorAll('canvas')].map((c) => !!Chart.getChart(c))")
                assert len(drawn) >= 4
                assert all(drawn)
    assert problems == []

    page.keyboard.press("m")
    page.get_by_text("what most said is taken as data").wait_for()
    assert Command.objects.filter(state=State.QUEUED).count() == 3
    page.keyboard.press("u")
    page.get_by_text("Undone.").wait_for()
    assert not Command.objects.exclude(state=State.CANCELLED).exists()
    assert not Assignment.objects.exclude(data_verdict="").exists()
    assert lab.ledger("reward")[1:] == []
