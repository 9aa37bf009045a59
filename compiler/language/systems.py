"""Systems and receivers: their URL, authentication and limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from compiler.language.durations import Duration, DurationOrTemplate
from compiler.language.example_answers import ExampleAnswers
from compiler.language.retry_policy import RetryPolicyOrId
from compiler.language.strict_model import BareExpression, StrictModel, mapping_tag


class Secret(StrictModel):
    """Where the worker finds a secret: `{env: NAME}` or `{file: PATH}`. Never the secret itself."""

    env: str | None = None
    """The name of a variable in the worker's environment."""
    file: str | None = None
    """The path of a file on the worker."""

    @model_validator(mode="before")
    @classmethod
    def _reject_plain_secret(cls, value: object) -> object:
        """The message must not show what was written: it may be the secret."""
        if not isinstance(value, dict | Secret):
            raise ValueError("a definition must not contain a secret: write `{env: NAME}` or `{file: PATH}`")
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
    """HTTP Basic authentication."""

    user: TextOrSecret
    """The user's name."""
    password: Secret
    """The password."""


class ApiKeyAuth(StrictModel):
    """A key in a header of each call."""

    header: str
    """The header's name."""
    value: Secret
    """The key."""


class OAuth2Auth(StrictModel):
    """OAuth 2.0 client credentials (RFC 6749)."""

    token_url: str
    """The URL that issues tokens."""
    client_id: TextOrSecret
    """The client that asks for the token."""
    client_secret: Secret
    """The client's secret."""
    scope: str | None = None
    """The scope of the token."""


class MtlsAuth(StrictModel):
    """A client certificate. All files are in PEM form."""

    cert: Secret
    """The certificate."""
    key: Secret
    """The certificate's private key."""
    ca: Secret | None = None
    """The authority to trust; those of the operating system if omitted."""


class Auth(StrictModel):
    """Exactly one authentication method; `mtls` may be combined with another."""

    bearer: Secret | None = None
    """A bearer token."""
    basic: BasicAuth | None = None
    """User and password."""
    api_key: ApiKeyAuth | None = None
    """A key in a header."""
    oauth2: OAuth2Auth | None = None
    """OAuth 2.0 client credentials."""
    mtls: MtlsAuth | None = None
    """A client certificate."""

    @model_validator(mode="after")
    def _require_one_method(self) -> Auth:
        if sum(method is not None for method in (self.bearer, self.basic, self.api_key, self.oauth2)) > 1:
            raise ValueError("give only one of bearer, basic, api_key, oauth2 (you may add `mtls`)")
        if all(method is None for method in (self.bearer, self.basic, self.api_key, self.oauth2, self.mtls)):
            raise ValueError("give one of bearer, basic, api_key, oauth2, mtls")
        return self


class CallLimits(StrictModel):
    """How many calls a system is sent."""

    concurrency: int | None = Field(None, ge=1, le=10_000)
    """Calls at the same time, per worker."""
    per_second: float | None = Field(None, gt=0)
    """Calls per second, over all workers."""


class BreakerPolicy(StrictModel):
    """When calls to a system are held back automatically. Each worker counts the failures that it sees."""

    failures: int = Field(3, ge=1, le=1_000)
    """How many calls must fail through the system's fault. At least half of its last calls must have failed, too."""
    within: Duration = Field(timedelta(seconds=30), gt=timedelta(0))
    """The time in which the failures count."""


BreakerPolicyOrFalse = Annotated[
    Annotated[BreakerPolicy, Tag("a breaker")] | Annotated[Literal[False], Tag("false")],
    Discriminator(mapping_tag("a breaker", "false")),
]


class System(StrictModel):
    """An external system. Plans do not contain it: every call uses the current definition."""

    id: str
    name: str | None = None
    description: str | None = None
    base_url: str
    """The URL that paths are relative to; may contain ${env.NAME}."""
    auth: Auth | None = None
    """How calls authenticate; every secret is {env: NAME} or {file: PATH}."""
    timeout: DurationOrTemplate | None = None
    """The limit for one attempt."""
    retry: RetryPolicyOrId | None = None
    """A retry policy, or a policy's id."""
    limits: CallLimits = Field(default_factory=CallLimits)
    """The limits for calls to the system."""
    probe: str | None = None
    """The path that shows whether the system is up; its base_url if omitted."""
    breaker: BreakerPolicyOrFalse | None = None
    """When calls are held back automatically; false for never."""
    error_code: BareExpression | None = None
    """Where the system puts its business error code (CEL over response)."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of every call."""
    example: ExampleAnswers = Field(default_factory=list)
    """What the system answers while it is pretended: in scenarios, and with `up --pretend`."""


class Receiver(StrictModel):
    """A webhook for order events. Plans do not contain it: every delivery uses the current definition."""

    id: str
    name: str | None = None
    description: str | None = None
    url: str
    """The URL that events are sent to; may contain ${env.NAME}."""
    auth: Auth | None = None
    """How deliveries authenticate; every secret is {env: NAME} or {file: PATH}."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of every delivery."""
    events: list[str]
    """Types of events (compiler.language.event_types), or patterns of them."""
    when: BareExpression | None = None
    """A condition (CEL over event and order); always, if omitted."""
    include: list[Literal["customer"]] = Field(default_factory=list)
    """Personal data that goes with each event: customer (name and tier)."""
    secret: Secret | None = None
    """Signs the deliveries: {env: NAME} or {file: PATH}."""
    retry: RetryPolicyOrId | None = None
    """A retry policy, or a policy's id."""
    timeout: DurationOrTemplate | None = None
    """The limit for one attempt."""
