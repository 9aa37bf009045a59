"""The schema that the gateway publishes, and checks of values and responses against it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from gateway.app import create_app
from gateway.settings import GatewaySettings
from operations.client import OrderClient
from workflows.contract.actions import ACTIONS

_READING_COMMANDS = ("start", "event", "list", "show", "why", "watch", "fallout", "tasks", "system", "notifications")
_COMMANDS = "|".join([*ACTIONS, *_READING_COMMANDS])
COMMAND = re.compile(rf"(?<![\w-])--[a-z][a-z-]+|`(?:{_COMMANDS})s?(?: |`(?![:?,]))|python \w+\.py|docker compose")
"""Words of the command line. They mean nothing to HTTP clients. `tasks`: with a mark names a field of a request."""
METHODS = ("get", "post", "put", "patch", "delete")


@cache
def published_schema() -> dict[str, Any]:
    settings = GatewaySettings(token="t" * 32, callback_secret=b"s" * 32)
    return create_app(OrderClient.__new__(OrderClient), settings).openapi()


@dataclass(frozen=True, eq=False)
class Operation:
    """A method of a path in the schema."""

    schema: dict[str, Any]
    method: str
    path: str
    shape: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def matches(self, method: str, path: str) -> bool:
        pattern = re.sub(r"\\{[^{}]*\\}", "[^/]+", re.escape(self.path))
        return method.lower() == self.method and re.fullmatch(pattern, path) is not None

    def validate_value(self, value: Any, schema: dict[str, Any]) -> None:
        """Raises jsonschema.ValidationError."""
        Draft202012Validator(schema | {"components": self.schema["components"]}).validate(value)

    def validate_response(self, response: httpx.Response) -> None:
        """As `validate_shape`. Fails also if the response mentions a command."""
        self.validate_shape(response)
        command = COMMAND.search(response.text)
        assert command is None, f"{self} mentions a command: {response.text}"

    def validate_shape(self, response: httpx.Response) -> None:
        """Fails if the schema does not declare the status, its media type, or the shape of the body."""
        declared = self.shape["responses"].get(str(response.status_code))
        assert declared is not None, f"{self} does not declare {response.status_code}: {response.text}"
        media_type = response.headers["content-type"].partition(";")[0]
        schema = declared["content"][media_type]["schema"]
        bodies = [response.json()] if media_type == "application/json" else _json_lines(response)
        for body in bodies:
            self.validate_value(body, schema)


def _json_lines(response: httpx.Response) -> list[Any]:
    return [httpx.Response(200, text=line).json() for line in response.text.splitlines()]


def operations(schema: dict[str, Any]) -> list[Operation]:
    return [
        Operation(schema, method, path, shape)
        for path, methods in schema["paths"].items()
        for method, shape in methods.items()
        if method in METHODS
    ]


def check_response(response: httpx.Response) -> None:
    """Fails unless the schema describes this response. Paths that are not in the schema have an ErrorResponse."""
    operation = operation_of(response.request)
    if operation is not None:
        operation.validate_response(response)
    elif response.is_error:
        check_error(response)


def operation_of(request: httpx.Request) -> Operation | None:
    path = request.url.raw_path.decode().partition("?")[0]
    return next((each for each in operations(published_schema()) if each.matches(request.method, path)), None)


def check_error(response: httpx.Response) -> None:
    """Fails unless the body is an ErrorResponse."""
    error = {"$ref": "#/components/schemas/ErrorResponse", "components": published_schema()["components"]}
    Draft202012Validator(error).validate(response.json())
