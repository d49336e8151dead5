"""A results file goes home, is marked in a spreadsheet, comes back, is looked at, and pays what was marked."""

import csv
from pathlib import Path
from typing import Any

from tests.browser.conftest import Demo
from tests.browser.test_first_light import paid, until


def test_results_are_downloaded_marked_uploaded_looked_at_and_done_by_a_job(
    demo: Demo, sign_in: Any, tmp_path: Path
) -> None:
    page = sign_in("reviewer")
    page.goto(f"{demo.dashboard}/a/lab/review/")
    page.locator("summary", has_text="that match").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download as CSV").click()
    with open(saved.value.path(), newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    column = {name: header.index(name) for name in ("AssignmentId", "Approve", "Reject")}
    good, bad, strange = rows[-1], rows[-2], rows[-3]  # the last ones; other tests begin with the first
    good += ["x"]
    bad += ["", "Not what was asked for."]
    strange += ["perhaps"]
    marked = tmp_path / "marked.csv"
    with marked.open("w", newline="", encoding="cp1252", errors="replace") as file:  # as a spreadsheet saves it
        csv.writer(file, delimiter=";").writerows([header, *rows])

    page.goto(f"{demo.dashboard}/a/lab/uploads/marked/")
    page.get_by_label("CSV file").set_input_files(marked)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Approve 1 for").wait_for()  # the page follows the worker that reads it
    assert page.get_by_text("Approve holds “perhaps”").is_visible()
    facts = " ".join(page.locator("#file-title").locator("xpath=ancestor::section").inner_text().split())
    assert f"Rows read {len(rows)} Not marked, so left alone {len(rows) - 3}" in facts
    ids = [row[column["AssignmentId"]] for row in (good, bad, strange)]
    assert [paid(demo, name) for name in ids] == [[], [], []]
    page.get_by_role("button", name="Approve 1 for").click()
    page.get_by_role("link", name="Approve 1", exact=True).click()
    page.locator("#job").get_by_text("1 of 1 done").wait_for()
    until(lambda: paid(demo, ids[0]))
    assert [len(paid(demo, name)) for name in ids] == [1, 0, 0]
