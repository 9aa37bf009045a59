"""A receiver as this worker reaches it: its definition with `${env.NAME}` filled in, its policy looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from activities.systems.resolved_system import ResolvedSystem, resolve_system
from compiler.catalogue.catalogue import Catalogue
from compiler.cel.evaluation import EvaluationError
from compiler.cel.templates import render_template
from compiler.language.durations import parse_duration
from compiler.language.retry_policy import RetryPolicy
from compiler.language.systems import Receiver, System
from compiler.values import as_text

_INTERVALS = ("5s", "30s", "2m", "10m", "30m", "1h", "3h", "6h", "12h", "24h")
DEFAULT_RETRY = RetryPolicy(intervals=[parse_duration(interval) for interval in _INTERVALS])
"""Of a receiver that names no policy: two days, as senders of webhooks have it."""
DEFAULT_TIMEOUT = timedelta(seconds=10)
MAX_TIMEOUT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ResolvedReceiver:
    receiver: Receiver
    url: str
    """Never shown: what the environment filled in may be a secret."""
    endpoint: ResolvedSystem
    """Host, headers and credentials, in the form in which connections and tokens are asked for."""
    retry: RetryPolicy
    timeout: float
    """Seconds."""

    @property
    def id(self) -> str:
        return self.receiver.id


def resolve_receivers(
    catalogue: Catalogue, environment: Mapping[str, str]
) -> tuple[dict[str, ResolvedReceiver], list[str]]:
    """The receivers by id; and every reason why one cannot be reached, in words."""
    found: dict[str, ResolvedReceiver] = {}
    problems: list[str] = []
    for name, receiver in sorted(catalogue.receivers.items()):
        try:
            found[name] = _resolve(receiver, catalogue, environment)
        except _Unresolvable as unreachable:
            problems += unreachable.problems
    return found, problems


class _Unresolvable(Exception):
    def __init__(self, problems: list[str]) -> None:
        super().__init__()
        self.problems = problems


def _resolve(receiver: Receiver, catalogue: Catalogue, environment: Mapping[str, str]) -> ResolvedReceiver:
    bindings = {"env": dict(environment)}
    problems = _missing_variables(receiver, environment)
    try:
        url = as_text(render_template(receiver.url, bindings))
        base, query = _split_query(url)
        timeout = parse_duration(render_template(receiver.timeout or DEFAULT_TIMEOUT, bindings))
    except EvaluationError as error:
        raise _Unresolvable(problems or [f"receiver {receiver.id}: {error}"]) from None
    except ValueError as error:
        raise _Unresolvable([*problems, f"receiver {receiver.id}: {error}"]) from None
    place, lacking = resolve_system(_as_system(receiver, base), environment)
    if place is None or problems:
        raise _Unresolvable([*problems, *map(_reword_for_receiver, lacking)])
    return ResolvedReceiver(
        receiver,
        place.base.origin + (place.base.prefix or "/") + query,
        place,
        _retry_policy(receiver, catalogue),
        min(timeout, MAX_TIMEOUT).total_seconds(),
    )


def _missing_variables(receiver: Receiver, environment: Mapping[str, str]) -> list[str]:
    """Variables of address and secret; those of headers and auth are looked for as a system's are."""
    probe = System(id=f"receiver {receiver.id}", base_url=receiver.url)
    found = [problem for problem in resolve_system(probe, environment)[1] if "environment variable" in problem]
    secret = receiver.secret
    if secret is not None and secret.env is not None and not environment.get(secret.env):
        found.append(f"receiver {receiver.id}: the environment variable {secret.env}, which holds a secret, is not set")
    return [_reword_for_receiver(problem) for problem in found]


def _reword_for_receiver(problem: str) -> str:
    """What was said of the system that a receiver was looked at as."""
    return problem.replace("system receiver", "receiver").replace("its base_url", "its url")


def _split_query(url: str) -> tuple[str, str]:
    """(the address without its query, the query with its `?`). Raises ValueError, in words without the address."""
    address, mark, query = url.partition("?")
    try:
        fragment = urlsplit(url).fragment
    except ValueError:
        raise ValueError("its url is no address to call") from None
    if fragment or "#" in url:
        raise ValueError("its url holds a fragment, which is never sent")
    if not (query.isascii() and query.isprintable()) or " " in query:
        raise ValueError("its url holds characters that no address has")
    return address, mark + query


def _as_system(receiver: Receiver, base: str) -> System:
    """Signs in, connects and is looked for as a system is; no system has a blank in its id."""
    return System(
        id=f"receiver {receiver.id}",
        name=receiver.name,
        base_url=base.replace("${", "$${"),
        auth=receiver.auth,
        headers=receiver.headers,
    )


def _retry_policy(receiver: Receiver, catalogue: Catalogue) -> RetryPolicy:
    if receiver.retry is None:
        return DEFAULT_RETRY
    return catalogue.retry_policies[receiver.retry] if isinstance(receiver.retry, str) else receiver.retry
