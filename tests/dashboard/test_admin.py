"""The administration site: behind the same login, read-only where it mirrors MTurk, acting through Commands."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from dashboard.models import Command, Role
from hits.models import Assignment
from tests.cast import Lab


@pytest.fixture
def boss(lab: Lab) -> Client:
    manager = lab.people["manager"]
    manager.is_staff = manager.is_superuser = True
    manager.save()
    client = Client()
    client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def our_models() -> list[Any]:
    return [model for model in admin.site._registry if model._meta.app_label in ("dashboard", "hits", "workers")]


def test_every_model_has_a_list_that_opens_searches_and_shows_a_row(lab: Lab, boss: Client) -> None:
    from django.apps import apps

    lab.answer(lab.hit())
    lab.sync()
    registered = our_models()
    for label in ("dashboard", "hits", "workers"):
        for model in apps.get_app_config(label).get_models():
            assert model in registered, model
    for model in registered:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert boss.get(reverse(f"{name}_changelist")).status_code == 200, model
        assert boss.get(reverse(f"{name}_changelist") + "?q=x%00&p=3").status_code in (200, 302), model
        row = model.objects.first()
        if row is not None:
            assert boss.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model


def test_the_admin_has_no_login_of_its_own(lab: Lab) -> None:
    answer = Client().get("/admin/")
    assert answer.status_code == 302
    assert "/accounts/login/" in Client().get(answer["Location"], follow=True).redirect_chain[-1][0] or answer[
        "Location"
    ].startswith("/accounts/login/")


def test_what_mirrors_mturk_cannot_be_changed_here(lab: Lab, boss: Client) -> None:
    lab.answer(lab.hit())
    lab.sync()
    row = Assignment.objects.get()
    url = reverse("admin:hits_assignment_change", args=[row.pk])
    assert boss.post(url, {"status": "Approved"}).status_code == 403
    assert boss.post(reverse("admin:hits_assignment_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert boss.get(reverse("admin:hits_assignment_add")).status_code == 403
    row.refresh_from_db()
    assert row.status == "Submitted"


def test_a_selection_is_approved_through_commands(lab: Lab, boss: Client) -> None:
    hit = lab.hit()
    lab.answer(hit), lab.answer(hit)
    lab.sync()
    chosen = list(Assignment.objects.values_list("pk", flat=True))
    boss.post(reverse("admin:hits_assignment_changelist"), {"action": "approve_selected", "_selected_action": chosen})
    assert Command.objects.filter(kind="ApproveAssignment", state="queued").count() == 2


def test_rejecting_a_selection_asks_for_the_reason_first(lab: Lab, boss: Client) -> None:
    lab.answer(lab.hit())
    lab.sync()
    url = reverse("admin:hits_assignment_changelist")
    data = {"action": "reject_selected", "_selected_action": [Assignment.objects.get().pk]}
    assert "each of them reads this reason" in boss.post(url, data).content.decode()
    assert Command.objects.count() == 0
    boss.post(url, {**data, "feedback": "Empty"})
    assert Command.objects.get().params["RequesterFeedback"] == "Empty"


def test_an_administrator_who_is_no_reviewer_of_the_account_decides_nothing(lab: Lab, boss: Client) -> None:
    lab.answer(lab.hit())
    lab.sync()
    lab.account.memberships.filter(user=lab.people["manager"]).update(role=Role.VIEWER)
    chosen = [Assignment.objects.get().pk]
    boss.post(reverse("admin:hits_assignment_changelist"), {"action": "approve_selected", "_selected_action": chosen})
    assert Command.objects.count() == 0
