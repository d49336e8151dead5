"""Views of the queue under a name: for everybody in the account, changed by who made them."""

from django.test import Client
from django.urls import reverse

from dashboard.models import AuditEvent
from hits.models import SavedView
from tests.cast import Lab, make_lab


def client_of(lab: Lab, role: str) -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_view_is_saved_found_by_all_renamed_and_deleted(lab: Lab) -> None:
    url, queue = reverse("saved_views", args=["lab"]), reverse("queue", args=["lab"])
    ana, ben, boss = (client_of(lab, role) for role in ("reviewer", "viewer", "manager"))
    saved = ana.post(url, {"action": "save", "name": "Odd ones", "query": "flags=yes&sort=worker&evil=1&gold=999"})
    assert saved["Location"] == f"{queue}?sort=worker&flags=yes", "what is no filter is not kept"
    menu = ben.get(url, {"query": "sort=worker&flags=yes"}, headers={"HX-Request": "true"}).content.decode()
    assert "Odd ones" in menu
    assert 'aria-current="true"' in menu
    assert "<html" not in menu
    view = SavedView.objects.get()
    for client, action in (
        (ben, "delete"),
        (ben, "save"),
        (client_of(make_lab(lab.server, "other"), "manager"), "delete"),
    ):
        client.post(url, {"action": action, "view": view.pk, "name": "x", "query": ""})
    assert SavedView.objects.get().name == "Odd ones"
    empty = ana.post(url, {"action": "save", "name": "  ", "query": "flags=yes"})
    assert empty.status_code == 422
    assert "Give the view a name." in empty.content.decode()
    ana.post(url, {"action": "save", "name": "<script>alert(1)</script>", "query": ""})
    twice = ana.post(url, {"action": "rename", "view": view.pk, "name": "<script>alert(1)</script>", "query": ""})
    assert "There is a view called" in twice.content.decode()
    assert "<script>alert" not in twice.content.decode()
    ana.post(url, {"action": "rename", "view": view.pk, "name": "Strange ones", "query": ""})
    boss.post(url, {"action": "save", "name": "Strange ones", "query": "flags=no"})
    view.refresh_from_db()
    assert (view.name, view.query, view.made_by) == ("Strange ones", "flags=no", lab.people["manager"])
    ana.post(url, {"action": "delete", "view": view.pk, "query": ""})
    assert SavedView.objects.filter(pk=view.pk).exists(), "it is the manager's now"
    boss.post(url, {"action": "delete", "view": view.pk, "query": ""})
    assert not SavedView.objects.filter(pk=view.pk).exists()
    kinds = set(AuditEvent.objects.filter(chain="lab").values_list("kind", flat=True))
    assert kinds == {"view.saved", "view.renamed", "view.deleted"}
