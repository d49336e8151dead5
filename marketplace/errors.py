"""The errors a client of the API can receive, one exception per kind.

Operations raise `RequestError` or `ParameterValidationError`; the wire layer raises the rest. Whatever is raised rolls
back everything the operation wrote. Wording and codes: the error table of the API reference, section "Errors".
"""


class TurkError(Exception):
    """An error answer: `type` becomes `__type`, `code` the TurkErrorCode (left out when empty), `status` is HTTP's."""

    def __init__(self, type: str, message: str, code: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.type = type
        self.message = message
        self.code = code
        self.status = status

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"


class RequestError(TurkError):
    """The request cannot be done as things stand, e.g. a HIT that does not exist; always has a TurkErrorCode."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__("RequestError", message, code)


class ParameterValidationError(TurkError):
    """A value is well-formed by the service model and still wrong, e.g. an unknown WorkerId or a bad document."""

    def __init__(self, message: str, code: str = "AWS.MechanicalTurk.InvalidParameterValue") -> None:
        super().__init__("ParameterValidationError", message, code)


class ValidationError(TurkError):
    """The request breaks the service model: a missing member, a bad pattern, a value out of range."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


class SerializationError(TurkError):
    """The body is not JSON, or a member has another JSON type than the model says."""

    def __init__(self, message: str) -> None:
        super().__init__("SerializationException", message)


class ServiceFault(TurkError):
    """Our own failure (HTTP 500): nothing was written, the caller may try again."""

    def __init__(self, message: str = "The service failed to process your request. Please try again.") -> None:
        super().__init__("ServiceFault", message, "AWS.ServiceUnavailable", 500)


class Throttled(TurkError):
    """Too many calls; clients wait and try again."""

    def __init__(self, message: str = "Rate exceeded") -> None:
        super().__init__("ThrottlingException", message)
