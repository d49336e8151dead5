"""Text in answers is found by an index, on both databases, whatever is typed and however new the answer is."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.models import Account
from hits import search
from hits.models import AnswerWords, Assignment
from hits.models.filters import narrowed
from tests import servers
from tests.hits.answers.documents import named, task_answers
from tests.hits.test_replay import Desk

ANSWERS = {
    "plain": named({"comment": "A red Fire truck,\n  100% sure & <b>bold</b>", "colour": "red"}),
    "nested": task_answers({"w": {"label": "ÄPFEL und Birnen", "note": 'she said "stop"'}}),
    "odd": named({"path": "C:\\temp_x", "snow": "☃☃☃", "short": "ok"}),
    "long": named({"essay": "word " * 3_000 + "needle"}),
}


@pytest.fixture
def desk(db: Any) -> Desk:
    return Desk()


def keep(desk: Desk) -> dict[str, Assignment]:
    rows = {name: desk.keep("", answer) for name, answer in ANSWERS.items()}
    search.read(desk.account, list(rows.values()))
    Assignment.objects.update(fresh=False)
    return rows


def found(account: Account, text: str) -> set[int]:
    """As the queue finds them: by the index where it can."""
    among, filters = Assignment.objects.of(account), {"text": text}
    rows, _ = narrowed(among, filters, column="submitted_at")
    # What every row is looked at for says the same.
    assert set(among.matching(filters).values_list("pk", flat=True)) == set(rows.values_list("pk", flat=True)), text
    return set(rows.values_list("pk", flat=True))


def check_what_is_found(desk: Desk) -> None:
    rows = keep(desk)
    for text, names in {
        "fire TRUCK": {"plain"}, "truck, 100% sure": {"plain"}, "re": {"plain"}, "red": {"plain"},
        "& <b>": {"plain"}, "äpfel": {"nested"}, 'said "stop"': {"nested"}, "comment": {"plain"}, "temp_x": {"odd"},
        "tempxx": set(), "C:\\temp": {"odd"}, "☃☃": {"odd"}, "☃☃☃": {"odd"}, "needle": {"long"}, "FreeText": set(),
        "red fire  truck": {"plain"}, "%": {"plain"}, "%%%%": set(), "___": set(), "_": {"odd"}, "' OR 1=1 --": set(),
        '"fire" AND "truck"': set(), "fire OR truck": set(), "text:*": set(), "NEAR(a b)": set(), "\\": {"odd"},
        "a\0b": set(), "\ud800": set(), "‮": set(), "x" * 200: set(), "ok": {"odd"}, "*": set(), "(": set(),
    }.items():  # fmt: skip
        assert found(desk.account, text) == {rows[name].pk for name in names}, text
    for field, text, names in (
        ("comment", "FIRE truck", {"plain"}), ("comment", "sure & <b>", {"plain"}), ("comment", "blue", set()),
        ("colour", "", {"plain"}), ("note", "said", {"nested"}), ("label", "said", set()), ("(", ")", set()),
        ("essay", "needle", {"long"}),
    ):  # fmt: skip
        said = Assignment.objects.of(desk.account).matching({"field": field, "text": text})
        assert set(said.values_list("pk", flat=True)) == {rows[name].pk for name in names}, (field, text)
    # Another account's answers are found by nobody here.
    other = Account.objects.create(slug="other", name="Other", endpoint_url="http://127.0.0.1:2")
    assert found(other, "needle") == set()
    # What the digest has not seen yet is found all the same; and what is gone is found no more.
    new = desk.keep("", named({"said": "Brand new & shiny"}))
    assert found(desk.account, "brand new & shiny") == {new.pk}
    search.read(desk.account, [new])
    search.read(desk.account, [new])
    assert found(desk.account, "brand new & shiny") == {new.pk}
    assert AnswerWords.objects.filter(pk=new.pk).count() == 1
    Assignment.objects.filter(pk=rows["long"].pk).delete()
    assert found(desk.account, "needle") == set()


def test_what_is_found(desk: Desk) -> None:
    check_what_is_found(desk)


def test_what_is_found_on_postgresql(postgres_server: servers.Postgres, tmp_path: Path) -> None:
    """The same with the index of the other database, which only a process of its own can use."""
    env = {**os.environ, "DATABASE_URL": postgres_server.database("search"), "HITDESK_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ON_POSTGRESQL], env=env, cwd=servers.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    plan = done.stdout
    assert "Bitmap Index Scan on hits_answerwords_letters" in plan, plan


ON_POSTGRESQL = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
import django
from importlib import import_module
from django.conf import settings
settings.MIGRATION_MODULES = {name.rpartition(".")[2]: None for name in settings.INSTALLED_APPS}
django.setup()
from django.core.management import call_command
from django.db import connection
# Tables as the models say, which is quick, and then what that migration adds to them.
call_command("migrate", verbosity=0, run_syncdb=True)
for statement in import_module("hits.migrations.0013_words_of_answers").POSTGRESQL:
    connection.cursor().execute(statement)
from hits import search
from hits.models import Assignment
from tests.hits.test_replay import Desk
from tests.hits.test_search import check_what_is_found
desk = Desk()
check_what_is_found(desk)
cursor = connection.cursor()
cursor.execute("SET enable_seqscan = off")
cursor.execute(
    "EXPLAIN SELECT assignment_id FROM hits_answerwords WHERE hits_letters(text) @> %s::bigint[]",
    [search._letters("fire")],
)
print(cursor.fetchall())
assert search.few(Assignment.objects.of(desk.account), "fire", 0) is None
connection.close()
"""


def test_an_index_finds_what_is_rare_and_leaves_what_is_common_to_the_queues_order(desk: Desk) -> None:
    rows = keep(desk)
    among = Assignment.objects.of(desk.account)
    with CaptureQueriesContext(connection) as queries:
        assert search.few(among, "needle", 2) == [rows["long"].pk]
    looked = next(query["sql"] for query in queries if "LIKE" in query["sql"])
    plan = connection.cursor().execute(f"EXPLAIN QUERY PLAN {looked}").fetchall()
    assert "VIRTUAL TABLE INDEX" in plan[0][3]
    assert plan[0][3].endswith(":L0"), "the letters are not asked"
    assert search.few(among, "or", 2) is None  # too short
    assert search.few(among, "%_%", 2) is None
    assert search.few(among, "red", 0) is None  # too many
    for number in range(3):
        desk.keep("", named({"a": f"fresh {number}"}))
    assert search.few(among, "needle", 2) is None  # too many that nobody has read yet


def test_a_search_that_takes_too_long_is_given_up(desk: Desk, monkeypatch: Any) -> None:
    keep(desk)
    rows = [AnswerWords(assignment_id=desk.keep("", "").pk, text="the other there then") for _ in range(300)]
    AnswerWords.objects.bulk_create(rows)
    monkeypatch.setattr(search, "PATIENCE", -1.0)
    assert search.few(Assignment.objects.of(desk.account), "the the", 3_000) is None
    monkeypatch.setattr(search, "PATIENCE", 5.0)
    Assignment.objects.update(fresh=False)
    assert search.few(Assignment.objects.of(desk.account), "the the", 3_000) == []
