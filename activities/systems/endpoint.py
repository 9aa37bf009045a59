"""An endpoint: host, headers and credentials of a system or a receiver, with `${env.NAME}` filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from activities.systems.urls import BaseUrl, parse_base_url
from compiler.cel.evaluation import EvaluationError
from compiler.cel.templates import render_template
from compiler.language.systems import Auth, Secret
from compiler.values import as_text

_ENV_NAME = re.compile(r"""\benv\.([A-Za-z_]\w*)|\benv\[\s*["'](\w+)["']\s*\]""")


@dataclass(frozen=True, slots=True)
class Endpoint:
    owner: str
    """`system billing` or `receiver crm`. Messages name the endpoint so, and its connections and tokens are kept under
    this name."""
    base: BaseUrl
    headers: Mapping[str, str]
    auth: Auth | None
    secret_headers: tuple[str, ...]
    """Values of the headers that the environment filled in. They may be secrets, so they are masked."""


class Unresolvable(Exception):
    """The environment lacks something that the endpoint needs. Each of `problems` begins with the endpoint's owner."""

    def __init__(self, owner: str, *problems: str) -> None:
        self.problems = [f"{owner}: {problem}" for problem in problems]
        super().__init__("\n".join(self.problems))


def fill_in(template: Any, environment: Mapping[str, str]) -> Any:
    """`template` with its `${env.NAME}` evaluated. Raises EvaluationError."""
    return render_template(template, {"env": dict(environment)})


def resolve_endpoint(
    owner: str,
    url: str,
    headers: Mapping[str, str],
    auth: Auth | None,
    environment: Mapping[str, str],
    *,
    url_key: str = "base_url",
    parse_url: Callable[[str], BaseUrl] = parse_base_url,
) -> Endpoint:
    """`url_key` is the key of `url` in the definition. Raises Unresolvable, which never shows a value."""
    try:
        address = as_text(fill_in(url, environment))
        values = {name: as_text(fill_in(value, environment)) for name, value in headers.items()}
        auth = auth and Auth.model_validate(fill_in(_dump_auth(auth), environment))
    except (EvaluationError, ValueError) as error:
        raise Unresolvable(owner, str(error).splitlines()[0]) from None
    try:
        base = parse_url(address)
    except ValueError as error:
        raise Unresolvable(owner, f"its {url_key} is not a valid URL: {error}") from None
    if problems := [*_auth_problems(auth, base, url_key), *_header_problems(values)]:
        raise Unresolvable(owner, *problems)
    return Endpoint(owner, base, values, auth, tuple(v for name, v in values.items() if v != headers[name]))


def _auth_problems(auth: Auth | None, base: BaseUrl, url_key: str) -> Iterator[str]:
    if auth is not None and auth.mtls is not None and not base.origin.startswith("https:"):
        yield f"its `auth: mtls` needs an https address, but its {url_key} is not https"
    if auth is not None and auth.oauth2 is not None:
        try:
            parse_base_url(auth.oauth2.token_url.partition("?")[0])
        except ValueError as error:
            yield f"its token_url is not a valid URL: {error}"


def _header_problems(headers: Mapping[str, str]) -> Iterator[str]:
    if unfit := [name for name, value in headers.items() if not (value.isascii() and value.isprintable())]:
        yield f"its header {', '.join(unfit)} has characters that no header can carry"


def check_environment(
    owner: str,
    templates: Iterable[str],
    auth: Auth | None,
    environment: Mapping[str, str],
    secrets: Iterable[Secret] = (),
) -> None:
    """Checks that the environment has every variable that `templates`, `auth` and `secrets` name.

    A variable may be missing if the expression tests for it with `has`. Raises Unresolvable with all problems.
    """
    problems: list[str] = []
    missing: dict[str, str] = {}
    for text in (*templates, *_strings(_dump_auth(auth) if auth else {})):
        try:
            fill_in(text, environment)
        except EvaluationError as error:
            names = [a or b for a, b in _ENV_NAME.findall(error.expression)]
            missing |= dict.fromkeys((name for name in names if name not in environment), "")
            if not names:
                problems.append(str(error))
    for secret in (*_secrets(auth), *secrets):
        if secret.env is not None and "${" not in secret.env and not environment.get(secret.env):
            missing.setdefault(secret.env, ", which holds a secret,")
    problems += [f"the environment variable {name}{what} is not set" for name, what in missing.items()]
    if problems:
        raise Unresolvable(owner, *problems)


def _dump_auth(auth: Auth) -> dict[str, Any]:
    return auth.model_dump(exclude_none=True)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)


def _secrets(auth: Auth | None) -> Iterator[Secret]:
    for method in (auth.bearer, auth.basic, auth.api_key, auth.oauth2, auth.mtls) if auth else ():
        if isinstance(method, Secret):
            yield method
        elif method is not None:
            yield from (value for _, value in method if isinstance(value, Secret))
