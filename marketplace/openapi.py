"""`GET /openapi.json`: the API as an OpenAPI 3.0 document, made from the service model that everything is driven by.

Operations that share one address have a path each by a convention of the public descriptions of AWS services:
`/#X-Amz-Target=<prefix>.<Operation>`. Those descriptions also number an operation's errors from 480 on; tools made for
them know errors by these numbers, so they stand beside the statuses that are really sent.
"""

import functools
import json
import re
from typing import Any

from botocore.model import ListShape, Shape, StructureShape
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from marketplace.pages import not_found
from marketplace.service import SIGNING_NAME, TARGET_PREFIX, VERSION, model

AMZ_HEADERS = (
    "X-Amz-Content-Sha256",
    "X-Amz-Date",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
)
MEDIA_TYPES = ("application/json", "application/x-amz-json-1.1")
FIRST_ERROR = 480
_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "boolean": {"type": "boolean"},
    "timestamp": {
        "type": "number",
        "format": "double",
        "description": "Seconds since 1970-01-01T00:00:00Z, with milliseconds.",
    },
}
_LENGTHS = {"string": ("minLength", "maxLength"), "list": ("minItems", "maxItems")}
_PROTOCOL_ERROR = {
    "type": "object",
    "required": ["__type", "message"],
    "properties": {"__type": {"type": "string"}, "message": {"type": "string"}},
    "description": "An error of the protocol: ValidationException, SerializationException, ThrottlingException, "
    "UnrecognizedClientException, InvalidSignatureException and so on, as `__type` says.",
}


def document(request: HttpRequest) -> HttpResponse:
    """The description, with this marketplace's address."""
    if request.method not in ("GET", "HEAD"):
        return not_found(request)
    origin = settings.PUBLIC_URL or f"http://127.0.0.1:{request.META.get('SERVER_PORT', '')}"
    response = HttpResponse(_written(origin), content_type="application/json")
    response["Access-Control-Allow-Origin"] = "*"  # public, and what documentation viewers in a browser need
    return response


@functools.lru_cache(maxsize=4)
def _written(origin: str) -> bytes:
    return json.dumps(description(origin), ensure_ascii=False, separators=(",", ":")).encode()


def description(origin: str) -> dict[str, Any]:
    """The whole document. `origin` is the marketplace's address without a slash at its end."""
    service = model()
    operations = [service.operation_model(name) for name in service.operation_names]
    return {
        "openapi": "3.0.0",
        "info": {
            "version": VERSION,
            "x-release": "v4",
            "title": service.metadata["serviceFullName"],
            "description": f"{service.documentation} <p>As the HITdesk marketplace answers it.</p>",
            "license": {"name": "Apache 2.0 License", "url": "http://www.apache.org/licenses/"},
            "x-serviceName": SIGNING_NAME,
        },
        "externalDocs": {
            "description": "Amazon Web Services documentation",
            "url": f"https://docs.aws.amazon.com/{SIGNING_NAME}/",
        },
        "servers": [{"url": origin, "description": "This marketplace"}],
        "x-hasEquivalentPaths": True,
        "paths": {f"/#X-Amz-Target={TARGET_PREFIX}.{operation.name}": _path(operation) for operation in operations},
        "components": {
            "parameters": {
                name: {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
                for name in AMZ_HEADERS
            },
            "securitySchemes": {
                "hmac": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "Amazon Signature authorization v4",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                }
            },
            "schemas": {
                **{name: _schema(service.shape_for(name)) for name in service.shape_names},
                "ParameterValidationError": {
                    **_schema(service.shape_for("RequestError")),
                    "description": "A value of the request is well-formed and still wrong.",
                },
                "ProtocolError": _PROTOCOL_ERROR,
            },
        },
        "security": [{"hmac": []}],
    }


def _path(operation: Any) -> dict[str, Any]:
    errors = [shape.name for shape in operation.error_shapes]
    numbered = {
        str(FIRST_ERROR + number): {"description": name, "content": _content(_reference(name))}
        for number, name in enumerate(errors)
    }
    refused = {"anyOf": [_reference(name) for name in ("RequestError", "ParameterValidationError", "ProtocolError")]}
    return {
        "post": {
            "operationId": operation.name,
            "description": operation.documentation,
            "responses": {
                "200": {"description": "Success", "content": _content(_reference(operation.output_shape.name))},
                "400": {"description": "What was asked cannot be done", "content": _content(refused)},
                **numbered,
                "500": {
                    "description": "The service failed; nothing was done",
                    "content": _content(_reference("ServiceFault")),
                },
            },
            "requestBody": {"required": True, "content": _content(_reference(operation.input_shape.name))},
            "parameters": [
                {
                    "name": "X-Amz-Target",
                    "in": "header",
                    "required": True,
                    "schema": {"type": "string", "enum": [f"{TARGET_PREFIX}.{operation.name}"]},
                }
            ],
            "summary": f"Amazon Mechanical Turk {_words(operation.name)}",
        },
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in AMZ_HEADERS],
    }


def _words(name: str) -> str:
    """ListHITsForQualificationType: List HITs For Qualification Type."""
    return " ".join(re.findall("HITs?|URL|[A-Z][a-z]+", name))


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {media_type: {"schema": schema} for media_type in MEDIA_TYPES}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schema(shape: Shape) -> dict[str, Any]:
    if isinstance(shape, StructureShape):
        schema: dict[str, Any] = {"type": "object"}
        if shape.required_members:
            schema["required"] = list(shape.required_members)
        if shape.name.endswith("Request"):
            schema["title"] = shape.name
        schema["properties"] = {name: _member(member) for name, member in shape.members.items()}
    elif isinstance(shape, ListShape):
        schema = {"type": "array", "items": _reference(shape.member.name)}
    else:
        schema = dict(_TYPES[shape.type_name])
    low, high = _LENGTHS.get(shape.type_name, ("minimum", "maximum"))
    for bound, keyword in (("min", low), ("max", high)):
        if bound in shape.metadata:
            schema[keyword] = shape.metadata[bound]
    for keyword in ("pattern", "enum"):
        if keyword in shape.metadata:
            schema[keyword] = shape.metadata[keyword]
    if shape.documentation:
        schema["description"] = shape.documentation
    return schema


def _member(shape: Shape) -> dict[str, Any]:
    """What stands beside a reference is ignored in OpenAPI 3.0, so a member with words of its own wraps it."""
    if not shape.documentation:
        return _reference(shape.name)
    return {"allOf": [_reference(shape.name)], "description": shape.documentation}
