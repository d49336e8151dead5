"""Clients that are not ours: the AWS CLI and the AWS SDK for JavaScript do a job from CreateHIT to paid.

Signatures are verified. Both are skipped, loudly, where they cannot be had. The SDK is fetched from the npm registry
once, into the data folder.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests import servers
from tests.marketplace.conftest import Control
from tests.marketplace.making import HTML

CLIENTS = Path(__file__).with_name("clients")
NODE = 20  # the oldest that the pinned SDK runs on
CACHE = Path(os.environ.get("HITDESK_DATA") or servers.ROOT / "var") / "clients"


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A marketplace that verifies signatures."""
    with servers.marketplace(tmp_path_factory.mktemp("clients"), "--strict") as running:
        yield running


def account(strict, name):
    return Control(strict).post("accounts", {"name": name})


def run(command, seconds, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, **options)


def program(name, *arguments):
    """The first line a program says of itself; a skip where it is missing or does not run."""
    found = shutil.which(name)
    said = run([found, *arguments], 20) if found else None
    if said is None or said.returncode:
        pytest.skip(f"CLIENT MISSING: {name} is not installed or does not run here.")
    return said.stdout.strip()


# The AWS CLI


@pytest.fixture
def aws(strict, tmp_path):
    """`aws("list-hits", "--max-items", "3")` gives the parsed output; a refusal is a subprocess.CalledProcessError."""
    program("aws", "--version")
    keys = account(strict, "AWS CLI")
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }

    def call(*arguments):
        command = ["aws", "mturk", *arguments, "--endpoint-url", strict.url, "--output", "json"]
        done = run(command, 30, env=environment)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    return call


def test_a_job_with_the_aws_command_line(strict, aws, tmp_path):
    question = tmp_path / "question.xml"
    question.write_text(HTML, encoding="utf-8")
    hit = aws(
        *("create-hit", "--title", "Compare", "--description", "Two pictures", "--reward", "0.50"),
        *("--lifetime-in-seconds", "3600", "--assignment-duration-in-seconds", "600", "--max-assignments", "3"),
        *("--question", f"file://{question}", "--unique-request-token", "cli-1"),
    )["HIT"]
    assert hit["Question"] == HTML
    done = [
        Control(strict).post("assignments", {"HITId": hit["HITId"], "WorkerId": worker, "Fields": {"x": worker}})
        for worker in ("ACLIFIRST", "ACLISECOND")
    ]
    first, second = (one["AssignmentId"] for one in done)
    # The CLI turns pages by itself.
    listed = aws("list-assignments-for-hit", "--hit-id", hit["HITId"], "--page-size", "1")
    assert [one["AssignmentId"] for one in listed["Assignments"]] == [first, second]
    assert "<FreeText>ACLIFIRST</FreeText>" in listed["Assignments"][0]["Answer"]

    assert aws("approve-assignment", "--assignment-id", first, "--requester-feedback", "thanks") == {}
    bonus = ["--worker-id", "ACLIFIRST", "--assignment-id", first, "--bonus-amount", "1.00", "--reason", "good"]
    aws("send-bonus", *bonus, "--unique-request-token", "cli-bonus")
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        aws("send-bonus", *bonus, "--unique-request-token", "cli-bonus")
    assert "(RequestError) when calling the SendBonus operation" in refusal.value.stderr
    assert 'The idempotency token "cli-bonus" has already been processed.' in refusal.value.stderr

    paid = aws("list-bonus-payments", "--hit-id", hit["HITId"])["BonusPayments"]
    assert [(one["WorkerId"], one["BonusAmount"]) for one in paid] == [("ACLIFIRST", "1.00")]
    # 0.60 for the approved one, 1.20 for the bonus; 0.60 held for the one to be reviewed and 0.60 for the open one.
    assert aws("get-account-balance") == {"AvailableBalance": "9997.00", "OnHoldBalance": "1.20"}


# The AWS SDK for JavaScript


@pytest.fixture(scope="module")
def modules():
    """A folder with the pinned SDK in it."""
    major = re.match(r"v(\d+)\.", program("node", "--version"))
    if not major or int(major[1]) < NODE:
        pytest.skip(f"CLIENT MISSING: the AWS SDK for JavaScript needs node {NODE} or newer.")
    program("npm", "--version")
    wanted = json.loads((CLIENTS / "package.json").read_text())["dependencies"]
    ((package, version),) = wanted.items()
    folder = CACHE.resolve() / f"{package.rpartition('/')[2]}-{version}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        # Made elsewhere and moved in whole: a download that ends half-way leaves nothing that looks complete.
        with tempfile.TemporaryDirectory(dir=CACHE) as begun:
            shutil.copy(CLIENTS / "package.json", begun)
            quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
            patience = ["--fetch-retries=1", "--fetch-timeout=20000"]
            try:
                done = run(["npm", "install", *quiet, *patience], 60, cwd=begun)
                failed = done.returncode != 0
            except subprocess.TimeoutExpired:
                failed = True
            if failed:
                pytest.skip(f"CLIENT MISSING: {package} {version} cannot be fetched from the npm registry.")
            if not folder.is_dir():
                shutil.move(begun, folder)
                Path(begun).mkdir()  # for the clean-up to find
    return folder


def test_a_job_with_the_sdk_for_javascript(strict, modules):
    keys = account(strict, "JavaScript")
    given = {
        "modules": str(modules),
        "endpoint": strict.url,
        "key": keys["AccessKeyId"],
        "secret": keys["SecretAccessKey"],
        "question": HTML,
    }
    done = run(["node", str(CLIENTS / "job.mjs"), json.dumps(given)], 60)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    refused = seen.pop("refused")
    assert "<FreeText>blue</FreeText>" in seen.pop("answer")
    assert seen == {
        "title": "Compare Ünïcode ✓",
        "created": True,
        "question": True,
        "listed": [["AJSFIRST", "Submitted"], ["AJSSECOND", "Submitted"]],
        "status": "Approved",
        "approved": True,
        "pages": [5, 5, 2, 0],
        "bonuses": [["AJSFIRST", "1.00", "well done"]],
        # 0.60 for the approved one, 1.20 for the bonus, 0.60 held for each of the eleven others.
        "balance": ["9991.60", "6.60"],
    }
    assert (refused["isRequestError"], refused["status"]) == (True, 400)
    assert refused["code"] == "AWS.MechanicalTurk.InvalidAssignmentState"
    assert "This operation can be called with a status of: Submitted" in refused["message"]
    assert re.fullmatch(r"[0-9a-f-]{36}", refused["requestId"])
