"""The answers of a pretend system: `example` of `kind: system` (docs/language.md, Example answers)."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from compiler.language.answers import Answer, NoAnswer
from compiler.language.durations import DurationOrTemplate
from compiler.language.http_words import HTTP_METHODS, HttpMethod
from compiler.language.path_patterns import pattern_names, validate_path_pattern
from compiler.language.strict_model import BareExpression, StrictModel, as_list

PathPattern = Annotated[str, AfterValidator(validate_path_pattern)]


class ExampleFailure(StrictModel):
    """How the first requests of each effect fail, before the answer is given."""

    times: int = Field(1, ge=1, le=1_000)
    """How many requests fail."""
    status: int = Field(503, ge=400, le=599)
    """The status of these responses."""
    error: NoAnswer | None = None
    """Instead of a response: timeout (none comes), or connection (it cannot be reached)."""
    headers: dict[str, str] = Field(default_factory=dict)
    """The headers of these responses, such as Retry-After."""
    body: Any = None
    """The body of these responses."""


class ExampleCallback(StrictModel):
    """A callback to the URL that the request gave."""

    after: DurationOrTemplate = timedelta(0)
    """How long after the request."""
    when: BareExpression | None = None
    """A condition (CEL over request); always, if omitted."""
    to: str | None = None
    """The callback URL or id; found in the request if omitted."""
    body: Any = None
    """The body of the callback."""


class ExampleEvent(StrictModel):
    """An event that is sent to the gateway."""

    event: str
    """The name of the event."""
    key: str | None = None
    """The key of the event."""
    order: str | None = None
    """The order that the event is for; the one that waits for name and key if omitted."""
    after: DurationOrTemplate = timedelta(0)
    """How long after the request."""
    when: BareExpression | None = None
    """A condition (CEL over request); always, if omitted."""
    payload: dict[str, Any] = Field(default_factory=dict)
    """The data of the event."""


class LaterAnswer(StrictModel):
    """What is answered from some time on."""

    after: DurationOrTemplate
    """How long after the first request that concerned the same resource."""
    status: int | None = Field(None, ge=200, le=599)
    """The status from then on; as before if omitted."""
    headers: dict[str, str] | None = None
    """The headers from then on; as before if omitted."""
    body: Any = None
    """The body from then on."""


def _one_or_many(item: type[StrictModel]) -> BeforeValidator:
    return BeforeValidator(as_list, json_schema_input_type=list[item] | item)  # type: ignore[valid-type]


class ExampleAnswer(Answer):
    """One answer of a pretend system. Without a method it answers every request."""

    get: PathPattern | None = None
    """The path of GET requests that it answers: {name} is a segment, * any text."""
    post: PathPattern | None = None
    """The path of POST requests that it answers."""
    put: PathPattern | None = None
    """The path of PUT requests that it answers."""
    patch: PathPattern | None = None
    """The path of PATCH requests that it answers."""
    delete: PathPattern | None = None
    """The path of DELETE requests that it answers."""
    when: BareExpression | None = None
    """A condition (CEL over request, path); always, if omitted."""
    fails: ExampleFailure | None = None
    """How the first requests of each effect fail."""
    error: NoAnswer | None = None
    """Instead of a response: timeout (none comes), or connection (it cannot be reached)."""
    then: Annotated[list[LaterAnswer], _one_or_many(LaterAnswer)] = Field(default_factory=list)
    """What is answered later, for a system that is polled."""
    calls_back: Annotated[list[ExampleCallback], _one_or_many(ExampleCallback)] = Field(default_factory=list)
    """Callbacks to the URL that the request gave."""
    sends: Annotated[list[ExampleEvent], _one_or_many(ExampleEvent)] = Field(default_factory=list)
    """Events that are sent to the gateway."""

    @cached_property
    def method(self) -> HttpMethod | None:
        """None: every method and path."""
        return next((method for method in HTTP_METHODS if getattr(self, method) is not None), None)

    @property
    def pattern(self) -> str:
        method = self.method
        return "*" if method is None else str(getattr(self, method))

    @property
    def path_names(self) -> tuple[str, ...]:
        """The names of `path` in its expressions."""
        return pattern_names(self.pattern)

    @cached_property
    def label(self) -> str:
        """`POST /connections`; `any request` without a method."""
        return f"{self.method.upper()} {self.pattern}" if self.method else "any request"

    @model_validator(mode="after")
    def _require_at_most_one_method(self) -> ExampleAnswer:
        given = [method for method in HTTP_METHODS if getattr(self, method) is not None]
        if len(given) > 1:
            raise ValueError(f"an answer is for one method, and this has {' and '.join(given)}: write one answer each")
        return self


ExampleAnswers = Annotated[
    list[ExampleAnswer], BeforeValidator(as_list, json_schema_input_type=list[ExampleAnswer] | ExampleAnswer)
]
"""The first that fits a request answers it."""
