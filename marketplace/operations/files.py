"""GetFileUploadURL."""

from typing import Any, NoReturn

from ..errors import RequestError
from ..models import Assignment, Requester
from . import finding


def get_file_upload_url(requester: Requester, request: dict[str, Any]) -> NoReturn:
    """Always an error: questions stopped asking for files on 2017-12-12 (api:1135), and no answer here holds one."""
    assignments = Assignment.objects.handed_in().filter(hit__requester=requester)
    if not assignments.filter(assignment_id=request["AssignmentId"]).exists():
        raise finding.no_assignment(request["AssignmentId"])
    raise RequestError(
        "There is no uploaded file: FileUploadAnswer has not been supported since December 12, 2017. Ask workers to "
        "upload files to storage of your own, for example with an ExternalQuestion.",
        "AWS.MechanicalTurk.OperationNotAvailable",
    )
