"""`manage.py marketplace_layout`: a requester's HTML with placeholders, from which HITs are made by its id."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.database import prepare

NAME_LENGTH = 200


class Command(BaseCommand):
    help = (
        "Register a HIT layout, an HTML file with ${name} placeholders, or put a new file in its place under the same "
        "name and id. Prints its HITLayoutId and its parameters. With --list, all layouts of the requester."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign] # a bad option gets one sentence
        parser.add_argument("file", nargs="?", help="the HTML, in UTF-8")
        parser.add_argument("--data", help="folder of the marketplace's database (HITDESK_DATA, else var/)")
        parser.add_argument("--requester", required=True, help="whose it is: an access key, or an account's name")
        parser.add_argument("--name", help="the layout's name; the same name is the same layout")
        parser.add_argument("--frame-height", type=_pixels, help="height of its frame; 0 is as high as the window (0)")
        parser.add_argument("--list", action="store_true", dest="listed", help="show all layouts instead")

    def handle(
        self,
        *,
        file: str | None,
        requester: str,
        name: str | None,
        frame_height: int | None,
        listed: bool,
        **options: Any,
    ) -> None:
        if listed and (file or name or frame_height is not None):
            raise CommandError("--list shows every layout: leave out --name, --frame-height and the file.")
        if not listed and not (file and name):
            raise CommandError("Give the layout a --name and an HTML file, or use --list.")
        name = (name or "").strip()
        if not listed and (not name or len(name) > NAME_LENGTH or not name.isprintable()):
            raise CommandError(f"The name must be 1 to {NAME_LENGTH} printable characters.")
        html = "" if listed else self.checked(Path(file or ""))
        prepare()

        from marketplace.models import HITLayout

        if listed:
            for row in HITLayout.objects.filter(requester=self.owner(requester)).order_by("name"):
                self.show(row)
            return

        from marketplace import clock

        changes = {"html": html} | ({} if frame_height is None else {"frame_height": frame_height})
        row, _ = HITLayout.objects.update_or_create(
            requester=self.owner(requester),
            name=name,
            defaults=changes,
            create_defaults={"created_at": clock.now(), **changes},
        )
        self.show(row)

    def checked(self, path: Path) -> str:
        """The file's text, if it is a layout."""
        from marketplace.documents import DocumentError, parse_layout

        try:
            html = path.read_bytes().decode("utf-8-sig")
            parse_layout(html)
        except OSError as error:
            raise CommandError(f"Cannot read {path}: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CommandError(f"{path} is not in UTF-8.") from None
        except DocumentError as error:
            raise CommandError(f"{path} cannot be used: {' '.join(str(error).split())}") from None
        return html

    def owner(self, named: str) -> Any:
        """The requester of that access key or name; unless strict, a key nobody used is a new one, as in the API."""
        from marketplace.models import Requester
        from marketplace.sigv4 import is_access_key_id

        named = named.strip()
        found = Requester.objects.filter(access_key_id=named).first() or Requester.objects.filter(name=named).first()
        if not named or (found is None and settings.STRICT):
            raise CommandError(f'There is no requester "{named}". Make one with `manage.py marketplace_requester`.')
        if found is None and not is_access_key_id(named):
            raise CommandError(f'There is no requester "{named}", and an access key cannot look like that.')
        return found or Requester.for_key(named)

    def show(self, row: Any) -> None:
        from marketplace.documents import parse_layout

        self.stdout.write(f"HITLayoutId={row.layout_id}")
        self.stdout.write(f"Name={row.name}")
        self.stdout.write(f"Parameters={','.join(parse_layout(row.html).names)}")


def _pixels(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 100_000:
        return int(text)
    raise ValueError


_pixels.__name__ = "number of pixels (0 to 100000)"  # argparse says "invalid <name> value: …"
