"""`/catalogue`: what is in force, and what each offer becomes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from compiler.catalogue.catalogue import Catalogue
from compiler.source.findings import did_you_mean
from console.access.guard import allowed
from console.presenting.catalogue.overview import in_force, product_rows, refusals, worker_rows
from console.presenting.catalogue.places import PlaceNames
from console.presenting.catalogue.product import MAX_DRAWN_STEPS, product_page
from console.presenting.catalogue.versions import version_rows
from console.services import Console
from ledger.reading.filters.order_filter import OrderFilter
from operations.access.permissions import READ_CATALOGUE
from operations.errors import NotFound
from operations.publishing.catalogue_in_force import CatalogueInForce


def catalogue_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[allowed(READ_CATALOGUE)])

    @routes.get("/catalogue")
    async def catalogue(request: Request, search: Annotated[str, Query(max_length=200)] = "") -> Response:
        orders = console.orders
        found, workers, versions = await asyncio.gather(
            _in_force_or_none(console), orders.read_worker_catalogues(), orders.list_versions()
        )
        values: dict[str, Any] = {
            "in_force": None,
            "open_orders": 0,
            "offers": [],
            "technical": [],
            "workers": worker_rows(workers, found),
            "refusals": refusals(workers),
            "versions": version_rows(versions),
            "search": search,
        }
        if found is not None:
            counts = await orders.count_orders(OrderFilter(catalogue_version=found.catalogue.version, running=True))
            values |= {"in_force": in_force(found), "open_orders": sum(counts.values())}
            values |= await asyncio.to_thread(_products, found.catalogue, search)
        return console.render(request, "catalogue/overview.html", **values)

    @routes.get("/catalogue/{product}")
    async def one(
        request: Request,
        product: str,
        draw: Annotated[str, Query(max_length=10)] = "",
    ) -> Response:
        found, workers = await asyncio.gather(
            console.orders.catalogues.read_in_force(), console.orders.read_worker_catalogues()
        )
        wanted = found.catalogue.find_product(product)
        if wanted is None:
            near = did_you_mean(product, {*found.catalogue.products, *found.catalogue.product_ids_by_code})
            raise NotFound(f"The catalogue in force has no product {product}{near}")
        places = PlaceNames(worker.definitions for worker in workers)
        page = await asyncio.to_thread(product_page, wanted, found.catalogue, places, draws_all=draw == "all")
        return console.render(
            request, "catalogue/product.html", product=page, in_force=in_force(found), max_drawn=MAX_DRAWN_STEPS
        )

    return routes


def _products(catalogue: Catalogue, search: str) -> dict[str, Any]:
    return {
        "offers": product_rows(catalogue, commercial=True, search=search),
        "technical": product_rows(catalogue, commercial=False, search=search),
    }


async def _in_force_or_none(console: Console) -> CatalogueInForce | None:
    """None: no worker has ever had a catalogue."""
    try:
        return await console.orders.catalogues.read_in_force()
    except NotFound:
        return None
