"""UpdateNotificationSettings and SendTestEventNotification."""

from typing import Any

from .. import clock, destinations, notifications
from ..errors import ParameterValidationError, RequestError
from ..models import NotificationSetting, Requester
from . import finding


def update_notification_settings(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Say where the events of a HIT type go, and whether (api:2038). A new specification replaces the old one."""
    hit_type = finding.hit_type(requester, request["HITTypeId"])
    specification, active = request.get("Notification"), request.get("Active")
    if specification is None and active is None:
        raise ParameterValidationError("Either the Notification parameter or the Active parameter must be specified.")
    values: dict[str, Any] = {} if active is None else {"is_active": active}
    settings = NotificationSetting.objects.filter(hit_type=hit_type)
    if specification is None:
        if not settings.update(**values):
            raise ParameterValidationError(
                f"HITType {hit_type.hit_type_id} has no notification specification yet: give a Notification as well."
            )
        return {}
    _check(specification)
    if "Ping" in specification["EventTypes"]:
        raise ParameterValidationError("The EventType Ping is only valid for SendTestEventNotification.")
    values |= {
        "destination": specification["Destination"],
        "transport": specification["Transport"],
        "version": specification["Version"],
        "event_types": sorted(set(specification["EventTypes"])),
    }
    NotificationSetting.objects.update_or_create(hit_type=hit_type, defaults=values)
    return {}


def send_test_event_notification(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Send a document as if that event had happened, at once; an error if it does not arrive (api:1921).

    The specification's EventTypes do not matter for it. It connects to AWS while it runs, so it must not hold a lock:
    see Operation.reads_only.
    """
    specification = request["Notification"]
    _check(specification)
    body = notifications.test_document(requester, request["TestEventType"], clock.now())
    try:
        destinations.deliver(specification["Transport"], specification["Destination"], body)
    except destinations.Undelivered as error:
        raise RequestError(
            f"The test notification was not delivered. {error}", "AWS.MechanicalTurk.InvalidTransportEndpoint"
        ) from error
    return {}


def _check(specification: dict[str, Any]) -> None:
    if specification["Version"] not in notifications.VERSIONS:
        raise ParameterValidationError(
            f'The value "{specification["Version"][:40]}" is not valid for the Version of a Notification. '
            f"Valid values: {' | '.join(notifications.VERSIONS)}"
        )
    if not specification["EventTypes"]:
        raise ParameterValidationError("The EventTypes of a Notification must name at least one event.")
    try:
        destinations.check(specification["Transport"], specification["Destination"])
    except destinations.BadDestination as error:
        raise RequestError(str(error), "AWS.MechanicalTurk.InvalidTransportEndpoint") from None
