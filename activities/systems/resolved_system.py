"""A system as this worker reaches it: its definition with `${env.NAME}` filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from activities.systems.urls import BaseUrl, parse_base_url
from compiler.cel.evaluation import EvaluationError
from compiler.cel.templates import render_template
from compiler.language.systems import Auth, Secret, System
from compiler.values import as_text

_ENV_NAME = re.compile(r"""\benv\.([A-Za-z_]\w*)|\benv\[\s*["'](\w+)["']\s*\]""")


@dataclass(frozen=True, slots=True)
class ResolvedSystem:
    system: System
    base: BaseUrl
    headers: Mapping[str, str]
    auth: Auth | None
    secret_headers: tuple[str, ...] = ()
    """Headers that the environment filled in: they may be secrets, and are treated so."""

    @property
    def id(self) -> str:
        return self.system.id

    @property
    def name(self) -> str:
        return self.system.name or self.system.id


class SystemLookup(Protocol):
    """Where systems are looked up when a call is made: what operations change reaches running orders."""

    def system(self, id_: str) -> ResolvedSystem | None: ...


def resolve_system(system: System, environment: Mapping[str, str]) -> tuple[ResolvedSystem | None, list[str]]:
    """The system, or every reason why it cannot be reached from this environment, in words."""
    problems = list(_missing_variables(system, environment))
    if problems:
        return None, problems
    bindings = {"env": dict(environment)}
    try:
        url = as_text(render_template(system.base_url, bindings))
        headers = {name: as_text(render_template(value, bindings)) for name, value in system.headers.items()}
        auth = system.auth and Auth.model_validate(render_template(_dump_auth(system.auth), bindings))
    except (EvaluationError, ValueError) as error:
        return None, [f"system {system.id}: {str(error).splitlines()[0]}"]
    try:
        base = parse_base_url(url)
    except ValueError as error:
        return None, [f"system {system.id}: its base_url is no address to call: {error}"]
    problems = [f"system {system.id}: {problem}" for problem in _auth_problems(auth, base)]
    if problems:
        return None, problems
    unfit = [name for name, value in headers.items() if not (value.isascii() and value.isprintable())]
    if unfit:
        return None, [f"system {system.id}: its header {', '.join(unfit)} has characters that no header can carry"]
    hidden = tuple(value for name, value in headers.items() if value != system.headers[name])
    return ResolvedSystem(system, base, headers, auth, hidden), []


def _auth_problems(auth: Auth | None, base: BaseUrl) -> Iterator[str]:
    """What cannot be right in `auth`, its templates filled in."""
    if auth is not None and auth.mtls is not None and not base.origin.startswith("https:"):
        yield "its `auth: mtls` shows a certificate, and its base_url is not https"
    if auth is not None and auth.oauth2 is not None:
        try:
            parse_base_url(auth.oauth2.token_url.partition("?")[0])
        except ValueError as error:
            yield f"its token_url is no address to call: {error}"


def _dump_auth(model: Auth) -> dict[str, Any]:
    return model.model_dump(exclude_none=True)


def _missing_variables(system: System, environment: Mapping[str, str]) -> Iterator[str]:
    """What the environment lacks. A name that an expression asks for with `has` may be missing."""
    wanted: dict[str, str] = {}
    bindings = {"env": dict(environment)}
    for text in (system.base_url, *system.headers.values(), *_strings(_dump_auth(system.auth) if system.auth else {})):
        try:
            render_template(text, bindings)
        except EvaluationError as error:
            names = [a or b for a, b in _ENV_NAME.findall(error.expression)]
            wanted |= dict.fromkeys((name for name in names if name not in environment), "")
            if not names:
                yield f"system {system.id}: {error}"
    for secret in _secrets(system.auth):
        if secret.env is not None and "${" not in secret.env and not environment.get(secret.env):
            wanted.setdefault(secret.env, ", which holds a secret,")
    for name, what in wanted.items():
        yield f"system {system.id}: the environment variable {name}{what} is not set"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)


def _secrets(auth: Auth | None) -> Iterator[Secret]:
    for way in (auth.bearer, auth.basic, auth.api_key, auth.oauth2, auth.mtls) if auth else ():
        if isinstance(way, Secret):
            yield way
        elif way is not None:
            yield from (value for _, value in way if isinstance(value, Secret))
