"""Environments: profiles of Temporal's configuration, each with its address and namespace."""

from __future__ import annotations

from dataclasses import replace

from cli.framework.errors import UsageError
from cli.framework.session import Session

ENVIRONMENT_HELP = "A profile of Temporal's configuration, which names address and namespace."


def within_environment(session: Session, environment: str | None) -> Session:
    """The session, connected to the named environment. Raises UsageError."""
    if environment is None:
        return session
    if session.address or session.namespace:
        raise UsageError("An environment names its own address and namespace: leave out --address and --namespace")
    return replace(session, environment=environment)
