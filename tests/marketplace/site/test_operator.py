"""What the operator does: keys, money, people in bulk, invitations, payouts. In a marketplace of its own."""

import csv
import io
import os
import re
import subprocess
import sys
import threading
import uuid
from typing import Any

import pytest

from tests import servers
from tests.marketplace.site.conftest import HTML, PASSWORD, Visitor


def make_user(marketplace: servers.Marketplace, *arguments: str) -> str:
    command = [sys.executable, "manage.py", "marketplace_user", *arguments, "--data", str(marketplace.data)]
    environment = {**os.environ, "MARKETPLACE_PASSWORD": PASSWORD}
    return subprocess.run(command, cwd=servers.ROOT, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def operator(own_marketplace: servers.Marketplace) -> Visitor:
    make_user(own_marketplace, "someone", "--operator", "operator")
    make_user(own_marketplace, "someone", "--operator", "operator")  # a second time changes nothing
    visitor = Visitor(own_marketplace.url)
    visitor.get("/accounts/login/")
    visitor.post("/accounts/login/", {"login": "operator", "password": PASSWORD})
    return visitor


def upload(operator: Visitor, text: str) -> Any:
    """Post a CSV to the page for workers in bulk."""
    edge = uuid.uuid4().hex
    path = "/operator/marketplace/worker/upload/"
    operator.get(path)
    parts = (
        f'--{edge}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{operator.token}\r\n'
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="w.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{text}\r\n--{edge}--\r\n"
    )
    import urllib.request

    headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "Referer": operator.url + path}
    return operator._open(urllib.request.Request(operator.url + path, parts.encode(), headers))


def test_only_operators_get_in(own_marketplace: servers.Marketplace, operator: Visitor) -> None:
    worker = Visitor(own_marketplace.url)
    worker.sign_up()
    for path in ("/operator/", "/operator/marketplace/requester/", "/operator/marketplace/payoutrun/make/"):
        assert worker.get(path).status in (302, 403)
        assert "Site administration" not in worker.get(path).text
    assert operator.get("/operator/").status == 200
    assert "for workers" in operator.get("/tasks/").text, "an operator is no worker"


def test_a_requester_s_keys_are_shown_once_and_money_is_a_row_of_the_ledger(
    own_marketplace: servers.Marketplace, operator: Visitor
) -> None:
    page = operator.post("/operator/marketplace/requester/add/", {"name": "Lab Two", "email": "", "top_up": "25.50"})
    key, secret = re.findall(r"Access key (\w+), secret access key ([\w-]+):", page.text)[0]
    assert secret not in operator.get("/operator/marketplace/requester/?q=Lab").text
    client = own_marketplace.client(key, secret)
    assert client.get_account_balance()["AvailableBalance"] == "25.50"
    listed = operator.get("/operator/marketplace/requester/?q=Lab").text
    pk = re.findall(r"/operator/marketplace/requester/(\d+)/change/", listed)[0]
    change = f"/operator/marketplace/requester/{pk}/change/"
    operator.post(change, {"name": "Lab Two", "email": "", "top_up": "-5"})
    assert client.get_account_balance()["AvailableBalance"] == "25.50"
    operator.post(change, {"name": "Lab Two", "email": "", "top_up": "4.50", "available": "999999"})
    assert client.get_account_balance()["AvailableBalance"] == "30.00"
    kinds = [row["kind"] for row in own_marketplace.control("ledger") if row["requester"] == key]
    assert kinds == ["deposit", "deposit"]


def test_workers_from_a_csv_each_row_by_itself(own_marketplace: servers.Marketplace, operator: Visitor) -> None:
    name = f"csv{uuid.uuid4().hex[:6]}"
    text = f"Username,email,country\n{name},a@example.org,de\n{name},,\nb d,,\n{name}x,nonsense,\n{name}y,,ZZ\n=cmd,,\n"
    answer = upload(operator, text)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [bool(row["WorkerId"]) for row in rows] == [True, False, False, False, False, False]
    assert "already" in rows[1]["problem"]
    assert re.fullmatch("[a-z0-9]{14}", rows[0]["password"]), "it survives a spreadsheet, and being read out"
    assert not re.search(r"^=", answer.text, re.MULTILINE), "no cell is a formula"
    worker = Visitor(own_marketplace.url)
    worker.get("/accounts/login/")
    assert worker.post("/accounts/login/", {"login": name, "password": rows[0]["password"]}).path == "/tasks/"
    for bad in ("", "name\nx\n", "username\n", "\xff\xfe"):
        assert upload(operator, bad).status == 200
        assert "WorkerId" not in upload(operator, bad).text


def test_an_invitation_is_good_for_so_many(own_marketplace: servers.Marketplace, operator: Visitor) -> None:
    page = operator.post("/operator/marketplace/invitation/add/", {"name": "class", "uses_left": "1", "_continue": "1"})
    link = re.findall(r"<code>http://[^/]+(/join/[\w-]+/)</code>", page.text)[0]
    visitor = Visitor(own_marketplace.url)
    assert visitor.get(link).path == "/accounts/signup/"
    visitor.sign_up()
    assert visitor.worker_id
    assert Visitor(own_marketplace.url).get(link).status == 404


def test_a_payout_holds_everything_once(own_marketplace: servers.Marketplace, operator: Visitor) -> None:
    mturk = own_marketplace.client("PAYER")
    worker = Visitor(own_marketplace.url)
    worker.sign_up()

    def earn() -> None:
        hit = mturk.create_hit(
            Title=f"T{uuid.uuid4().hex[:6]}",
            Description="d",
            Reward="1.25",
            AssignmentDurationInSeconds=60,
            LifetimeInSeconds=600,
            Question=HTML,
        )["HIT"]
        done = own_marketplace.control(
            "assignments", {"HITId": hit["HITId"], "WorkerId": worker.worker_id, "Fields": {"total": "1"}}
        )
        mturk.approve_assignment(AssignmentId=done["AssignmentId"])
        mturk.send_bonus(
            WorkerId=worker.worker_id, AssignmentId=done["AssignmentId"], BonusAmount="0.75", Reason="Thanks"
        )

    def runs() -> list[str]:
        text = operator.get("/operator/marketplace/payoutrun/").text
        return sorted(set(re.findall(r"/operator/marketplace/payoutrun/(\d+)/change/", text)))

    make = "/operator/marketplace/payoutrun/make/"
    operator.post(make)  # whatever other tests have left
    before = runs()
    earn()
    together = [threading.Thread(target=operator.post, args=(make,)) for _ in range(3)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    [run] = set(runs()) - set(before)
    rows = list(csv.DictReader(io.StringIO(operator.get(f"/operator/marketplace/payoutrun/{run}/csv/").text)))
    assert [(row["WorkerId"], row["amount"]) for row in rows] == [(worker.worker_id, "2.00")]
    assert "$2.00" in worker.get("/earnings/").text
    assert "marked as paid before" not in operator.post(f"/operator/marketplace/payoutrun/{run}/paid/").text
    assert "marked as paid before" in operator.post(f"/operator/marketplace/payoutrun/{run}/paid/").text
    earn()
    operator.post(make)
    [later] = set(runs()) - {*before, run}
    rows = list(csv.DictReader(io.StringIO(operator.get(f"/operator/marketplace/payoutrun/{later}/csv/").text)))
    assert [row["amount"] for row in rows] == ["2.00"]
    assert operator.get(make).path == "/operator/marketplace/payoutrun/", "looking makes none"
    assert len(runs()) == len(before) + 2


def test_an_operator_moves_the_clock_only_where_control_is_on(
    own_marketplace: servers.Marketplace, operator: Visitor, tmp_path: Any
) -> None:
    def now() -> float:
        return own_marketplace.control("clock", method="GET")["now"]

    page = operator.get("/operator/marketplace/clock/")
    assert (page.status, "Moving time on cannot be undone" in page.text) == (200, True)
    before = now()
    assert "what was due has been done" in operator.post("/operator/marketplace/clock/advance/", {"hours": "2"}).text
    assert 7200 <= now() - before < 7260
    for bad in ("-1", "x", "1e9", ""):
        operator.post("/operator/marketplace/clock/advance/", {"hours": bad})
    assert now() - before < 7260
    worker = Visitor(own_marketplace.url)
    worker.sign_up()
    worker.post("/operator/marketplace/clock/advance/", {"hours": "2"})
    assert now() - before < 7260


def test_without_control_nobody_finds_a_clock(admin_client: Any, settings: Any) -> None:
    assert settings.CONTROL is False
    assert admin_client.get("/operator/marketplace/clock/").status_code in (302, 403)
    assert admin_client.post("/operator/marketplace/clock/advance/", {"hours": "2"}).status_code in (302, 403)
    assert "/marketplace/clock/" not in admin_client.get("/operator/").content.decode()
