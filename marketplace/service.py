"""The API's shape: botocore's own model of it, loaded once. Everything on the wire is driven by this."""

import functools
from dataclasses import dataclass

import botocore.session
from botocore.model import ServiceModel, Shape

TARGET_PREFIX = "MTurkRequesterServiceV20170117"
SIGNING_NAME = "mturk-requester"
VERSION = "2017-01-17"


@dataclass(frozen=True)
class Operation:
    """One of the 39 operations: its name and what goes in and out."""

    name: str
    input: Shape
    output: Shape

    @property
    def reads_only(self) -> bool:
        # Sending a test event writes nothing, and must not keep others from writing while it talks to AWS.
        return self.name.startswith(("Get", "List")) or self.name == "SendTestEventNotification"


@functools.cache
def model() -> ServiceModel:
    """botocore's description of the service."""
    return botocore.session.get_session().get_service_model("mturk", VERSION)


def _load() -> dict[str, Operation]:
    operations = {}
    for name in model().operation_names:
        operation = model().operation_model(name)
        operations[name] = Operation(name, operation.input_shape, operation.output_shape)
    return operations


OPERATIONS: dict[str, Operation] = _load()
