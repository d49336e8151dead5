"""Words for a million answers, spread as words are: few of them common, most of them rare. And what is looked for."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate

from django.db import connection, transaction

from dashboard.models import Account
from hits.models import AnswerWords, Assignment
from tests.bench.million import as_served, without_indexes

_SYLLABLES = """ka lo mi ter an shi re dor pel in tion er ing the st al ou nd ha wo gre fa qu ze ri um"""
SYLLABLES = _SYLLABLES.split()
DIFFERENT = 20_011  # answers; a prime, so that what one in a thousand says more stands beside all others
WORDS, ANSWERS = AnswerWords._meta.db_table, Assignment._meta.db_table
LETTERS = f"{WORDS}_letters"  # SQLite's index of them


class Vocabulary:
    """30,000 words, the n-th 1/n as common as the first; the same each time."""

    def __init__(self) -> None:
        self.dice = random.Random(1)
        self.words = [
            "".join(self.dice.choice(SYLLABLES) for _ in range(self.dice.choice([1, 2, 2, 3, 3, 4])))
            for _ in range(30_000)
        ]
        self.weights = list(accumulate(1 / (place + 1) for place in range(len(self.words))))

    def answer(self) -> str:
        """Eleven names and values, 323 characters on average."""
        said = self.dice.choices(self.words, cum_weights=self.weights, k=44)
        lines = []
        for place in range(11):
            choice = self.dice.choice(["yes", "no", "12.40", "positive", "negative"])
            lines += [f"question_{place}", choice if place % 3 == 0 else " ".join(said[place * 4 : place * 4 + 4])]
        return "\n".join(lines)

    def sought(self) -> dict[str, str]:
        """What kind of text it is -> the text."""
        return {
            "rare": "zebra cross",
            "one in a million": "noon 4000",
            "in half of them": "positive",
            "nowhere": "nothing like that",
            "a rare word": self.words[20_000],
            "two words": f"{self.words[5]} {self.words[9]}",
            "common letters, rare together": "the the the",
            "common letters, nowhere": "ingtionerou",
            "two letters": "zq",
        }


def speak(account: Account) -> None:
    """Give every answer of an account words to be found by, as the digest would; one in a thousand says a bit more."""
    vocabulary = Vocabulary()
    said = [(number, vocabulary.answer()) for number in range(DIFFERENT)]
    more = """CASE WHEN a.number %% 1000 = 0 THEN '\n' || 'zebra crossing at noon ' || a.number ELSE '' END"""
    with _indexed_afterwards(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bench_said (place integer PRIMARY KEY, text text)")
        cursor.executemany("INSERT INTO bench_said VALUES (%s, %s)", said)
        cursor.execute(
            f"""INSERT INTO {WORDS} (assignment_id, text) SELECT a.id, s.text || {more}
            FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM {ANSWERS} WHERE account_id = %s) AS a
            JOIN bench_said AS s ON s.place = a.number %% {DIFFERENT}""",
            [account.pk],
        )
        cursor.execute("DROP TABLE bench_said")
    as_served()


@contextmanager
def _indexed_afterwards() -> Iterator[None]:
    """The index of letters is made in one go: with each row it would take as long as a day of a desk at work."""
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            with without_indexes(WORDS):
                yield
            cursor.execute("RESET maintenance_work_mem")
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = %s", [f"{WORDS}_added"])
        (trigger,) = cursor.fetchone()
        cursor.execute(f"DROP TRIGGER {WORDS}_added")
    yield
    with connection.cursor() as cursor:
        # What it gathers before it writes: with its usual megabyte it would write and merge a thousand pieces.
        gather = f"INSERT INTO {LETTERS}({LETTERS}, rank) VALUES ('hashsize', %s)"
        cursor.execute(gather, [256 << 20])
        cursor.execute(f"INSERT INTO {LETTERS}({LETTERS}) VALUES ('rebuild')")
        cursor.execute(gather, [1 << 20])
        cursor.execute(trigger)
