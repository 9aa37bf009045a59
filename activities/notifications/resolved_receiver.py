"""A receiver as this worker reaches it: its definition with `${env.NAME}` filled in, and its retry policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from activities.notifications.delivery_outcome import receiver_retry
from activities.systems.endpoint import Endpoint, Unresolvable, check_environment, fill_in, resolve_endpoint
from activities.systems.urls import BaseUrl, parse_base_url
from compiler.catalogue.catalogue import Catalogue
from compiler.cel.evaluation import EvaluationError
from compiler.language.durations import parse_duration
from compiler.language.retry_policy import RetryPolicy
from compiler.language.systems import Receiver
from compiler.values import as_text

DEFAULT_TIMEOUT = timedelta(seconds=10)
MAX_TIMEOUT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ResolvedReceiver:
    receiver: Receiver
    endpoint: Endpoint
    url: str
    """Never shown: what the environment filled in may be a secret."""
    retry: RetryPolicy
    timeout: float
    """Seconds."""

    @property
    def id(self) -> str:
        return self.receiver.id


def resolve_receivers(
    catalogue: Catalogue, environment: Mapping[str, str]
) -> tuple[dict[str, ResolvedReceiver], list[str]]:
    """(the receivers by id; every reason why one of them cannot be reached)."""
    resolved: dict[str, ResolvedReceiver] = {}
    problems: list[str] = []
    for name, receiver in sorted(catalogue.receivers.items()):
        try:
            resolved[name] = _resolve(receiver, catalogue, environment)
        except Unresolvable as unresolvable:
            problems += unresolvable.problems
    return resolved, problems


def _resolve(receiver: Receiver, catalogue: Catalogue, environment: Mapping[str, str]) -> ResolvedReceiver:
    owner = f"receiver {receiver.id}"
    secrets = [receiver.secret] if receiver.secret else []
    timeout_template = [receiver.timeout] if isinstance(receiver.timeout, str) else []
    templates = (receiver.url, *receiver.headers.values(), *timeout_template)
    check_environment(owner, templates, receiver.auth, environment, secrets)
    endpoint = resolve_endpoint(
        owner, receiver.url, receiver.headers, receiver.auth, environment, url_key="url", parse_url=_parse_webhook_url
    )
    try:
        timeout = parse_duration(fill_in(receiver.timeout or DEFAULT_TIMEOUT, environment))
    except (EvaluationError, ValueError) as error:
        raise Unresolvable(owner, str(error)) from None
    _, mark, query = as_text(fill_in(receiver.url, environment)).partition("?")
    url = f"{endpoint.base.origin}{endpoint.base.prefix or '/'}{mark}{query}"
    retry = receiver_retry(receiver, catalogue)
    return ResolvedReceiver(receiver, endpoint, url, retry, min(timeout, MAX_TIMEOUT).total_seconds())


def _parse_webhook_url(url: str) -> BaseUrl:
    """The part before the query. Raises ValueError, which does not show the URL."""
    address, _, query = url.partition("?")
    if "#" in url:
        raise ValueError("it holds a fragment, which is never sent")
    if not (query.isascii() and query.isprintable()) or " " in query:
        raise ValueError("it holds characters that no URL can have")
    return parse_base_url(address)
