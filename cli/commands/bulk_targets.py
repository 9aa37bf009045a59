"""What a bulk command would act on: listed, and confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.framework.confirm import can_prompt, confirm
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.bulk.bulk_actions import BulkCommand
    from operations.bulk.bulk_selection import BulkSelection

MAX_SHOWN = 20
"""Targets that are listed before the command asks for confirmation."""


async def list_targets(session: Session, command: BulkCommand) -> int:
    from operations.bulk.bulk_responses import bulk_selection_response
    from views.order.bulk_result import targets_table

    selection = await (await session.connect()).select_bulk_targets(command)
    name = command.action.name
    if session.is_json:
        session.print_json(bulk_selection_response(command, selection))
        return 0
    if selection.targets:
        session.print(targets_table(selection.targets))
        session.print(f"`{name}` would run on {target_count(selection)}; nothing was done.")
    else:
        session.print(f"Nothing fits: `{name}` would do nothing.")
    note_unanswered(session, selection)
    return 0


def confirm_selection(session: Session, command: BulkCommand, selection: BulkSelection) -> bool:
    """Asks in a terminal. If the answer is no, it says that nothing was done."""
    from views.order.bulk_result import targets_table

    if not selection.targets or not can_prompt(session):
        return True
    session.print(targets_table(selection.targets[:MAX_SHOWN]))
    more = len(selection.targets) - MAX_SHOWN
    unlisted = f" ({more:,} of them not listed)" if more > 0 else ""
    if confirm(session, f"Run `{command.action.name}` on these {target_count(selection)}{unlisted}?"):
        return True
    session.print("Nothing was done.")
    return False


def note_unanswered(session: Session, selection: BulkSelection) -> None:
    if selection.unanswered_orders:
        orders = ", ".join(selection.unanswered_orders)
        session.print_note(f"No worker answered for {orders}: their targets are unknown.")


def target_count(selection: BulkSelection) -> str:
    from views.shared.value_format import pluralize

    return pluralize(len(selection.targets), "step" if selection.targets[0].step else "order")
