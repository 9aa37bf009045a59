"""`/catalogue/versions/…`: one published version, its differences, putting it in force again, withdrawing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from console.access.guard import SignedIn, allowed
from console.pages.catalogue.comparisons import Comparisons
from console.presenting.catalogue.changes import differences
from console.presenting.catalogue.places import PlaceNames
from console.presenting.catalogue.versions import VersionRow, publish_notice, version_rows, worker_answers
from console.services import Console
from operations.access.permissions import PUBLISH, READ_CATALOGUE, UNPUBLISH
from operations.errors import NotFound, OperationError
from operations.publishing.publish_version import Outcome, PublishCommand, PublishResult

Number = Annotated[int, Path(ge=1, le=1_000_000)]
Reason = Annotated[str, Form(max_length=500)]
Seen = Annotated[int, Form(ge=0)]
"""The number of the last publication that the person saw."""
WORKER_TIMEOUT = 20.0
"""Seconds to wait for the workers, twice."""
NO_REASON = "Say why: everybody who looks at the version sees it"
_NOT_COMPARED: Mapping[str, Any] = {"differences": None, "compare_problem": ""}
"""`compare_problem`: why a version cannot be compared."""


def version_routes(console: Console) -> APIRouter:
    routes = APIRouter()
    pages = _VersionPages(console)

    @routes.get("/catalogue/versions/{number}", dependencies=[allowed(READ_CATALOGUE)])
    async def version(request: Request, number: Number, against: Annotated[int | None, Query(ge=1)] = None) -> Response:
        return await pages.version(request, number, against)

    @routes.get("/catalogue/versions/{number}/publish", dependencies=[allowed(PUBLISH)])
    async def confirm(request: Request, number: Number) -> Response:
        return await pages.confirmation(request, number)

    @routes.post("/catalogue/versions/{number}/publish", dependencies=[allowed(PUBLISH)])
    async def publish(
        request: Request,
        person: SignedIn,
        number: Number,
        seen: Seen,
        do: Annotated[Literal["check", "publish"], Form()],
        reason: Reason = "",
    ) -> Response:
        if do == "publish" and not reason.strip():
            return await pages.confirmation(request, number, problem=NO_REASON, status=422)
        actor = person.actor(None, reason.strip() or "checked in the console")
        try:
            again = await console.orders.read_version_to_publish(str(number))
            command = PublishCommand(again, actor, seen, dry_run=do == "check", timeout=WORKER_TIMEOUT)
            result = await console.orders.publish(command)
        except OperationError as error:
            return await pages.confirmation(
                request, number, problem=error.message, reason=reason, status=error.http_status
            )
        if result.outcome is Outcome.PUBLISHED:
            return _done(console, request, result)
        return await pages.confirmation(request, number, result=result, reason=reason)

    @routes.get("/catalogue/versions/{number}/withdraw", dependencies=[allowed(UNPUBLISH)])
    async def confirm_withdrawal(request: Request, number: Number) -> Response:
        return await pages.withdrawal(request, number)

    @routes.post("/catalogue/versions/{number}/withdraw", dependencies=[allowed(UNPUBLISH)])
    async def withdraw(request: Request, person: SignedIn, number: Number, seen: Seen, reason: Reason = "") -> Response:
        if not reason.strip():
            return await pages.withdrawal(request, number, problem=NO_REASON, status=422)
        try:
            command = PublishCommand(None, person.actor(None, reason.strip()), seen, timeout=WORKER_TIMEOUT)
            result = await console.orders.publish(command)
        except OperationError as error:
            return await pages.withdrawal(
                request, number, problem=error.message, reason=reason, status=error.http_status
            )
        return _done(console, request, result)

    return routes


def _done(console: Console, request: Request, result: PublishResult) -> Response:
    text, is_problem = publish_notice(result)
    return console.redirect(request, "/catalogue", text, problem=is_problem)


class _VersionPages:
    def __init__(self, console: Console) -> None:
        self._console, self._orders = console, console.orders
        self._comparisons = Comparisons()

    async def version(self, request: Request, number: int, against: int | None) -> Response:
        rows = version_rows(await self._orders.list_versions())
        row = _find(rows, number)
        others = [each.number for each in rows if not each.is_withdrawal and each.number != number]
        old = against or row.previous or max((each for each in others if each < number), default=None)
        values: dict[str, Any] = {"version": row, "others": others, "against": old, "files": (), **_NOT_COMPARED}
        if not row.is_withdrawal:
            _, files = await self._orders.read_version(str(number))
            values["files"] = tuple((name, text.count("\n")) for name, text in files.files)
        if old is not None and not row.is_withdrawal:
            values |= await self._compare(old, number)
        return self._console.render(request, "catalogue/version.html", **values)

    async def _compare(self, old: int, new: int) -> dict[str, Any]:
        """What the template gets."""
        try:
            before, old_definitions = await self._orders.catalogues.read_published(str(old))
            after, new_definitions = await self._orders.catalogues.read_published(str(new))
        except OperationError as error:
            return {"differences": None, "compare_problem": error.message}
        diff = await self._comparisons.compare(before.digest, old_definitions, after.digest, new_definitions)
        return {"differences": differences(diff, PlaceNames()), "compare_problem": ""}

    async def confirmation(
        self,
        request: Request,
        number: int,
        *,
        result: PublishResult | None = None,
        problem: str = "",
        reason: str = "",
        status: int = 200,
    ) -> Response:
        rows = version_rows(await self._orders.list_versions())
        row = _find(rows, number)
        current = next((each for each in rows if each.is_in_force), None)
        values: dict[str, Any] = {**_NOT_COMPARED}
        if current is not None and current.number != number and not row.is_withdrawal:
            values |= await self._compare(current.number, number)
        text, is_problem = publish_notice(result) if result is not None else ("", False)
        return self._console.render(
            request,
            "catalogue/publish.html",
            status=status,
            version=row,
            current=current,
            seen=rows[0].number,
            answers=worker_answers(result.workers) if result is not None else [],
            outcome=text,
            outcome_is_problem=is_problem,
            problem=problem,
            reason=reason,
            **values,
        )

    async def withdrawal(
        self, request: Request, number: int, *, problem: str = "", reason: str = "", status: int = 200
    ) -> Response:
        rows = version_rows(await self._orders.list_versions())
        return self._console.render(
            request,
            "catalogue/withdraw.html",
            status=status,
            version=_find(rows, number),
            seen=rows[0].number,
            problem=problem,
            reason=reason,
        )


def _find(rows: list[VersionRow], number: int) -> VersionRow:
    row = next((each for each in rows if each.number == number), None)
    if row is None:
        raise NotFound(f"There is no published version {number}, or it is not kept any more")
    return row
