"""Words for a million answers, spread as words are: few of them common, most of them rare. And what is looked for."""

import random
from itertools import accumulate

from django.db import connection, transaction

from dashboard.models import Account
from hits.models import Assignment
from tests.bench.million import as_served

_SYLLABLES = """ka lo mi ter an shi re dor pel in tion er ing the st al ou nd ha wo gre fa qu ze ri um"""
SYLLABLES = _SYLLABLES.split()
CHUNK = 5_000


class Vocabulary:
    """30,000 words, the n-th 1/n as common as the first; the same each time."""

    def __init__(self) -> None:
        self.dice = random.Random(1)
        self.words = [
            "".join(self.dice.choice(SYLLABLES) for _ in range(self.dice.choice([1, 2, 2, 3, 3, 4])))
            for _ in range(30_000)
        ]
        self.weights = list(accumulate(1 / (place + 1) for place in range(len(self.words))))

    def answer(self, number: int) -> str:
        """Eleven names and values, 323 characters on average; one in a thousand says something more."""
        said = self.dice.choices(self.words, cum_weights=self.weights, k=44)
        lines = []
        for place in range(11):
            choice = self.dice.choice(["yes", "no", "12.40", "positive", "negative"])
            lines += [f"question_{place}", choice if place % 3 == 0 else " ".join(said[place * 4 : place * 4 + 4])]
        return "\n".join([*lines, *([f"zebra crossing at noon {number}"] if number % 1_000 == 0 else [])])

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
    """Give every answer of an account words to be found by, as the digest would."""
    vocabulary = Vocabulary()
    keys = list(Assignment.objects.of(account).filter(words=None).order_by("pk").values_list("pk", flat=True))
    statement = "INSERT INTO hits_answerwords (assignment_id, text) VALUES (%s, %s)"
    for start in range(0, len(keys), CHUNK):
        rows = [(key, vocabulary.answer(number)) for number, key in enumerate(keys[start : start + CHUNK], start)]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, rows)
    as_served()
