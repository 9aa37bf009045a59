"""Why a person cannot do something, in words that a button shows before anybody presses it."""

from __future__ import annotations

from operations.access.permissions import Permission
from operations.access.person import Forbidden, Person, require
from operations.access.roles import Role

READ_ONLY_REASON = "This console is read-only"
_ROLES_OF_PEOPLE = (Role.OPERATOR, Role.PUBLISHER, Role.ADMIN)


def why_not(person: Person | None, permission: Permission, read_only: bool) -> str:
    """Empty if the person may do it. Limits to queues are about one step: see `require_step` of operations."""
    if person is None:
        return "Sign in first"
    try:
        require(person, permission)
    except Forbidden as forbidden:
        if forbidden.data.get("queues"):
            return "Your account is limited to the work of some queues, and this is about more"
        needed = " or ".join(role for role in _ROLES_OF_PEOPLE if role in permission.roles)
        return f"This needs the role {needed}"
    return READ_ONLY_REASON if read_only else ""
