"""The mapping calculator: a test shown with what was filled in, and what that scores."""

from typing import Any

from marketplace import documents
from qualifications.questions import lay_out, sheet_answers, show


def tried(test: str, key: str, posted: dict[str, list[str]]) -> dict[str, Any]:
    """Context of qualifications/test.html and the sheet: `shown` [(place, item, values)], `test_problem`, `sheet`.

    `sheet` is None until something was filled in, or there is no test.
    """
    if not test.strip():
        return {"shown": [], "test_problem": "", "sheet": None}
    seen = show(test)
    filled = any(name.startswith("sheet-") and any(values) for name, values in posted.items())
    shown = [
        {"place": place, "item": item, "values": posted.get(f"sheet-{place}", [])}
        for place, item in enumerate(seen.items)
    ]
    if seen.problem or not (filled or "score" in posted.get("action", [])):
        return {"shown": shown, "test_problem": seen.problem, "sheet": None}
    problem, form, parsed = "", None, None
    try:
        form = documents.parse_question(test)
        parsed = documents.parse_answer_key(key) if key.strip() else None
    except documents.DocumentError as error:
        problem = str(error)
    sheet = lay_out(form, parsed, sheet_answers(seen.items, posted), problem=problem)
    return {"shown": shown, "test_problem": "", "sheet": sheet}
