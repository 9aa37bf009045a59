"""The options that say which orders: those of `list`, and of every other command that takes many orders."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.framework.options import value_option
from cli.user_input.value_parsing import parse_since, parse_until
from ledger.reading.filters.order_filter import OrderFilter
from workflows.contract.states import Jeopardy, OrderState

if TYPE_CHECKING:
    from operations.client import OrderClient

DATES, PEOPLE = "By date", "By what waits for people"


def takes_order_filter(run: Callable[..., int | None]) -> Callable[..., int | None]:
    """A command whose parameter `criteria` is made of these options."""
    own = list(inspect.signature(run, eval_str=True).parameters.values())
    filters = list(inspect.signature(parse_order_filter, eval_str=True).parameters.values())
    at = [parameter.name for parameter in own].index("criteria")
    names = {parameter.name for parameter in filters}

    @functools.wraps(run)
    def invoke(session: Any, **arguments: Any) -> int | None:
        given = {name: arguments.pop(name) for name in names}
        return run(session, criteria=parse_order_filter(**given), **arguments)

    del invoke.__wrapped__
    invoke.__signature__ = inspect.Signature([*own[:at], *filters, *own[at + 1 :]])  # type: ignore[attr-defined]
    return invoke


def parse_order_filter(
    state: Annotated[list[OrderState] | None, value_option("STATE", "Only orders in this state (repeat it).")] = None,
    customer: Annotated[str | None, value_option("ID", "Only orders of this customer.")] = None,
    product: Annotated[str | None, value_option("ID", "Only orders with this commercial product.")] = None,
    search: Annotated[
        str | None, value_option("TEXT", "Only orders whose ids and names have words that begin like these.")
    ] = None,
    external_id: Annotated[str | None, value_option("ID", "Only orders with a line of this id elsewhere.")] = None,
    system: Annotated[str | None, value_option("ID", "Only orders with a step that calls this system.")] = None,
    catalogue_version: Annotated[
        str | None, value_option("VERSION", "Only orders on this version of the catalogue, named as in `versions`.")
    ] = None,
    jeopardy: Annotated[
        list[Jeopardy] | None, value_option("JEOPARDY", "on_track, at_risk or late (repeat it).")
    ] = None,
    late: Annotated[bool, typer.Option("--late", help="Only late orders; without --state, open ones.")] = False,
    is_open: Annotated[bool, typer.Option("--open", help="Only orders that have not ended.")] = False,
    fallout: Annotated[
        bool, typer.Option("--fallout", help="Only orders with a step in fallout.", rich_help_panel=PEOPLE)
    ] = False,
    code: Annotated[
        str | None, value_option("CODE", "Only orders with a step in fallout with this error code.", PEOPLE)
    ] = None,
    queue: Annotated[str | None, value_option("NAME", "Only orders with work in this queue.", PEOPLE)] = None,
    holder: Annotated[
        str | None, value_option("NAME", "Only orders with a step that this person holds.", PEOPLE)
    ] = None,
    since: Annotated[
        str | None, value_option("WHEN", "Only orders submitted since: 2026-12-01, 2h, 3d.", DATES)
    ] = None,
    until: Annotated[str | None, value_option("WHEN", "Only orders submitted before.", DATES)] = None,
    ended_since: Annotated[str | None, value_option("WHEN", "Only orders that ended since.", DATES)] = None,
    ended_until: Annotated[str | None, value_option("WHEN", "Only orders that ended before.", DATES)] = None,
    requested_since: Annotated[
        str | None, value_option("WHEN", "Only orders wanted since then; 3d is in three days.", DATES)
    ] = None,
    requested_until: Annotated[str | None, value_option("WHEN", "Only orders wanted before then.", DATES)] = None,
) -> OrderFilter:
    """Raises UsageError."""
    now = datetime.now(UTC)
    return OrderFilter(
        states=tuple(state or ()),
        customer=customer,
        product=product,
        search=search,
        external_id=external_id,
        system=system,
        catalogue_version=catalogue_version,
        jeopardy=tuple(jeopardy or ()),
        late=late,
        running=is_open,
        fallout=fallout,
        code=code,
        queue=queue,
        holder=holder,
        since=parse_since(since, now),
        until=parse_since(until, now, "--until"),
        ended_since=parse_since(ended_since, now, "--ended-since"),
        ended_until=parse_since(ended_until, now, "--ended-until"),
        requested_since=parse_until(requested_since, now, "--requested-since"),
        requested_until=parse_until(requested_until, now, "--requested-until"),
    )


async def resolve_version(server: OrderClient, criteria: OrderFilter) -> OrderFilter:
    """With the full name of the catalogue version that the user named. Raises NotFound."""
    if criteria.catalogue_version is None:
        return criteria
    version = await server.find_catalogue_version(criteria.catalogue_version)
    return replace(criteria, catalogue_version=version)
