"""Limits that the service model does not carry, and the errors for breaking them."""

import re
from decimal import Decimal
from typing import Any

from ..documents import DocumentError, Language
from ..errors import ParameterValidationError, RequestError

YEAR = 31_536_000
# Characters XML and PostgreSQL cannot carry: control characters but tab, newline and return; lone surrogates.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def number(name: str, value: int, least: int, most: int) -> int:
    """A number inside its range, in MTurk's words if not."""
    if not least <= value <= most:
        raise ParameterValidationError(
            f"The value {value} is invalid for {name}. Valid values range from {least} to {most}."
        )
    return value


def text(name: str, value: str, least: int, most: int) -> str:
    """A text of allowed length, in characters."""
    if len(value) < least:
        raise ParameterValidationError(f"Your request parameter {name} has a minimum length of {least}.")
    if len(value) > most:
        raise ParameterValidationError(f"Your request parameter {name} has a maximum length of {most}.")
    return value


def money(name: str, value: str, least: str, most: str) -> Decimal:
    """An amount in dollars, to the cent; the model has checked its form."""
    amount = Decimal(value)
    if not Decimal(least) <= amount <= Decimal(most):
        raise ParameterValidationError(
            f"The value {value[:40]} is invalid for {name}. Valid values range from {least} to {most}."
        )
    return amount.quantize(Decimal("0.01"))


def storable(request: Any, path: str = "") -> None:
    """Refuse characters that no document and no database column can carry, wherever they stand in a request."""
    if isinstance(request, str):
        if found := _UNSTORABLE.search(request):
            raise ParameterValidationError(
                f"Your request parameter {path} contains the character U+{ord(found[0]):04X}, which is not allowed."
            )
    elif isinstance(request, dict):
        for name, value in request.items():
            storable(value, f"{path}.{name}" if path else name)
    elif isinstance(request, list):
        for value in request:
            storable(value, path)


def bad_document(error: DocumentError) -> ParameterValidationError:
    """A question, test or answer key that cannot be used, with the place and the reason, in MTurk's words."""
    if error.language is Language.HTML5:
        data, wanted, code = "HTML5 data", "validates as HTML5", "XHTMLParseError"
    elif error.language is Language.XHTML:
        data, wanted, code = "XHTML data", "validates against the appropriate schema", "XHTMLParseError"
    else:
        data, wanted, code = "XML question or answer data", "validates against the appropriate schema", "XMLParseError"
    return ParameterValidationError(
        f"There was an error parsing the {data} in your request.  Please make sure the data is well-formed and "
        f"{wanted}. Details: {error}",
        f"AWS.MechanicalTurk.{code}",
    )


def token_used(token: str) -> RequestError:
    return RequestError(
        f'The idempotency token "{token}" has already been processed.', "AWS.MechanicalTurk.DuplicateRequest"
    )
