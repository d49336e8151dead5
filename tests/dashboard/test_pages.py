"""Every page, as every role, and nobody else's."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dashboard import actions, jobs, selections
from dashboard.models import Account, AuditEvent, Command, Job, JobState, Role, SyncRun, User
from dashboard.permissions import Denied
from hits.actions import approve, reject
from hits.models import Assignment
from qualifications.actions.compensation import check_said
from tests.cast import Lab, make_lab
from workers.actions.bonuses import check_bonus


@pytest.fixture
def worked(lab: Lab) -> Assignment:
    hit = lab.hit()
    ids = [lab.answer(hit), lab.answer(hit, total="<script>alert(1)</script>")]
    lab.sync()
    return Assignment.objects.get(assignment_id=ids[0])


def client_of(lab: Lab, role: str) -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def account_urls() -> list[URLPattern]:
    """Every URL below /a/<slug>/, from the URLconf itself, so that a new one cannot be forgotten."""

    def walk(patterns: Any) -> Any:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            else:
                yield pattern

    resolver = next(row for row in get_resolver().url_patterns if "account_slug" in str(row.pattern))
    return list(walk([resolver]))


def url_of(pattern: URLPattern, lab: Lab, assignment: Assignment, command: Command) -> str:
    values = {
        "assignment_id": assignment.assignment_id,
        "worker_id": assignment.worker_id,
        "command_id": command.pk,
        "hit_id": assignment.hit.hit_id,
    }
    if "job_id" in pattern.pattern.converters:
        values["job_id"] = job_of(lab).pk
    values["bulk"] = "approve"
    values["batch_id"] = assignment.batch_id
    anything = {"int": 1, "uuid": command.pk}  # of an id that no one of this test's rows has
    wanted = {
        name: values.get(name, anything.get(type(converter).__name__.removesuffix("Converter").lower(), "X"))
        for name, converter in pattern.pattern.converters.items()
    }
    return reverse(pattern.name, kwargs={"account_slug": lab.account.slug, **wanted})


def job_of(lab: Lab) -> Job:
    return Job.objects.filter(account=lab.account).first() or Job.objects.create(
        account=lab.account,
        kind="ApproveAssignment",
        title="Approve 1",
        selection={"filter": {}},
        options={"bulk": "approve"},
        state=JobState.DONE,
        requested_by=lab.people["reviewer"],
    )


GET_PAGES = (
    "overview",
    "activity",
    "command_act",
    "drift",
    "audit",
    "account_settings",
    "sync_state",
    "search",
    "queue",
    "assignment",
    "worker_record",
    "jobs",
    "job",
    "job_new",
    "job_outcome",
    "hits",
    "hit",
    "hit_preview",
)


@pytest.mark.parametrize("role", ["viewer", "reviewer", "approver", "manager"])
def test_every_page_opens_for_every_role(lab: Lab, worked: Assignment, role: str) -> None:
    command = approve(assignment=worked, by=lab.people["reviewer"])
    seen = set()
    for pattern in account_urls():
        if pattern.name in GET_PAGES:
            response = client_of(lab, role).get(url_of(pattern, lab, worked, command))
            assert response.status_code == 200, pattern.name
            seen.add(pattern.name)
    assert seen == set(GET_PAGES)


def test_another_accounts_pages_and_buttons_do_not_exist(lab: Lab, worked: Assignment, marketplace_server: Any) -> None:
    command = approve(assignment=worked, by=lab.people["reviewer"])
    stranger = client_of(make_lab(marketplace_server, "other"), "manager")
    anybody = Client()
    for pattern in account_urls():
        assert getattr(pattern.callback, "__wrapped__", None), f"{pattern.name} is not of_account"
        url = url_of(pattern, lab, worked, command)
        for method in ("get", "post"):
            code = getattr(stranger, method)(url).status_code
            assert code in (404, 405), (pattern.name, method, code)
            answer = getattr(anybody, method)(url)
            assert answer.status_code == 302, (pattern.name, method)
            assert answer["Location"].startswith("/accounts/login/"), (pattern.name, method)


def test_no_get_changes_anything(lab: Lab, worked: Assignment) -> None:
    command = approve(assignment=worked, by=lab.people["reviewer"])
    client = client_of(lab, "manager")
    for name in ("decide", "decide_many", "drift_dismiss", "sync", "bonus", "change_hit", "change_hits"):
        pattern = next(row for row in account_urls() if row.name == name)
        assert client.get(url_of(pattern, lab, worked, command)).status_code == 405, name


def test_a_viewer_starts_no_sync_since_it_spends_calls(lab: Lab) -> None:
    sync = reverse("sync", args=["lab"])
    pages = [reverse(name, args=["lab"]) for name in ("overview", "hits", "queue", "batches", "workers", "drift")]
    pages += [reverse("account_settings", args=["lab"]), reverse("qualifications", args=["lab"]) + "?kind=system"]
    for role, offered in (("viewer", False), ("reviewer", True)):
        client = client_of(lab, role)
        for page in pages:
            assert (f'action="{sync}"' in client.get(page).content.decode()) == offered, (role, page)
        said = client.post(sync, follow=True).content.decode()
        assert ("need to be a reviewer" in said) != offered
        assert SyncRun.objects.exists() == offered, role


def test_posts_need_the_csrf_token(lab: Lab, worked: Assignment) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(lab.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post(reverse("decide", args=["lab", worked.assignment_id]), {"action": "approve"})
    assert response.status_code == 403
    assert Command.objects.count() == 0


def test_a_workers_script_is_text(lab: Lab, worked: Assignment) -> None:
    page = client_of(lab, "viewer").get(reverse("queue", args=["lab"])).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    hostile = Assignment.objects.exclude(pk=worked.pk).get()
    page = client_of(lab, "viewer").get(reverse("assignment", args=["lab", hostile.assignment_id])).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("query", ["", "status=all&sort=newest", "worker=A123&deadline=4h", "batch=1&status=all"])
def test_the_queue_costs_at_most_eight_queries(
    lab: Lab, rows: int, query: str, django_assert_max_num_queries: Any
) -> None:
    hit = lab.hit()
    for _ in range(rows):
        lab.answer(hit)
    lab.sync()
    reject(assignment=Assignment.objects.first(), by=lab.people["reviewer"], feedback="no")
    client = client_of(lab, "reviewer")
    client.get("/healthz")  # once per process: is there any user at all?
    with django_assert_max_num_queries(8):
        assert client.get(reverse("queue", args=["lab"]) + f"?{query}").status_code == 200


def test_deciding_in_the_queue_answers_the_row(lab: Lab, worked: Assignment) -> None:
    type(lab.account).objects.update(undo_seconds=10)
    url = reverse("decide", args=["lab", worked.assignment_id])
    response = client_of(lab, "reviewer").post(
        url, {"action": "approve", "from": "queue"}, headers={"HX-Request": "true"}
    )
    text = response.content.decode()
    assert response.status_code == 200
    assert text.lstrip().startswith(f'<tr id="row-{worked.assignment_id}"')
    assert "Undo" in text
    second = client_of(lab, "approver").post(
        url, {"action": "reject", "feedback": "no", "from": "queue"}, headers={"HX-Request": "true"}
    )
    assert "reviewer-lab was first" in second.content.decode()
    assert Command.objects.count() == 1


def test_deciding_in_the_workbench_goes_on_to_the_next(lab: Lab, worked: Assignment) -> None:
    url = reverse("decide", args=["lab", worked.assignment_id])
    response = client_of(lab, "reviewer").post(
        url, {"action": "approve", "from": "workbench"}, headers={"HX-Request": "true"}
    )
    other = Assignment.objects.exclude(pk=worked.pk).get()
    assert other.assignment_id in response["HX-Push-Url"]
    assert other.worker_id in response.content.decode()


def test_a_rejection_without_a_reason_is_refused_beside_the_field_and_nothing_typed_is_lost(
    lab: Lab, worked: Assignment
) -> None:
    url = reverse("decide", args=["lab", worked.assignment_id])
    for headers in ({}, {"HX-Request": "true"}):
        response = client_of(lab, "reviewer").post(url, {"action": "reject", "feedback": " "}, headers=headers)
        assert response.status_code == 422
        assert "Say why: the worker reads the reason." in response.content.decode()
    long = "x" * 1030
    response = client_of(lab, "reviewer").post(url, {"action": "reject", "feedback": long})
    assert response.status_code == 422
    assert long in response.content.decode()
    assert Command.objects.count() == 0


def test_a_wrong_bonus_is_refused_beside_the_field(lab: Lab, worked: Assignment) -> None:
    url = reverse("bonus", args=["lab", worked.assignment_id])
    response = client_of(lab, "approver").post(url, {"amount": "0.505", "reason": "kept"})
    assert response.status_code == 422
    assert "kept" in response.content.decode()
    assert Command.objects.count() == 0
    client_of(lab, "approver").post(url, {"amount": "0.50", "reason": "kept"})
    assert Command.objects.get().amount == 0.5


def test_a_bonus_of_more_digits_than_arithmetic_keeps_is_refused(lab: Lab, worked: Assignment) -> None:
    client, job = client_of(lab, "reviewer"), reverse("job_new", args=["lab", "bonus"])
    one, other = reverse("bonus", args=["lab", worked.assignment_id]), reverse("compensation_new", args=["lab"])
    about = {"worker_id": "AONE1", "complaint": "c", "message": "", "hit_id": "", "days": "14", "reason": "x"}
    for amount in ("1e30", "9" * 40, "1E+999", "-1e30", "NaN", "10000"):
        assert client.get(job, {"amount": amount, "reason": "x"}).status_code == 200, amount
        for url in (job, one, other):
            assert client.post(url, {**about, "amount": amount, "query": ""}).status_code == 422, (url, amount)
        for refusal in (
            lambda amount=amount: check_bonus(Decimal(amount), "x"),
            lambda amount=amount: jobs.bulk_named("bonus").check_options({"amount": amount, "reason": "x"}),
        ):
            with pytest.raises(Denied, match="between"):
                refusal()
        wrong = check_said(worker_id="AONE1", complaint="c", amount=Decimal(amount), message="", days=14)
        assert list(wrong) == ["amount"]
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    "query",
    ["after=%00_x", "after=2026-13-45_1", "before=_", "status=%3Cscript%3E", "batch=999999999999999999999", "batch=x",
     "sort=drop", "deadline=1y", "worker=" + "A" * 300, "text=%00", "after=2026-01-01T00:00:00_1&before=x"],
)  # fmt: skip
def test_whatever_stands_in_the_url_the_queue_opens(lab: Lab, worked: Assignment, query: str) -> None:
    assert client_of(lab, "viewer").get(reverse("queue", args=["lab"]) + f"?{query}").status_code == 200


def test_pages_follow_each_other_without_gap_or_repeat(lab: Lab) -> None:
    from dashboard import pages

    hit = lab.hit(MaxAssignments=7)
    ids = {lab.answer(hit) for _ in range(7)}
    lab.sync()
    from django.http import QueryDict

    rows, seen, query = Assignment.objects.all(), [], QueryDict("")
    while True:
        shown = pages.page(rows, query, column="submitted_at", size=3)
        seen += [row.assignment_id for row in shown.items]
        if not shown.older_url:
            break
        query = QueryDict(shown.older_url.removeprefix("?"))
    assert len(seen) == 7
    assert set(seen) == ids
    back = pages.page(rows, QueryDict(shown.newer_url.removeprefix("?")), column="submitted_at", size=3)
    assert [row.assignment_id for row in back.items] == seen[3:6]


def test_search_finds_ids_in_pasted_text(lab: Lab, worked: Assignment) -> None:
    client = client_of(lab, "viewer")
    url = reverse("search", args=["lab"])
    found = client.get(url, {"q": f"see  {worked.assignment_id}, please"})
    assert found["Location"] == reverse("assignment", args=["lab", worked.assignment_id])
    assert client.get(url, {"q": worked.worker_id})["Location"] == reverse("worker", args=["lab", worked.worker_id])
    assert client.get(url, {"q": "3NOTHERE12345678"}).status_code == 200


def test_the_first_visit_creates_the_manager_and_only_the_first(db: Any) -> None:
    client = Client()
    assert client.get("/")["Location"] == "/setup/"
    page = client.post("/setup/", {"username": "boss", "password": "short", "again": "short"})
    assert page.status_code == 422
    good = {"username": "boss", "password": "a long passphrase", "again": "a long passphrase"}
    assert client.post("/setup/", good)["Location"] == "/all/"
    assert client.get("/all/").status_code == 200
    added = client.post("/all/", {"name": "My lab", "environment": "marketplace", "region": "us-east-1",
                                  "credentials": "keys"})  # fmt: skip
    assert added["Location"] == "/a/my-lab/"
    account = Account.objects.get()
    assert account.access_key_id.startswith("HITDESK")
    assert account.secret_access_key
    assert client.get("/a/my-lab/").status_code == 200
    assert Client().get("/setup/").status_code == 404


def test_ids_that_no_database_takes_are_nobodys_and_not_everybodys(lab: Lab, worked: Assignment) -> None:
    assert selections.ticked(QueryDict("worker=A1&worker=%00&worker=A1"), "worker") == ["A1"]
    page = client_of(lab, "reviewer").get(reverse("job_new", args=["lab", "approve"]) + "?assignment=%00")
    assert (page.context["ahead"].count, page.context["query_pairs"][-1]) == (0, ("assignment", ""))
    assert selections.named(QueryDict("of=Ana"), "of") == "Ana"
    assert selections.named(QueryDict("of=%00"), "of") == selections.named(QueryDict(), "of") == ""
    assert client_of(lab, "reviewer").get(reverse("guard", args=["lab"]) + "?assignment=%00").context["count"] == 0


def test_a_manager_adds_changes_and_removes_members_but_never_the_last_manager(lab: Lab) -> None:
    client = client_of(lab, "manager")
    url = reverse("account_settings", args=["lab"])
    client.post(url, {"action": "member_add", "person": "newcomer", "role": "2", "password": "a long passphrase"})
    newcomer = lab.account.memberships.get(user__username="newcomer")
    # The same form once more in the same moment, and somebody else's.
    add = partial(actions.add_member, account=lab.account, by=lab.people["manager"])
    for user in (newcomer.user, User(username="newcomer")):
        assert add(user=user, role=Role.REVIEWER) == newcomer
        with pytest.raises(Denied, match="a moment ago"):
            add(user=user, role=Role.APPROVER)
    assert AuditEvent.objects.filter(kind="member.added", subject="newcomer").count() == 1
    client.post(url, {"action": "member_role", "member": newcomer.pk, "role": "3"})
    newcomer.refresh_from_db()
    assert newcomer.role == 3
    client.post(url, {"action": "member_remove", "member": newcomer.pk})
    assert not lab.account.memberships.filter(pk=newcomer.pk).exists()
    own = lab.account.memberships.get(user=lab.people["manager"])
    client.post(url, {"action": "member_role", "member": own.pk, "role": "1"})
    own.refresh_from_db()
    assert own.role == 4
    refused = client_of(lab, "approver").post(url, {"action": "member_remove", "member": own.pk})
    assert "need to be a manager" in refused.content.decode()


def test_the_secret_is_never_shown_again(lab: Lab) -> None:
    lab.account.secret_access_key = "very-secret-indeed"
    lab.account.save()
    page = client_of(lab, "manager").get(reverse("account_settings", args=["lab"])).content.decode()
    assert "very-secret-indeed" not in page
    assert lab.account.secret_encrypted not in page
