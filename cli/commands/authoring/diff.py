"""`diff`: what changed between two catalogues, and what that does to orders."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.command import register_command
from cli.framework.errors import EXIT_REFUSED
from cli.framework.options import value_option
from cli.framework.session import Session
from cli.user_input.order_files import LoadedOrder, find_order_files, load_orders

if TYPE_CHECKING:
    from cli.commands.publishing.definition_versions import NamedDefinitions
    from compiler.diff.change import CatalogueDiff
    from compiler.diff.order_impact import OrderImpact

PANEL = "Without a server"


class DiffFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class FailOn(StrEnum):
    BREAKING = "breaking"
    CHANGE = "change"


def register(app: typer.Typer) -> None:
    register_command(app, "diff", PANEL, DiffFormat)(diff)


VERSION_HELP = "A folder, a git revision (main, HEAD~1, main:definitions), or a published version (current, 7)."


def diff(
    session: Session,
    old: Annotated[
        str | None,
        typer.Argument(metavar="OLD", help=f"{VERSION_HELP} Default: what is in force, else HEAD.", show_default=False),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="The same. Default: the definitions.", show_default=False)
    ] = None,
    orders: Annotated[
        list[str] | None, value_option("FILE", "Compare the plans of the orders in a file or a folder. Repeat it.")
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on",
            help="Exit with 1 if a change is breaking; with `change`, also if one changes what orders do, or is new.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Tell what changed between two catalogues, by meaning.

    Each change is breaking, or it changes behaviour, or it is cosmetic, or something is new. With --orders, also what
    it does to the plans of orders, and to amendments of orders that run.
    """
    from cli.commands.publishing.definition_versions import default_old_version, read_named_definitions
    from compiler.diff.compare_catalogues import diff_catalogues

    loaded_orders = load_orders(find_order_files(orders)) if orders else []
    before = read_named_definitions(session, old or default_old_version(session))
    after = read_named_definitions(session, new or str(session.definitions_dir))
    for side in (before, after):
        _require_valid(session, side)
    found = diff_catalogues(before.loaded, after.loaded)
    impacts = _order_impacts(loaded_orders, before, after)
    _print(session, found, before.label, after.label, impacts)
    return EXIT_REFUSED if _fails(found, impacts, fail_on) else 0


def _require_valid(session: Session, side: NamedDefinitions) -> None:
    """Raises CatalogueInvalid, after a note that says which of the two it is."""
    if side.loaded.refused:
        session.print_note(f"{side.label} cannot be compared, because it has errors:")
        _ = side.loaded.catalogue


def _order_impacts(
    orders: Sequence[LoadedOrder], before: NamedDefinitions, after: NamedDefinitions
) -> list[OrderImpact]:
    from compiler.diff.order_impact import order_impact

    old, new = before.loaded.catalogue, after.loaded.catalogue
    return [order_impact(one.order, one.file, old, new) for one in orders]


def _print(session: Session, found: CatalogueDiff, old: str, new: str, impacts: Sequence[OrderImpact]) -> None:
    from views.diff.markdown import diff_markdown
    from views.diff.report import render_diff, render_orders
    from views.diff.to_json import diff_to_json

    match session.output:
        case DiffFormat.JSON:
            session.print_json(diff_to_json(found, old, new, impacts))
        case DiffFormat.MARKDOWN:
            session.print(diff_markdown(found, old, new, impacts).rstrip("\n"))
        case _:
            session.print(*render_diff(found, old, new))
            if impacts:
                session.print(*render_orders(impacts))


def _fails(found: CatalogueDiff, impacts: Sequence[OrderImpact], fail_on: FailOn | None) -> bool:
    """A cosmetic change never fails. With `change`, whatever is new does."""
    from compiler.diff.change import Severity
    from compiler.diff.order_impact import OrderOutcome

    if fail_on is None:
        return False
    if any(impact.outcome is OrderOutcome.NOW_REJECTED for impact in impacts):
        return True
    harmless = {Severity.COSMETIC} if fail_on is FailOn.CHANGE else {*Severity} - {Severity.BREAKING}
    return any(change.severity not in harmless for change in found.changes)
