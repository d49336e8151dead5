"""The administration site: behind the same login, read-only where it mirrors MTurk, acting through Commands."""

import io
import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from dashboard.models import AuditEvent, Command, Role
from hits.models import HIT, Assignment, GoldAnswer, GoldChange, ReasonTemplate, SavedView
from tests.cast import Lab, make_lab
from workers.models import Worker, WorkerNote, WorkerTag


@pytest.fixture
def boss(lab: Lab) -> Client:
    manager = lab.people["manager"]
    manager.is_staff = manager.is_superuser = True
    manager.save()
    client = Client()
    client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def our_models() -> list[Any]:
    return [
        model
        for model in admin.site._registry
        if model._meta.app_label in ("dashboard", "hits", "qualifications", "workers")
    ]


def test_every_model_has_a_list_that_opens_searches_and_shows_a_row(lab: Lab, boss: Client) -> None:
    from django.apps import apps

    lab.answer(lab.hit())
    lab.sync()
    registered = our_models()
    for label in ("dashboard", "hits", "qualifications", "workers"):
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


def previewed(boss: Client, model: str, text: str) -> str:
    """The page after a file was chosen: what would change, or what is wrong."""
    file = io.BytesIO(text.encode("utf-16"))
    file.name = "rows.csv"
    data = {"import_file": file, "format": "0", "resource": "0"}
    return boss.post(reverse(f"admin:{model}_import"), data).content.decode()


def imported(boss: Client, model: str, text: str) -> str:
    """Preview, then confirm as the page's form does; the preview."""
    page = previewed(boss, model, text)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert "Confirm import" in page, page[page.find("errors") :][:800]
    boss.post(reverse(f"admin:{model}_process_import"), {**fields, "confirm": "Confirm import"})
    return page


def exported(boss: Client, model: str) -> str:
    response = boss.post(reverse(f"admin:{model}_export"), {"format": "0", "resource": "0"})
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


def test_rows_of_ours_come_by_file_with_a_preview_and_through_the_actions_people_use(lab: Lab, boss: Client) -> None:
    hit = lab.hit()
    lab.sync()
    files = {
        "hits_reasontemplate": "account;use;title;text\nlab;reject;Blurred;No, {title} is blurred\n",
        "hits_savedview": "account,name,query\nlab,Late ones,deadline=4h\n",
        "hits_goldanswer": f'account,hit,field,accepted\nlab,{hit},total,"[""12.40"", 12.4]"\n',
        "workers_workernote": "account,worker_id,text\nlab,A1NOTED,'=careful work\n",
        "workers_workertag": "account,worker,tag\nlab,a1tagged,  Night   owl\n",
    }
    models = [ReasonTemplate, SavedView, GoldAnswer, WorkerNote, WorkerTag]
    for (name, text), model in zip(files.items(), models, strict=True):
        before = model.objects.count()
        page = previewed(boss, name, text)
        assert "Confirm import" in page, page[page.find("<main") :]
        assert model.objects.count() == before, "a preview changes nothing"
        assert not re.search(r" on\w+=| style=|<script>", page.split("<main", 1)[-1]), name
        imported(boss, name, text)
        assert model.objects.filter(account=lab.account).count() >= 1, name
        again = exported(boss, name)
        assert "Skipped" in imported(boss, name, again), "what was exported is what is there"
    assert GoldAnswer.objects.get().accepted == ["12.40", 12.4]
    assert GoldChange.objects.filter(hit__hit_id=hit).exists(), "assignments are scored anew"
    assert WorkerNote.objects.get().text == "=careful work"
    assert "'=careful work" in exported(boss, "workers_workernote"), "no spreadsheet computes it"
    assert Worker.objects.get(worker_id="A1NOTED").note_count == 1
    assert [(tag.worker.worker_id, tag.name) for tag in WorkerTag.objects.all()] == [("A1TAGGED", "night owl")]
    page = imported(boss, "hits_savedview", "account,name,query\nlab,Late ones,deadline=<b>24h\n")
    assert "<del>deadline=4h</del> <ins>deadline=&lt;b&gt;24h</ins>" in page
    assert SavedView.objects.get().query == "deadline=<b>24h"
    told = set(
        AuditEvent.objects.filter(chain="lab", actor=lab.people["manager"].username).values_list("kind", flat=True)
    )
    assert told >= {"reason.saved", "view.saved", "gold.set", "worker.noted", "worker.tagged"}
    export_page = boss.get(reverse("admin:hits_savedview_export")).content.decode()
    assert not re.search(r" on\w+=| style=", export_page.split("<main", 1)[-1])


def test_an_import_that_is_wrong_says_so_in_a_sentence_and_changes_nothing(
    lab: Lab, boss: Client, marketplace_server: Any
) -> None:
    other = make_lab(marketplace_server, slug="other")
    foreign = other.hit()
    other.sync()
    for model, text, sentence in (
        ("hits_savedview", "account,name,query\nnowhere,A,B\n", "There is no account “nowhere”"),
        ("hits_savedview", "account,name,query\nother,A,B\n", "You need to be a reviewer of this account"),
        ("hits_savedview", "account,name\nlab,A\n", "The file has no column query"),
        ("hits_savedview", "", "The file is empty"),
        ("hits_goldanswer", f"account,hit,field,accepted\nlab,{foreign},total,1\n", "There is no HIT of this account"),
        ("hits_goldanswer", f"account,hit,field,accepted\nother,{foreign},total,1\n", "You need to be a reviewer"),
        ("hits_reasontemplate", "account,use,title,text\nlab,reject,A,{wages}\n", "wages"),
        ("workers_workernote", "account,worker_id,text\nlab,B1,x\n", "is no worker id"),
        ("workers_workertag", "account,worker,tag\nlab,A1,x,shifted\n", "has more cells than the header"),
    ):
        page = previewed(boss, model, text)
        assert sentence in page, (model, text)
        assert "Confirm import" not in page
    assert not SavedView.objects.exists()
    assert not GoldAnswer.objects.exists()
    assert not WorkerNote.objects.exists()
    assert HIT.objects.count() == 1
    staff = lab.people["approver"]
    staff.is_staff = True
    staff.save()
    client = Client()
    client.force_login(staff, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("admin:hits_savedview_import")).status_code == 403
    assert client.post(reverse("admin:hits_savedview_export"), {"format": "0"}).status_code == 403


def test_lists_of_what_reaches_mturk_show_the_way_to_the_upload_pages(lab: Lab, boss: Client) -> None:
    page = boss.get(reverse("admin:workers_bonuspayment_changelist")).content.decode()
    assert reverse("bonus_upload", args=["lab"]) in page
    assert (
        reverse("marked_upload", args=["lab"]) in boss.get(reverse("admin:hits_assignment_changelist")).content.decode()
    )
    assert "import/" not in page
