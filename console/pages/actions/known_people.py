"""Whom a step can be given to, as far as the console knows them: a form suggests their names, and takes any other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from console.services import Console
from operations.access.permissions import ACTION_PERMISSIONS
from operations.access.person import Forbidden, Person, require
from operations.errors import OperationError
from workflows.contract import actions
from workflows.contract.actions import ActionSpec


async def known_people(console: Console, spec: ActionSpec) -> Sequence[str]:
    """Accounts that may complete a task, and everybody who holds one now, sorted. Empty unless the action names a
    person."""
    if spec is not actions.ASSIGN:
        return ()
    names = {person.account for person in console.gatekeeper.people() if _may_complete(person)}
    with suppress(OperationError):  # the form takes any name
        names.update(await console.orders.list_holders())
    return sorted(names)


def _may_complete(person: Person) -> bool:
    try:
        require(person, ACTION_PERMISSIONS[actions.COMPLETE.name])
    except Forbidden:
        return False
    return True
