"""From signing up to being paid: a worker on the site, a manager in the dashboard, the API between them."""

import re
import uuid
from typing import Any

import boto3

from tests.browser.conftest import Demo
from tests.browser.test_first_light import paid, until

HTML = """<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><body>
<form name="mturk_form" method="post" action="https://www.mturk.com/mturk/externalSubmit">
<label>Which bird is it? <input name="bird"></label><button>Submit</button></form></body></html>]]></HTMLContent>
<FrameHeight>0</FrameHeight></HTMLQuestion>"""


def test_from_signing_up_to_being_paid(demo: Demo, sign_in: Any, browser: Any) -> None:
    requester = boto3.client(
        "mturk",
        endpoint_url=demo.marketplace,
        region_name="us-east-1",
        aws_access_key_id="DEMO",
        aws_secret_access_key="demo",
    )
    title = f"Name the bird {uuid.uuid4().hex[:8]}"
    requester.create_hit(
        Title=title,
        Description="Look, then type.",
        Reward="0.37",
        AssignmentDurationInSeconds=3600,
        LifetimeInSeconds=86400,
        MaxAssignments=1,
        Question=HTML,
    )
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    context.set_default_timeout(10_000)
    try:
        worker = context.new_page()
        worker.goto(demo.marketplace)
        worker.get_by_role("link", name="Start working").click()
        worker.get_by_label("Username").fill(f"w{uuid.uuid4().hex[:10]}")
        worker.get_by_label("Password", exact=True).fill("correct horse battery")
        worker.get_by_label("Country you live in").select_option("PT")
        worker.get_by_role("button", name="Sign up").click()
        worker.get_by_role("link", name=title, exact=True).click()
        worker.get_by_role("button", name="Accept & work").click()
        worker.wait_for_url("**/assignments/*/")
        assignment_id = worker.url.rstrip("/").rsplit("/", 1)[1]
        worker.frame_locator("iframe").get_by_label("Which bird is it?").fill("dunnock")
        worker.frame_locator("iframe").get_by_role("button", name="Submit").tap()
        worker.wait_for_url("**/tasks/")
        worker.goto(f"{demo.marketplace}/earnings/")
        worker.locator("li", has_text=title).get_by_text("Waiting").wait_for()

        page = sign_in("manager")
        page.goto(f"{demo.dashboard}/a/lab/settings/")
        page.get_by_role("button", name="Sync now").first.click()

        def opened() -> bool:
            return bool(page.goto(f"{demo.dashboard}/a/lab/review/{assignment_id}/").ok)

        until(opened)
        assert "dunnock" in page.locator(".bench-answer").inner_text()
        page.keyboard.press("a")
        until(lambda: paid(demo, assignment_id))
        assert paid(demo, assignment_id) == [("reward", "0.37")]

        worker.reload()
        worker.locator("li", has_text=title).get_by_text("Approved").wait_for()
        assert re.search(r"\$0\.37\s*earned in all", " ".join(worker.locator(".tiles").inner_text().split()))
    finally:
        context.close()
