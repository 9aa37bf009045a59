"""`/reports`: reports of a period as pages, CSV and JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from compiler.catalogue.catalogue import Catalogue
from console.access.guard import allowed
from console.pages.reports.csv_file import csv_text
from console.pages.reports.report_kinds import REPORT_KINDS, ReportKind
from console.presenting.catalogue.places import PlaceNames
from console.presenting.reports.durations import suggestion_texts
from console.presenting.reports.period import ReportQuery
from console.services import Console
from ledger.reports.expected_suggestions import suggest
from ledger.reports.model.duration_report import DurationReport
from operations.access.permissions import READ_REPORTS
from operations.errors import OperationError
from operations.reading.provenance import Provenance

QueryText = Annotated[str, Query(max_length=200)]


class FileKind(StrEnum):
    CSV = "csv"
    JSON = "json"


def _query(since: QueryText = "", until: QueryText = "", product: QueryText = "") -> ReportQuery:
    return ReportQuery(since, until, product)


Asked = Annotated[ReportQuery, Depends(_query)]


def reports_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[allowed(READ_REPORTS)])

    @routes.get("/reports")
    async def first() -> Response:
        return RedirectResponse("/reports/shift", 303)

    for file_kind in FileKind:
        routes.get(f"/reports/{{name}}.{file_kind}", name=f"report_{file_kind}")(_file_handler(console, file_kind))

    @routes.get("/reports/{name}")
    async def report(request: Request, name: str, query: Asked) -> Response:
        kind = _kind(name)
        if console.orders.ledger is None:
            return console.render(request, "reports/no_ledger.html", kind=kind, kinds=REPORT_KINDS.values())
        values: dict[str, Any] = {
            "kind": kind,
            "kinds": REPORT_KINDS.values(),
            "query": query,
            "path": f"/reports/{name}",
            "presets": query.presets(f"/reports/{name}", kind.usual_period),
        }
        catalogue = await _catalogue(console)
        values["products"] = _offers(catalogue) if kind.has_product else []
        try:
            found, provenance = await _read(console, kind, query, catalogue)
        except (ValueError, OperationError) as error:
            status = error.http_status if isinstance(error, OperationError) else 422
            return console.render(request, "reports/problem.html", status=status, problem=str(error), **values)
        values |= {"report": found, "provenance": provenance, "page": kind.present(found)}
        if isinstance(found, DurationReport):
            values["suggestions"] = await _suggestions(console, found, catalogue)
            values["has_catalogue"] = catalogue is not None
        return console.render(request, f"reports/{name}.html", **values)

    return routes


def _file_handler(console: Console, file_kind: FileKind) -> Any:
    async def handle(name: str, query: Asked) -> Response:
        kind = _kind(name)
        try:
            found, provenance = await _read(console, kind, query, await _catalogue(console))
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        file_name = f"ordo-{name}-{datetime.now(UTC):%Y-%m-%d}.{file_kind}"
        headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "no-store"}
        if file_kind is FileKind.JSON:
            text = kind.document(found, provenance).model_dump_json(indent=2)
            return Response(text, media_type="application/json", headers=headers)
        return Response(csv_text(*kind.rows(found)), media_type="text/csv; charset=utf-8", headers=headers)

    return handle


def _kind(name: str) -> ReportKind:
    if name not in REPORT_KINDS:
        raise HTTPException(404)
    return REPORT_KINDS[name]


async def _read(
    console: Console, kind: ReportKind, query: ReportQuery, catalogue: Catalogue | None
) -> tuple[Any, Provenance]:
    """Raises ValueError for a period that cannot be read, and OperationError."""
    criteria = query.criteria()
    return await kind.read(console.orders.reports, criteria, catalogue)


async def _catalogue(console: Console) -> Catalogue | None:
    try:
        return (await console.orders.catalogues.read_in_force()).catalogue
    except OperationError:
        return None


def _offers(catalogue: Catalogue | None) -> list[tuple[str, str]]:
    """Id and name, by name."""
    products = catalogue.products.values() if catalogue is not None else ()
    offers = [(product.id, product.name) for product in products if product.is_commercial]
    return sorted(offers, key=lambda offer: offer[1].casefold())


async def _suggestions(console: Console, report: DurationReport, catalogue: Catalogue | None) -> Any:
    if catalogue is None:
        return []
    try:
        folders = [worker.definitions for worker in await console.orders.read_worker_catalogues()]
    except OperationError:
        folders = []
    return suggestion_texts(suggest(report, catalogue), PlaceNames(folders))
