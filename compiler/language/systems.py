"""Systems and receivers: where they are reached, how a call proves who makes it, and their limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from compiler.language.durations import Duration, DurationOrTemplate
from compiler.language.retry_policy import RetryPolicyOrId
from compiler.language.strict_model import BareExpression, StrictModel, mapping_tag


class Secret(StrictModel):
    """Where a secret is kept: `{env: NAME}` or `{file: PATH}`, on the worker. Never the secret itself."""

    env: str | None = None
    file: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _reject_plain_secret(cls, value: object) -> object:
        """Says what to write, and not what was written."""
        if not isinstance(value, dict | Secret):
            raise ValueError("a secret never stands in a definition: write `{env: NAME}` or `{file: PATH}`")
        return value

    @model_validator(mode="after")
    def _require_one_source(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret is `{env: NAME}` or `{file: PATH}`")
        return self


TextOrSecret = Annotated[
    Annotated[str, Tag("a text")] | Annotated[Secret, Tag("a secret")],
    Discriminator(mapping_tag("a secret", "a text")),
]


class BasicAuth(StrictModel):
    user: TextOrSecret
    password: Secret


class ApiKeyAuth(StrictModel):
    header: str
    value: Secret


class OAuth2Auth(StrictModel):
    token_url: str
    client_id: TextOrSecret
    client_secret: Secret
    scope: str | None = None


class MtlsAuth(StrictModel):
    cert: Secret
    key: Secret
    ca: Secret | None = None


class Auth(StrictModel):
    """Exactly one of the ways to prove who calls (`mtls` may stand beside another)."""

    bearer: Secret | None = None
    basic: BasicAuth | None = None
    api_key: ApiKeyAuth | None = None
    oauth2: OAuth2Auth | None = None
    mtls: MtlsAuth | None = None

    @model_validator(mode="after")
    def _require_one_method(self) -> Auth:
        if sum(way is not None for way in (self.bearer, self.basic, self.api_key, self.oauth2)) > 1:
            raise ValueError("say one of bearer, basic, api_key, oauth2 (`mtls` may stand beside it)")
        if all(way is None for way in (self.bearer, self.basic, self.api_key, self.oauth2, self.mtls)):
            raise ValueError("say one of bearer, basic, api_key, oauth2, mtls")
        return self


class CallLimits(StrictModel):
    concurrency: int | None = Field(None, ge=1, le=10_000)
    """Per worker."""
    per_second: float | None = Field(None, gt=0)
    """Over all workers."""


class BreakerPolicy(StrictModel):
    """When calls to a system are held back by themselves: so many failures of its own, half of its last calls."""

    failures: int = Field(3, ge=1, le=1_000)
    """Of one worker."""
    within: Duration = Field(timedelta(seconds=30), gt=timedelta(0))


BreakerPolicyOrFalse = Annotated[
    Annotated[BreakerPolicy, Tag("a breaker")] | Annotated[Literal[False], Tag("false")],
    Discriminator(mapping_tag("a breaker", "false")),
]


class System(StrictModel):
    """An external system. Not pinned: read when a call is made. `base_url` may hold `${env.NAME}`."""

    id: str
    name: str | None = None
    description: str | None = None
    base_url: str
    auth: Auth | None = None
    timeout: DurationOrTemplate | None = None
    retry: RetryPolicyOrId | None = None
    limits: CallLimits = Field(default_factory=CallLimits)
    probe: str | None = None
    """Path that tells whether the system is there; None: its base_url."""
    breaker: BreakerPolicyOrFalse | None = None
    """False: never; None: as Breaker has it."""
    error_code: BareExpression | None = None
    """CEL, sees `response`."""
    headers: dict[str, str] = Field(default_factory=dict)
    example: Any = None


class Receiver(StrictModel):
    """Who is told of what happens to orders, by webhook. Not pinned: read when an event is delivered."""

    id: str
    name: str | None = None
    description: str | None = None
    url: str
    """May hold `${env.NAME}`."""
    auth: Auth | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    events: list[str]
    """Types of compiler.language.event_types, or patterns of them."""
    when: BareExpression | None = None
    """CEL, sees `event` and `order`."""
    include: list[Literal["customer"]] = Field(default_factory=list)
    """Personal data that goes with each event."""
    secret: Secret | None = None
    """Signs what is sent."""
    retry: RetryPolicyOrId | None = None
    timeout: DurationOrTemplate | None = None
