"""Systems and receivers: where they are reached, how a call proves who makes it, and their limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from compiler.language.durations import Duration, DurationOrTemplate
from compiler.language.steps import Model, RetryChoice


class Secret(Model):
    """Where a secret is kept: `{env: NAME}` or `{file: PATH}`, on the worker. Never the secret itself."""

    env: str | None = None
    file: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, value: object) -> object:
        """Says what to write, and not what was written."""
        if not isinstance(value, dict | Secret):
            raise ValueError("a secret never stands in a definition: write `{env: NAME}` or `{file: PATH}`")
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret is `{env: NAME}` or `{file: PATH}`")
        return self


def _text_shape(value: object) -> str:
    return "a text" if isinstance(value, str) else "a secret"


TextOrSecret = Annotated[Annotated[str, Tag("a text")] | Annotated[Secret, Tag("a secret")], Discriminator(_text_shape)]


class Basic(Model):
    user: TextOrSecret
    password: Secret


class ApiKey(Model):
    header: str
    value: Secret


class OAuth2(Model):
    token_url: str
    client_id: TextOrSecret
    client_secret: Secret
    scope: str | None = None


class Mtls(Model):
    cert: Secret
    key: Secret
    ca: Secret | None = None


class Auth(Model):
    """Exactly one of the ways to prove who calls (`mtls` may stand beside another)."""

    bearer: Secret | None = None
    basic: Basic | None = None
    api_key: ApiKey | None = None
    oauth2: OAuth2 | None = None
    mtls: Mtls | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Auth:
        if sum(way is not None for way in (self.bearer, self.basic, self.api_key, self.oauth2)) > 1:
            raise ValueError("say one of bearer, basic, api_key, oauth2 (`mtls` may stand beside it)")
        if all(way is None for way in (self.bearer, self.basic, self.api_key, self.oauth2, self.mtls)):
            raise ValueError("say one of bearer, basic, api_key, oauth2, mtls")
        return self


class Limits(Model):
    concurrency: int | None = Field(None, ge=1, le=10_000)
    """Per worker."""
    per_second: float | None = Field(None, gt=0)
    """Over all workers."""


class Breaker(Model):
    """When calls to a system are held back by themselves: so many failures of its own, half of its last calls."""

    failures: int = Field(3, ge=1, le=1_000)
    """Of one worker."""
    within: Duration = Field(timedelta(seconds=30), gt=timedelta(0))


def _breaker_shape(value: object) -> str:
    return "a breaker" if isinstance(value, dict | Breaker) else "false"


BreakerOrFalse = Annotated[
    Annotated[Breaker, Tag("a breaker")] | Annotated[Literal[False], Tag("false")], Discriminator(_breaker_shape)
]


class System(Model):
    """An external system. Not pinned: read when a call is made. `base_url` may hold `${env.NAME}`."""

    id: str
    name: str | None = None
    description: str | None = None
    base_url: str
    auth: Auth | None = None
    timeout: DurationOrTemplate | None = None
    retry: RetryChoice | None = None
    limits: Limits = Field(default_factory=Limits)
    probe: str | None = None
    """Path that tells whether the system is there; None: its base_url."""
    breaker: BreakerOrFalse | None = None
    """False: never; None: as Breaker has it."""
    error_code: str | None = None
    """CEL, sees `response`."""
    headers: dict[str, str] = Field(default_factory=dict)
    example: Any = None


class Receiver(Model):
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
    when: str | None = None
    """CEL, sees `event` and `order`."""
    include: list[Literal["customer"]] = Field(default_factory=list)
    """Personal data that goes with each event."""
    secret: Secret | None = None
    """Signs what is sent."""
    retry: RetryChoice | None = None
    timeout: DurationOrTemplate | None = None
