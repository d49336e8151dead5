"""The demo's five batches: what they ask, what they pay, and one row of data for each HIT."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCHEMA = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd"
HTML_QUESTION = (
    f'<HTMLQuestion xmlns="{SCHEMA}">'
    "<HTMLContent><![CDATA[{page}]]></HTMLContent><FrameHeight>0</FrameHeight></HTMLQuestion>"
)

WHY_BETTER = [
    "Says the same as the German and sounds like something a person would say.",
    "The other one is understandable but reads word for word.",
    "Nothing is left out, and the order of the words is natural.",
    "I compared them sentence by sentence; this one keeps the meaning and the tone.",
    "Both are fine, the difference is only style. I went for the shorter one.",
]
REMARKS = [
    "The paper is a bit crooked but everything can be read.",
    "The tax is listed on its own line.",
    "No street number in the address.",
]
CHANGES = [
    "A bus every ten minutes instead of every twenty, at least until nine in the morning.",
    "A bicycle lane along the harbour road. At the moment one rides between lorries and parked cars.",
    "Cheaper monthly tickets. I would sell the car if the train cost half.",
    "Trains that are on time. I leave half an hour early every day, just to be safe.",
    "More trees on the way to the station; in summer it is unbearable.",
    "Nothing really, I walk through the park and enjoy it.",
    "One ticket for bus, tram and ferry. Now I need three apps.",
    "Later opening hours at the office so that I could travel after the rush.",
]
LAZY = ["good", "nothing", "ok", "better", "idk", "fast bus"]


@dataclass(frozen=True)
class Batch:
    """A batch and the HIT type of its HITs. `rows` are the values of a template's ${names}; each row is one HIT."""

    key: str  # in the annotation: BatchId:<key>
    template: str  # a file in tasks/
    title: str
    description: str
    keywords: str
    reward: str  # US dollars
    assignments: int  # per HIT
    duration: timedelta
    auto_approval: timedelta
    lifetime: timedelta
    rows: list[dict[str, Any]] = field(repr=False)

    def hits(self, origin: str) -> Iterator[tuple[str, str]]:
        """Annotation and question document of each HIT; pictures are asked for at `origin`, the dashboard's."""
        for number, row in enumerate(self.rows, 1):
            # "Crowd:demo" invites the simulated workers; they leave everybody else's tasks alone.
            yield f"BatchId:{self.key};Row:{number};Crowd:demo;", self.question(row, origin)

    def question(self, row: dict[str, Any], origin: str) -> str:
        values = {name: str(value) for name, value in row.items() if name != "hint"}
        if "image" in row:
            values["image_url"] = f"{origin.rstrip('/')}/static/demo/{row['image']}"
        text = (HERE / "tasks" / self.template).read_text(encoding="utf-8")
        document = re.sub(r"\$\{(\w+)\}", lambda found: html.escape(values[found[1]]), text)
        document += _hint_comment(row["hint"])
        return document if self.template.endswith(".xml") else HTML_QUESTION.format(page=document)


def _hint_comment(hint: dict[str, Any]) -> str:
    """What is right in this task, for the simulated workers (marketplace.crowd.answers); people do not see it."""
    # Two hyphens would end the comment, a closing bracket pair the CDATA section around it.
    text = json.dumps(hint, ensure_ascii=False).replace("]]", "] ]")
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    text = text.replace("--", "\\u002d\\u002d")
    return f"<!-- crowd-hint: {text} -->"


def _rows(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((HERE / "rows" / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _birds() -> list[dict[str, Any]]:
    return [
        {
            "image": row["image"],
            "hint": {"annotatedResult": {"truth": row["boxes"], "width": row["width"], "height": row["height"]}},
        }
        for row in _rows("birds")
    ]


def _receipts() -> list[dict[str, Any]]:
    def hint(row: dict[str, Any]) -> dict[str, Any]:
        other = {"cash": "card", "card": "cash"}[row["paid"]]
        return {
            "shop": {"truth": row["shop"], "slips": [row["shop"].lower(), row["shop"].split()[0], "shop"]},
            "date": {"truth": row["date"], "slips": [f"2026-{row['date'][8:]}-{row['date'][5:7]}", "2026-01-01"]},
            "total": {"truth": row["total"], "slips": row["slips"]},
            "items": {"truth": row["items"], "slips": [row["items"] + 1, 1]},
            "paid": {"truth": row["paid"], "slips": [other]},
            "hard_to_read": {"truth": False},
            "remark": {"texts": REMARKS, "lazy": LAZY},
        }

    return [{"image": row["image"], "hint": hint(row)} for row in _rows("receipts")]


def _sentences() -> list[dict[str, Any]]:
    return [
        {"sentence": row["sentence"], "hint": {"sentiment": {"truth": row["sentiment"], "slips": row["slips"]}}}
        for row in _rows("sentences")
    ]


def _translations() -> list[dict[str, Any]]:
    def hint(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "better": {"truth": row["better"], "slips": ["same"]},
            "fluency_a": {"truth": row["fluency_a"], "spread": 6},
            "fluency_b": {"truth": row["fluency_b"], "spread": 6},
            "problems_a": {"truth": row["problems_a"]},
            "problems_b": {"truth": row["problems_b"]},
            "why": {"texts": WHY_BETTER, "lazy": LAZY},
        }

    return [{"source": row["source"], "a": row["a"], "b": row["b"], "hint": hint(row)} for row in _rows("translations")]


def _survey() -> list[dict[str, Any]]:
    hint = {
        "transport": {"weights": {"walk": 2, "bike": 4, "bus": 6, "train": 4, "car": 3, "home": 1}},
        "minutes": {"truth": 32, "spread": 14, "least": 0, "most": 240},
        "annoyances": {"weights": {"delays": 0.6, "crowded": 0.5, "price": 0.4, "traffic": 0.35, "weather": 0.15}},
        "satisfaction": {"weights": {"1": 1, "2": 3, "3": 5, "4": 6, "5": 2}},
        "change": {"texts": CHANGES, "lazy": LAZY},
    }
    return [{"image": "birds-07.webp", "hint": hint}]


def batches() -> list[Batch]:
    """In the order they are published. Delays differ on purpose: some work auto-approves within hours, some in days."""
    return [
        Batch(
            key="birds-in-pictures",
            template="birds.html",
            title="Draw a box around each bird",
            description="Look at one picture and draw a tight box around every bird in it.",
            keywords="birds, picture, bounding box, draw, annotation",
            reward="0.12",
            assignments=9,
            duration=timedelta(minutes=45),
            auto_approval=timedelta(days=3),
            lifetime=timedelta(days=10),
            rows=_birds(),
        ),
        Batch(
            key="receipt-totals",
            template="receipt.html",
            title="Read shop, date and total from a receipt",
            description="One photographed receipt, six short fields. Takes about a minute.",
            keywords="receipt, data entry, transcription, numbers",
            reward="0.08",
            assignments=9,
            duration=timedelta(minutes=30),
            auto_approval=timedelta(days=1),
            lifetime=timedelta(days=10),
            rows=_receipts(),
        ),
        Batch(
            key="getting-around-town",
            template="survey.xml",
            title="A five-question survey: getting around town",
            description="How you get to work, how long it takes, and what you would change. About two minutes.",
            keywords="survey, transport, city, opinion",
            reward="0.35",
            assignments=90,
            duration=timedelta(minutes=30),
            auto_approval=timedelta(days=2),
            lifetime=timedelta(days=10),
            rows=_survey(),
        ),
        Batch(
            key="how-does-the-writer-feel",
            template="sentence.html",
            title="How does the writer of this sentence feel?",
            description="Read one sentence and choose: positive, neutral, mixed or negative.",
            keywords="sentiment, text, classification, reading",
            reward="0.03",
            assignments=8,
            duration=timedelta(minutes=20),
            auto_approval=timedelta(hours=28),
            lifetime=timedelta(days=10),
            rows=_sentences(),
        ),
        Batch(
            key="which-translation-is-better",
            template="translation.html",
            title="Compare two translations from German",
            description="Read a short German text with two English translations, rate both and say which is better.",
            keywords="translation, German, English, comparison, rating",
            reward="0.25",
            assignments=9,
            duration=timedelta(hours=1),
            auto_approval=timedelta(days=7),
            lifetime=timedelta(days=10),
            rows=_translations(),
        ),
    ]
