"""The accounts of a file: names, roles, queues, and what is kept of tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from compiler.language.strict_model import StrictModel
from operations.access.person import Person
from operations.access.roles import Role
from operations.access.tokens import HASH_PREFIX, ID_PATTERN

SHARED_TOKEN_ACCOUNT = "gateway"
"""The account of ORDO_GATEWAY_TOKEN. It is not in the file."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}", re.ASCII)
NAME_RULE = "1 to 64 lower-case letters, digits, `.`, `_`, `-` and `@`, and begins with a letter or digit"


def name_problem(name: str) -> str | None:
    """Why an account cannot be called like this; None if it can. Names have no spaces: history has `portal for ann`."""
    if not _NAME.fullmatch(name):
        return f"is no name of an account: a name has {NAME_RULE}"
    if name == SHARED_TOKEN_ACCOUNT:
        return "is the account of ORDO_GATEWAY_TOKEN: choose another name"
    return None


def _check_name(name: str) -> str:
    if problem := name_problem(name):
        raise PydanticCustomError("id-invalid", "{problem}", {"problem": problem, "at_key": True})
    return name


def _check_token_id(token_id: str) -> str:
    if not re.fullmatch(ID_PATTERN, token_id):
        raise PydanticCustomError("id-invalid", "is no id of a token: an id has 8 lower-case letters and digits")
    return token_id


def _check_hash(value: str) -> str:
    if not re.fullmatch(rf"{HASH_PREFIX}[0-9a-f]{{64}}", value):
        raise PydanticCustomError("value-invalid", "must be `sha256:` and 64 hexadecimal digits")
    return value


def _require_date_and_time(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and "-" in value[1:]):
        return value
    raise PydanticCustomError(
        "value-invalid", "must be a date and time with a time zone, such as `2026-12-01T08:00:00Z`"
    )


Moment = Annotated[AwareDatetime, BeforeValidator(_require_date_and_time)]
QueueName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class TokenState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class TokenRecord(StrictModel):
    """What is kept of a token."""

    hash: Annotated[str, AfterValidator(_check_hash)] = Field(repr=False)
    created: Moment
    expires: Moment | None = None
    """None: never."""
    revoked: Moment | None = None

    def state(self, now: datetime) -> TokenState:
        if self.revoked is not None and self.revoked <= now:
            return TokenState.REVOKED
        if self.expires is not None and self.expires <= now:
            return TokenState.EXPIRED
        return TokenState.VALID


class Account(StrictModel):
    roles: Annotated[list[Role], Field(min_length=1)]
    queues: list[QueueName] = []
    """An operator acts only on the work in these queues. Empty: on all work."""
    tokens: dict[Annotated[str, AfterValidator(_check_token_id)], TokenRecord] = {}
    """By id. Several may be valid at the same time, so that a token can be replaced without an interruption."""

    @model_validator(mode="after")
    def _queues_are_an_operators(self) -> Account:
        if self.queues and Role.OPERATOR not in self.roles:
            raise ValueError("`queues` limit what an operator may act on: add the role `operator`, or remove `queues`")
        return self

    def person(self, name: str) -> Person:
        return Person(name, frozenset(self.roles), frozenset(self.queues))


class Accounts(StrictModel):
    """A whole file."""

    accounts: dict[Annotated[str, AfterValidator(_check_name)], Account] = {}

    def with_account(self, name: str, account: Account) -> Accounts:
        """The same accounts, with this one added or replaced."""
        return Accounts(accounts={**self.accounts, name: account})

    def tokens_by_id(self) -> Mapping[str, tuple[str, TokenRecord]]:
        """Token id → name of the account, token."""
        return {
            token_id: (name, token)
            for name, account in self.accounts.items()
            for token_id, token in account.tokens.items()
        }
