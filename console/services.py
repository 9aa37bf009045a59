"""What every page of the console gets: orders, settings, and how it answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from console.access.cookies import Cookie
from console.access.form_token import FIELD, make_form_token
from console.access.gatekeeper import Gatekeeper
from console.access.notices import SECONDS, Notice, open_notice, seal_notice
from console.access.reasons import why_not
from console.access.sessions import Session
from console.live.feeds import LiveFeeds
from console.navigation import items_for
from console.plan_reads import PlanReads
from console.settings import ConsoleSettings
from console.wanted_format import wants_page
from operations.access.permissions import PERMISSIONS
from operations.access.person import Person
from operations.client import OrderClient


@dataclass(frozen=True)
class Console:
    orders: OrderClient
    settings: ConsoleSettings
    gatekeeper: Gatekeeper
    templates: Environment
    notice_cookie: Cookie
    live: LiveFeeds
    """What keeps pages current."""
    plans: PlanReads
    """Shared by all who look at the same plan."""
    pages: Collection[str] = field(default=())
    """Paths of all pages."""

    def render(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page. Beside `values`, a template knows `person` (None if nobody is signed in), `why_not(permission name)`,
        `csrf()`, `path`, `settings`, and what console/templating.py adds."""
        state = request.scope.get("state", {})
        person: Person | None = state.get("person")
        session: Session | None = state.get("session")
        sealed = request.cookies.get(self.notice_cookie.name)
        is_shown = wants_page(request.headers)  # a script that fetches the page again shows it to nobody
        notice = open_notice(session, sealed) if session is not None and sealed and is_shown else None
        content = self.templates.get_template(template).render(
            values
            | {
                "person": person,
                "navigation": items_for(person, self.pages),
                "can_search": "/orders" in self.pages,
                "path": request.url.path,
                "settings": self.settings,
                "notice": notice,
                "csrf": lambda: _csrf_field(session),
                "csrf_token": make_form_token(session) if session is not None else "",
                "why_not": lambda name: why_not(person, PERMISSIONS[name], self.settings.read_only),
            }
        )
        response = HTMLResponse(content, status)
        if notice is not None:
            self.notice_cookie.delete(response)
        return response

    def redirect(self, request: Request, url: str, notice: str = "", *, problem: bool = False) -> RedirectResponse:
        """After a form was sent: the browser loads `url` (a path of the console), which shows the notice once."""
        response = RedirectResponse(url, 303)
        session: Session | None = request.scope.get("state", {}).get("session")
        if notice and session is not None:
            self.notice_cookie.set(response, seal_notice(session, Notice(notice, problem)), SECONDS)
        return response


def _csrf_field(session: Session | None) -> Markup:
    """The hidden field of a form that changes something."""
    token = make_form_token(session) if session is not None else ""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token)
