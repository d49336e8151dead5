"""Workers in bulk, from an operator's CSV."""

import csv
import io
import secrets
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django_countries import countries

from marketplace.site.accounts import new_worker
from marketplace.transactions import writing

# Of first passwords: nothing that looks like something else, or that a spreadsheet takes for a formula.
LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"
MOST_ROWS, MOST_BYTES = 5000, 2_000_000


class UploadForm(forms.Form):
    """A CSV with a header: username, and optionally email, country, subdivision."""

    file = forms.FileField(help_text="Columns: username, and if you like email, country (two letters), subdivision.")

    def clean_file(self) -> Any:
        given = self.cleaned_data["file"]
        if given.size > MOST_BYTES:
            raise ValidationError(f"The file is larger than {MOST_BYTES:,} bytes.")
        try:
            text = given.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValidationError("The file is not UTF-8 text. Save it as CSV UTF-8.") from None
        reader = csv.DictReader(io.StringIO(text))
        names = {name.strip().lower() for name in reader.fieldnames or [] if name}
        if "username" not in names:
            raise ValidationError("The first line has to name the columns, and one of them has to be username.")
        rows = []
        for line in reader:
            rows.append(
                {
                    (name or "").strip().lower(): (value or "").strip()
                    for name, value in line.items()
                    if isinstance(value, str)
                }
            )
            if len(rows) > MOST_ROWS:
                raise ValidationError(f"These are more than {MOST_ROWS:,} rows. Split the file.")
        if not rows:
            raise ValidationError("There is no row below the header.")
        self.cleaned_data["rows"] = rows
        return given


def create_from_csv(rows: list[dict[str, str]]) -> list[tuple[str, str, str, str, str]]:
    """(username, email, WorkerId, password, problem) for each row, in order; the good ones are made, each by itself."""
    return [_create(row) for row in rows]


def _create(row: dict[str, str]) -> tuple[str, str, str, str, str]:
    name, email = row.get("username", ""), row.get("email", "")
    country, subdivision = row.get("country", "").upper() or "US", row.get("subdivision", "").upper()
    password = "".join(secrets.choice(LEGIBLE) for _ in range(14))
    user = User(username=name, email=email)
    try:
        User.username_validator(name)
        if len(name) > 150 or not name:
            raise ValidationError("The username has to have 1 to 150 characters.")
        if email:
            validate_email(email)
        if country not in dict(countries):
            raise ValidationError(f"{country[:20]} is no country code of two letters.")
        if len(subdivision) > 2:
            raise ValidationError("The subdivision has to have two letters.")
        user.set_password(password)
        with writing():
            user.save()
            worker = new_worker(user, country=country, subdivision=subdivision if country == "US" else "")
    except ValidationError as problem:
        return name, email, "", "", " ".join(problem.messages)
    except IntegrityError:
        return name, email, "", "", "There is somebody with this username already."
    return name, email, worker.worker_id, password, ""
