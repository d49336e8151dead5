"""How large an uploaded file may be. Without a cap one request could fill the disk before any view looks at it."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest


class CappedUpload(FileUploadHandler):
    """First of the upload handlers: a file beyond UPLOAD_MEGABYTES is dropped as it comes, and the request says so."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.seen += len(raw_data)
        if self.seen > settings.UPLOAD_MEGABYTES * 1_000_000:
            assert self.request is not None
            self.request.upload_too_large = True  # type: ignore[attr-defined]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Another handler keeps it."""


def missing_file(request: HttpRequest) -> str:
    """The sentence for a form that came without its file."""
    if getattr(request, "upload_too_large", False):
        return f"The file is larger than {settings.UPLOAD_MEGABYTES} MB. Upload it in parts."
    return "Choose a file."
