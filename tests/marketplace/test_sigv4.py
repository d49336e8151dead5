"""Signatures: verified for real in strict mode, read for the access key otherwise."""

import datetime
import hashlib
import itertools
import json
import re
import subprocess

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from marketplace import sigv4
from marketplace.errors import TurkError
from tests import servers
from tests.marketplace.conftest import Control, Wire, send

TARGET = "MTurkRequesterServiceV20170117.GetAccountBalance"
NOW = datetime.datetime(2026, 11, 21, 12, 0, 0, tzinfo=datetime.UTC)
_names = itertools.count(1)


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A marketplace that verifies signatures."""
    with servers.marketplace(tmp_path_factory.mktemp("strict"), "--strict") as running:
        yield running


@pytest.fixture
def account(strict):
    return Control(strict).post("accounts", {"name": f"requester {next(_names)}"})


def error_of(call):
    with pytest.raises(ClientError) as refusal:
        call()
    return refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]


def signed(url, account, body=b"{}", path="/", headers=None, service="mturk-requester", at=None, **changes):
    """Headers of a request signed by botocore, then `changes` made to them (None takes one away)."""
    request = AWSRequest("POST", url + path, data=body, headers={"X-Amz-Target": TARGET} | (headers or {}))
    credentials = Credentials(account["AccessKeyId"], account["SecretAccessKey"])
    if at is None:
        SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    else:
        _signer_at(at)(credentials, service, "us-east-1").add_auth(request)
    merged = dict(request.headers.items()) | {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in merged.items() if value is not None}


def _signer_at(moment):
    class SignerAt(SigV4Auth):
        def add_auth(self, request):
            request.context["timestamp"] = moment.strftime("%Y%m%dT%H%M%SZ")
            self._modify_request_before_signing(request)
            text = self.string_to_sign(request, self.canonical_request(request))
            self._inject_signature_to_request(request, self.signature(text, request))

    return SignerAt


def answer(url, headers, body=b"{}", path="/"):
    reply = send(url, "POST", path, body, headers)
    return reply.status, reply.json


def test_a_right_signature_is_the_requester_it_names(strict, account):
    client = strict.client(account["AccessKeyId"], account["SecretAccessKey"])
    assert client.get_account_balance()["AvailableBalance"] == "10000.00"


def test_a_wrong_secret_is_refused_in_awss_words(strict, account):
    code, message = error_of(strict.client(account["AccessKeyId"], "wrong").get_account_balance)
    assert code == "InvalidSignatureException"
    assert message == (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )


def test_an_unknown_key_is_refused_and_makes_no_requester(strict):
    before = len(Control(strict).get("ledger"))
    code, message = error_of(strict.client("AKIANOBODYKNOWSTHIS", "x").get_account_balance)
    assert (code, message) == ("UnrecognizedClientException", "The security token included in the request is invalid.")
    assert len(Control(strict).get("ledger")) == before


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "MissingAuthenticationTokenException"),
        ("", "MissingAuthenticationTokenException"),
        ("Basic eDp5", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256", "IncompleteSignatureException"),
        (
            "AWS4-HMAC-SHA256 Credential=A/20261121/us-east-1/mturk-requester/aws4_request",
            "IncompleteSignatureException",
        ),
        ("AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host, Signature=0", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=" + "/" * 4 + ", SignedHeaders=host, Signature=0", "UnrecognizedClientException"),
        ("AWS4-HMAC-SHA256 " + "Credential=,=/;" * 500, "IncompleteSignatureException"),
    ],
)
def test_incomplete_authorization_is_named(strict, authorization, code):
    headers = {"X-Amz-Target": TARGET} | ({} if authorization is None else {"Authorization": authorization})
    status, body = answer(strict.url, headers)
    assert (status, body["__type"]) == (400, code)
    assert body["message"]


def test_what_is_missing_is_listed(strict):
    _, body = answer(strict.url, {"X-Amz-Target": TARGET, "Authorization": "AWS4-HMAC-SHA256 Credential=A/b/c/d/e"})
    assert body["message"] == (
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter."
    )


def test_a_changed_body_is_refused(strict, account):
    headers = signed(strict.url, account, b"{}")
    assert answer(strict.url, headers, b"{}")[0] == 200
    assert answer(strict.url, headers, b"{ }")[1]["__type"] == "InvalidSignatureException"


def test_a_changed_operation_is_refused(strict, account):
    headers = signed(strict.url, account) | {"X-Amz-Target": "MTurkRequesterServiceV20170117.ListHITs"}
    assert answer(strict.url, headers)[1]["__type"] == "InvalidSignatureException"


def test_a_body_under_another_bodys_signed_hash_is_refused(strict, account):
    """Ruby's SDK signs x-amz-content-sha256: the hash it states must be this body's."""
    stated = {"X-Amz-Content-SHA256": hashlib.sha256(b"{}").hexdigest()}
    headers = signed(strict.url, account, b"{}", headers=stated)
    assert answer(strict.url, headers, b"{}")[0] == 200
    assert answer(strict.url, headers, b'{"MaxResults":1}')[1]["__type"] == "InvalidSignatureException"


@pytest.mark.parametrize("name", ["host", "x-amz-target", "x-amz-date"])
def test_headers_that_matter_must_be_signed(strict, account, name):
    class Careless(SigV4Auth):
        def headers_to_sign(self, request):
            chosen = super().headers_to_sign(request)
            del chosen[name]
            return chosen

    request = AWSRequest("POST", strict.url + "/", data=b"{}", headers={"X-Amz-Target": TARGET})
    Careless(Credentials(account["AccessKeyId"], account["SecretAccessKey"]), "mturk-requester", "us-east-1").add_auth(
        request
    )
    status, body = answer(strict.url, dict(request.headers.items()))
    assert (status, body["__type"]) == (400, "InvalidSignatureException")
    assert f"'{name}' must be a 'SignedHeader'" in body["message"]


@pytest.mark.parametrize(
    "signed_too", [{}, {"Content-Type": "application/x-amz-json-1.1"}, {"X-Amz-User-Agent": "a  b "}]
)
@pytest.mark.parametrize("path", ["/", "/some/where", "/a%20b/%C3%BC?z=1&a=b%2Fc&a=", "/a/./b/../c/"])
def test_clients_may_sign_other_headers_and_post_to_any_path(strict, account, signed_too, path):
    request_headers = signed(strict.url, account, path=path, headers=signed_too)
    status, body = answer(strict.url, request_headers, path=path)
    assert (status, body.get("AvailableBalance")) == (200, "10000.00"), body


def test_the_signed_host_may_be_amazons(strict, account):
    host = "mturk-requester-sandbox.us-east-1.amazonaws.com"
    headers = signed(f"https://{host}", account) | {"Host": host}
    assert answer(strict.url, headers)[0] == 200


def test_another_service_is_refused(strict, account):
    _, body = answer(strict.url, signed(strict.url, account, service="sqs"))
    assert body["message"] == "Credential should be scoped to correct service: 'mturk-requester'."


@pytest.mark.parametrize(("minutes", "accepted"), [(-16, False), (-14, True), (14, True), (16, False)])
def test_the_clock_may_be_fifteen_minutes_off(strict, account, minutes, accepted):
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    status, body = answer(strict.url, signed(strict.url, account, at=at))
    if accepted:
        assert status == 200
    else:
        assert body["__type"] == "InvalidSignatureException"
        wanted = (
            r"Signature expired: \d{8}T\d{6}Z is now earlier than" if minutes < 0 else "Signature not yet current: "
        )
        assert re.match(wanted, body["message"])


def test_signatures_go_by_the_machines_clock_when_marketplace_time_moved(strict, account):
    Control(strict).advance(3 * 86400)
    client = strict.client(account["AccessKeyId"], account["SecretAccessKey"])
    reply = client.get_account_balance()["ResponseMetadata"]["HTTPHeaders"]
    sent = datetime.datetime.strptime(reply["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.UTC)
    assert abs(datetime.datetime.now(datetime.UTC) - sent) < datetime.timedelta(minutes=1)


def test_bad_dates_are_incomplete_signatures(strict, account):
    for stamp in ("", "yesterday", "20261121", "99999999T999999Z"):
        _, body = answer(strict.url, signed(strict.url, account, X_Amz_Date=stamp))
        assert body["__type"] == "IncompleteSignatureException"
    headers = signed(strict.url, account, X_Amz_Date=None)
    assert "existence of either a 'X-Amz-Date' or a 'Date' header" in answer(strict.url, headers)[1]["message"]


def test_the_command_makes_a_requester_for_strict_mode(strict):
    def run(*arguments):
        return subprocess.run(
            [*servers.MANAGE, "marketplace_requester", *arguments, "--data", str(strict.data)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    made = run("Lab of Anna")
    assert made.returncode == 0, made.stderr
    said = dict(line.split("=", 1) for line in made.stdout.splitlines())
    client = strict.client(said["AccessKeyId"], said["SecretAccessKey"])
    assert client.get_account_balance()["AvailableBalance"] == said["AvailableBalance"] == "10000.00"
    assert run("Lab of Anna").stdout == made.stdout
    refused = run("")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def test_without_strict_any_secret_is_accepted_and_each_key_is_its_own_requester(marketplace, access_key):
    assert marketplace.client(access_key, "one").get_account_balance()["AvailableBalance"] == "10000.00"
    assert marketplace.client(access_key, "two").get_account_balance()["AvailableBalance"] == "10000.00"
    deposits = [entry for entry in Control(marketplace).get("ledger") if entry["requester"] == access_key]
    assert [(entry["kind"], entry["amount"]) for entry in deposits] == [("deposit", "10000.00")]


def test_without_strict_a_request_that_names_no_key_is_told_how(marketplace):
    status, body = answer(marketplace.url, {"X-Amz-Target": TARGET})
    assert (status, body["__type"]) == (400, "MissingAuthenticationTokenException")
    assert "any access key" in body["message"]


@pytest.mark.parametrize("key", ["", "a b", "x" * 129, "a\u00e4"])
def test_without_strict_a_malformed_key_is_refused(marketplace, key):
    reply = Wire(marketplace.url, key).call("GetAccountBalance", {})
    assert (reply.status, reply.json["__type"]) == (400, "UnrecognizedClientException")


def test_the_signature_of_awss_own_example_is_computed():
    """The IAM example of the Signature Version 4 documentation."""
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "host": "iam.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
    }
    request = sigv4.SignedRequest("GET", "/", "Action=ListUsers&Version=2010-05-08", headers, b"")
    names = tuple(headers)
    canonical = sigv4.canonical(request, names, hashlib.sha256(b"").hexdigest())
    assert hashlib.sha256(canonical.encode()).hexdigest() == (
        "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
    )
    credential = sigv4.Credential("AKIDEXAMPLE", "20150830", "us-east-1", "iam", "aws4_request", names, "")
    assert sigv4.signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", credential, canonical, "20150830T123600Z") == (
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_a_key_without_a_secret_never_passes_strict_mode():
    """A requester made while any secret was accepted has none: an empty secret must not be a secret."""
    headers = {"host": "h", "x-amz-date": NOW.strftime("%Y%m%dT%H%M%SZ")}
    credential = sigv4.Credential("A", "20261121", "us-east-1", "mturk-requester", "aws4_request", tuple(headers), "")
    request = sigv4.SignedRequest("POST", "/", "", headers, b"{}")
    canonical = sigv4.canonical(request, tuple(headers), hashlib.sha256(b"{}").hexdigest())
    made = sigv4.signature("", credential, canonical, headers["x-amz-date"])
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential=A/{credential.scope}, SignedHeaders=host;x-amz-date, Signature={made}"
    )
    with pytest.raises(TurkError) as refusal:
        sigv4.verify(request, lambda key: "", NOW)
    assert refusal.value.type == "UnrecognizedClientException"


def test_error_bodies_are_json_whatever_was_sent(strict):
    reply = send(strict.url, "POST", "/", b"{}", {"X-Amz-Target": TARGET, "Authorization": "\xff" * 10})
    assert reply.headers["content-type"] == "application/x-amz-json-1.1"
    assert json.loads(reply.body)["__type"]
