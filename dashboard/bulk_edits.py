"""Import and export in the administration site: a preview first, then every row through the action people use.

So a row that is imported is checked, recorded and refused as if somebody had typed it. What touches MTurk is not here:
it goes through uploads, which become Commands.
"""

import html
import io
from typing import Any, ClassVar

import tablib
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from import_export.admin import ImportExportMixin
from import_export.fields import Field
from import_export.formats.base_formats import JSON, Format
from import_export.forms import ExportForm, ImportForm
from import_export.resources import Diff, ModelResource
from import_export.widgets import ForeignKeyWidget, Widget

from dashboard import csv_files
from dashboard.csv_files import Unreadable, unguarded
from dashboard.models import Account, User
from dashboard.permissions import Denied

MOST_ROWS, MOST_BYTES = 2_000, 5_000_000


class SpreadsheetCSV(Format):
    """CSV as spreadsheets write it, and guarded against formulas when it is written here."""

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding  # found out for each file

    def get_title(self) -> str:
        return "csv"

    def get_extension(self) -> str:
        return "csv"

    def get_content_type(self) -> str:
        return "text/csv"

    def can_import(self) -> bool:
        return True

    def can_export(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        table = csv_files.read(io.BytesIO(in_stream))
        dataset = tablib.Dataset(headers=table.header)
        width = len(table.header)
        for row in table:
            if len(dataset) >= MOST_ROWS:
                raise Unreadable(f"The file has more than {MOST_ROWS:,} rows. Import it in parts.")
            if row.cut or any(cell.strip() for cell in row.cells[width:]):
                raise Unreadable(f"Row {row.number} is cut off, or has more cells than the header.")
            cells = [unguarded(cell) for cell in row.cells[:width]]
            dataset.append([*cells, *[""] * (width - len(cells))])
        return dataset

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> str:
        rows = [[str("" if cell is None else cell) for cell in row] for row in (dataset.headers or [], *dataset)]
        return "".join(csv_files.lines(rows))


class ImportFileForm(ImportForm):
    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file is larger than {MOST_BYTES // 1_000_000} MB. Import it in parts.")
        return file


class PlainDiff(Diff):
    """What changes, without the inline colours that the content security policy forbids."""

    def as_html(self) -> list[SafeString]:
        return [self._changed(str(old), str(new)) for old, new in zip(self.left, self.right, strict=False)]

    def _changed(self, old: str, new: str) -> SafeString:
        if old == new or self.new:
            return mark_safe(html.escape(new))  # noqa: S308 -- escaped just here
        return mark_safe(f"<del>{html.escape(old)}</del> <ins>{html.escape(new)}</ins>")  # noqa: S308 -- as above


class ByName(ForeignKeyWidget):
    """A row named by a text; the sentence says what there is none of."""

    def __init__(self, model: type[Model], field: str, noun: str) -> None:
        super().__init__(model, field)
        self.noun = noun

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            found = super().clean(value, row=row, **kwargs)
        except (self.model.DoesNotExist, self.model.MultipleObjectsReturned):
            found = None
        if found is None:
            raise ValueError(f"There is no {self.noun} “{str(value)[:60]}”.")
        return found


class Text(Widget):
    """Text as it is; an empty cell is empty text."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return str("" if value is None else value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str("" if value is None else value)


class Edits(ModelResource):
    """Rows of an account that people import. A subclass says how one is written: `write`, an action."""

    account: Any = Field("account", "account", widget=ByName(Account, "slug", "account"))

    class Meta:
        use_transactions = True
        skip_unchanged = True
        report_skipped = True
        store_instance = True

    by: User

    @classmethod
    def get_diff_class(cls) -> type[Diff]:
        return PlainDiff

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        self.by = kwargs["user"]
        missing = [name for name in self.needed() if name not in (dataset.headers or [])]
        if missing:
            raise Denied(f"The file has no column {missing[0]}. It needs {', '.join(self.needed())}.")

    def needed(self) -> list[str]:
        return [field.column_name for field in self.get_import_fields() if not field.readonly]

    def write(self, instance: Any) -> Any:
        """Write one row by its action; the row as it is afterwards."""
        raise NotImplementedError

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        try:
            written = self.write(instance)
        except Denied as sentence:
            raise ValidationError(str(sentence)) from None
        instance.pk = written.pk


class BulkEdits(ImportExportMixin):
    """Before ReadOnly: rows are looked at there, and come and go by files. Administrators only."""

    formats: ClassVar = [SpreadsheetCSV, JSON]
    import_form_class = ImportFileForm
    export_form_class = ExportForm
    import_template_name = "admin/import.html"
    import_export_change_list_template = "admin/import_export/change_list_import_export.html"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def add_data_read_fail_error_to_form(self, form: forms.Form, e: Exception) -> None:
        if isinstance(e, Unreadable):
            form.add_error("import_file", str(e))
        else:
            form.add_error("import_file", "The file cannot be read in this format.")
