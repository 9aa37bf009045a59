"""The words for HTTP in definitions: methods, and formats of bodies."""

from __future__ import annotations

from typing import Literal

HttpMethod = Literal["get", "post", "put", "patch", "delete"]
HTTP_METHODS: tuple[HttpMethod, ...] = ("get", "post", "put", "patch", "delete")
BodyFormat = Literal["json", "form", "xml", "text"]
