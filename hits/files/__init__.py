"""Files people take away and bring back: the website's result CSV, a fuller export, marked results."""

from hits.files.failed import failed_rows
from hits.files.full import full_lines, json_lines
from hits.files.marked import begin_marked, read_marked
from hits.files.results import result_rows

__all__ = ["begin_marked", "failed_rows", "full_lines", "json_lines", "read_marked", "result_rows"]
