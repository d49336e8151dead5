"""The question of a new HIT: a document that was sent, or one made of a layout and its parameters."""

from typing import Any

from ..documents import DocumentError, check_question, parse_layout
from ..errors import ParameterValidationError, RequestError
from ..models import HITLayout, Requester
from . import limits


def of_hit(requester: Requester, request: dict[str, Any]) -> str:
    """The question document, byte for byte as it was sent if it was sent (api:379, api:384-400)."""
    question, layout_id = request.get("Question"), request.get("HITLayoutId")
    if question is not None and layout_id is not None:
        raise ParameterValidationError("Provide either Question or HITLayoutId, not both.")
    if layout_id is None and request.get("HITLayoutParameters"):
        raise ParameterValidationError("HITLayoutParameters need a HITLayoutId.")
    if not question and layout_id is None:
        raise ParameterValidationError("Either a Question parameter or a HITLayoutId parameter must be provided.")
    try:
        if layout_id is not None:
            question = _of_layout(requester, layout_id, request.get("HITLayoutParameters") or [])
        check_question(question or "")
    except DocumentError as error:
        raise limits.bad_document(error) from error
    return question or ""


def _of_layout(requester: Requester, layout_id: str, parameters: list[dict[str, str]]) -> str:
    row = HITLayout.objects.filter(requester=requester, layout_id=layout_id).first()
    if row is None:
        raise RequestError(f"HITLayout {layout_id} does not exist.", "AWS.MechanicalTurk.HITLayoutDoesNotExist")
    layout = parse_layout(row.html)
    values: dict[str, str] = {}
    for parameter in parameters:
        name = parameter["Name"]
        if name in values:
            raise ParameterValidationError(f'The HITLayoutParameter "{name[:200]}" is given more than once.')
        if name not in layout.names:
            raise ParameterValidationError(
                f'The HITLayout {layout_id} has no parameter "{name[:200]}". {_its_parameters(layout.names)}'
            )
        values[name] = parameter["Value"]
    if missing := [name for name in layout.names if name not in values]:
        raise ParameterValidationError(
            f'The HITLayoutParameter "{missing[0][:200]}" is missing. {_its_parameters(layout.names)}'
        )
    return layout.question(values, row.frame_height)


def _its_parameters(names: tuple[str, ...]) -> str:
    return f"Its parameters are: {', '.join(names)[:500]}." if names else "It has no parameters."
