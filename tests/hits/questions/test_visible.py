"""The words of a task's page, for whoever has to judge its answers."""

from hits.questions import question_words, read_question


def test_the_words_a_worker_sees_come_line_by_line_and_no_script_or_style() -> None:
    page = (
        "<html><head><title>T</title><style>p{}</style></head><body><h1>Compare</h1><p>Read <b>both</b> texts.</p>"
        "<script>alert('x')</script><div>Der Hund &amp; die Katze<br>zweite Zeile</div>"
        "<label>A <input name=a></label><select><option>one</option></select>"
        "<textarea name=t>typed</textarea>tail</body></html>"
    )
    assert question_words(page).split("\n") == [
        "Compare",
        "Read both texts.",
        "Der Hund & die Katze",
        "zweite Zeile",
        "A",
        "tail",
    ]
    assert set(read_question(page).fields) == {"a", "t"}


def test_a_page_without_end_is_bounded() -> None:
    assert 0 < len(question_words("<html><body>" + "<p>word word word" * 20_000)) <= 6_000
