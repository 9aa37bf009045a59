"""Speaks to the identity provider, by Authlib: the code flow with PKCE, state and nonce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import Response

from console.access.oidc.pending import PendingSignIn
from console.access.oidc.settings import OidcSettings
from http_server.settings import InvalidSetting
from operations.access.accounts import name_problem

TIMEOUT = 10.0
"""Seconds for one request to the provider."""

log = structlog.get_logger("console")


class ProviderRefused(Exception):
    """The sign-in failed. The message is for the person."""


class ProviderAway(ProviderRefused):
    pass


@dataclass(frozen=True, slots=True)
class Identity:
    account: str
    groups: frozenset[str]


class IdentityProvider:
    def __init__(self, settings: OidcSettings) -> None:
        """Raises InvalidSetting if the extra `oidc` is not installed."""
        try:
            from authlib.integrations.starlette_client import OAuth
        except ImportError:
            raise InvalidSetting("an identity provider needs the extra `oidc`: pip install 'ordo[oidc]'") from None
        self._settings = settings
        self._client: Any = OAuth().register(
            "provider",
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "timeout": TIMEOUT,
                "trust_env": False,
            },
        )

    async def redirect(self, request: Request, pending: PendingSignIn, callback: str) -> Response:
        """To the provider's page. Raises ProviderAway."""
        request.scope["session"] = pending.state
        try:
            metadata = await self._client.load_server_metadata()
            self._check_issuer(metadata)
            response: Response = await self._client.authorize_redirect(request, callback)
        except (httpx.HTTPError, ValueError, RuntimeError, KeyError) as error:
            raise self._away(error) from error
        return response

    async def identify(self, request: Request, pending: PendingSignIn) -> Identity:
        """Who has come back from the provider. Raises ProviderRefused, whatever the request has in it."""
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError

        request.scope["session"] = pending.state
        try:
            token = await self._client.authorize_access_token(request)
        except httpx.HTTPError as error:
            raise self._away(error) from error
        except (AuthlibBaseError, JoseError, ValueError, RuntimeError, KeyError, TypeError) as error:
            log.warning("sign-in refused", reason="identity provider", error=f"{type(error).__name__}: {error}")
            raise ProviderRefused(
                "The answer of the identity provider is not one that the console asked for"
            ) from error
        claims = token.get("userinfo")
        if not claims:
            log.warning("sign-in refused", reason="no id token")
            raise ProviderRefused("The identity provider did not say who you are")
        return self._identity(claims)

    def _away(self, error: Exception) -> ProviderAway:
        log.warning("identity provider does not answer", error=f"{type(error).__name__}: {error}")
        title = self._settings.title
        return ProviderAway(f"{title[:1].upper()}{title[1:]} does not answer. Try again in a moment")

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        name = str(claims.get(self._settings.name_claim) or claims.get("email") or claims["sub"]).strip().lower()
        if problem := name_problem(name):
            log.warning("sign-in refused", reason="name", account=name)
            raise ProviderRefused(f"The identity provider calls you `{name}`, which {problem}")
        groups = claims.get(self._settings.groups_claim) or ()
        return Identity(name, frozenset([groups] if isinstance(groups, str) else map(str, groups)))

    def _check_issuer(self, metadata: Mapping[str, Any]) -> None:
        """Another issuer's answer would be about other people."""
        if str(metadata.get("issuer", "")).rstrip("/") != self._settings.issuer:
            raise ValueError(f"the provider calls itself {metadata.get('issuer')}")
        if urlsplit(metadata["authorization_endpoint"]).scheme not in ("http", "https"):
            raise ValueError("the provider's address for signing in is no URL")
