"""Plans side by side: several orders, or one order with several values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.framework.errors import UsageError
from cli.framework.session import Session
from cli.user_input.order_files import LoadedOrder
from cli.user_input.overrides import to_overrides

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from compiler.compare_variants import PlanVariant
    from compiler.orders.variants import Choice, Combinations

MAX_COLUMNS = 100
"""Plans in one comparison."""


def compare_plans(
    session: Session,
    orders: Sequence[LoadedOrder],
    choices: Sequence[Choice],
    catalogue: Catalogue,
    *,
    all_variants: bool,
) -> None:
    """Prints the comparison. Values of `choices` replace those that `all_variants` would try. Raises UsageError if
    there is nothing to compare, OrderRejected if no variant has a plan."""
    from compiler.source.findings import OrderRejected
    from views.plan.comparison import comparison_to_json, render_comparison

    combined = [_combinations(each, choices, catalogue, all_variants=all_variants) for each in orders]
    total = sum(one.total for one in combined)
    count = sum(len(one.values) for one in combined)
    if count < 2:
        raise UsageError(
            "There is nothing to compare: give several orders, several values, or an order with enums or booleans"
        )
    if count > MAX_COLUMNS:
        raise UsageError(f"These are {count} plans, and {MAX_COLUMNS} can be compared at once: give fewer values")
    variants = [
        variant for loaded, one in zip(orders, combined, strict=True) for variant in _compile(loaded, one, catalogue)
    ]
    if all(variant.plan is None for variant in variants):
        raise OrderRejected(variants[0].findings)
    if session.is_json:
        session.print_json(comparison_to_json(variants, total))
        return
    session.print(*render_comparison(variants, is_complete=count == total and len(orders) == 1))
    if count < total:
        session.print_note(
            f"{count} of {total:,} combinations: they contain each pair of values. --with NAME=VALUE fixes a value."
        )


def _combinations(
    loaded: LoadedOrder, choices: Sequence[Choice], catalogue: Catalogue, *, all_variants: bool
) -> Combinations:
    from compiler.orders.variants import combine, enumerable_attributes

    given = {choice.name for choice in choices}
    found = enumerable_attributes(loaded.order, catalogue) if all_variants else []
    return combine([*choices, *(choice for choice in found if choice.name not in given)])


def _compile(loaded: LoadedOrder, combinations: Combinations, catalogue: Catalogue) -> Sequence[PlanVariant]:
    from compiler.compare_variants import compile_variant
    from compiler.source.findings import SourceLocation

    return [
        compile_variant(loaded.order, values, to_overrides(values), catalogue, loaded.file, SourceLocation("--with"))
        for values in combinations.values
    ]
