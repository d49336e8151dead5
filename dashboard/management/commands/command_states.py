import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.commands import TRANSITIONS
from dashboard.models import State

BLOCK = re.compile(r"(?<=<!-- states -->\n).*?(?=<!-- /states -->)", re.DOTALL)


def generated() -> str:
    """The diagram (Mermaid, which code hosts draw) and the table of states, from the code's own TRANSITIONS."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {state.value}" for state in (State.PROPOSED, State.QUEUED)]
    for state, following in TRANSITIONS.items():
        lines += [f"    {state.value} --> {after.value}" for after in State if after in following]
        if not following:
            lines.append(f"    {state.value} --> [*]")
    lines += ["```", "", "| State | A page says | May become |", "|---|---|---|"]
    for state, following in TRANSITIONS.items():
        names = ", ".join(f"`{after.value}`" for after in State if after in following) or "nothing: the end"
        lines.append(f"| `{state.value}` | {state.label} | {names} |")
    return "\n".join(lines) + "\n"


class Command(BaseCommand):
    help = "Print the states of a command and what may follow which; --write puts them into docs/commands.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="write them into docs/commands.md")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["write"]:
            self.stdout.write(generated())
            return
        path = Path(settings.BASE_DIR) / "docs" / "commands.md"
        text = path.read_text()
        if not BLOCK.search(text):
            raise CommandError(f"{path} has no place for them: the lines <!-- states --> and <!-- /states -->.")
        path.write_text(BLOCK.sub(lambda match: generated(), text))
