"""To the identity provider, and back."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from console.access.cookies import console_cookie
from console.access.oidc.pending import SECONDS, PendingSignIns
from console.access.oidc.provider import IdentityProvider, ProviderAway, ProviderRefused
from console.access.paths import PROVIDER_CALLBACK_PATH, PROVIDER_PATH
from console.access.redirects import local_path
from console.pages.sign_in.sign_in_answers import begin_session, sign_in_page
from console.services import Console

log = structlog.get_logger("console")


def oidc_routes(console: Console, provider: IdentityProvider) -> APIRouter:
    routes = APIRouter()
    pending_sign_ins = PendingSignIns()
    cookie = console_cookie(console.settings, "provider")

    def refuse(request: Request, error: ProviderRefused) -> Response:
        status = 503 if isinstance(error, ProviderAway) else 403
        response = sign_in_page(console, request, status=status, problem=f"{error}.")
        cookie.delete(response)
        return response

    @routes.get(PROVIDER_PATH)
    async def to_provider(request: Request, wanted: Annotated[str, Query(alias="next")] = "/") -> Response:
        key, pending = pending_sign_ins.begin(local_path(wanted))
        try:
            response = await provider.redirect(request, pending, console.settings.url + PROVIDER_CALLBACK_PATH)
        except ProviderRefused as error:
            return refuse(request, error)
        cookie.set(response, key, SECONDS)
        return response

    @routes.get(PROVIDER_CALLBACK_PATH)
    async def callback(request: Request) -> Response:
        pending = pending_sign_ins.take(request.cookies.get(cookie.name, ""))
        try:
            if pending is None:
                raise ProviderRefused("This sign-in was not begun in this browser, or took too long. Begin again")
            identity = await provider.identify(request, pending)
            session = console.gatekeeper.sign_in_identity(identity)
            if session is None:
                log.warning("sign-in refused", reason="no role", account=identity.account)
                raise ProviderRefused(
                    f"You are {identity.account}, and none of your groups has a role here. Ask an admin"
                )
        except ProviderRefused as error:
            return refuse(request, error)
        response = begin_session(console, request, session, pending.wanted)
        log.info("signed in", account=session.account, by="identity provider")
        cookie.delete(response)
        return response

    return routes
