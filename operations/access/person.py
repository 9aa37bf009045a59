"""Who is signed in, and what that allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from operations.access.permissions import Permission, QueueRule
from operations.access.roles import Role
from operations.errors import FORBIDDEN, OperationError
from workflows.contract.order_messages import Actor


@dataclass(frozen=True, slots=True)
class Person:
    """A person or a program that has signed in with an account."""

    account: str
    roles: frozenset[Role]
    queues: frozenset[str] = frozenset()
    """An operator acts only on the work in these queues. Empty: no such limit."""

    def actor(self, by: str | None, reason: str = "") -> Actor:
        """The account acts. `by`: for whom, as the account says; it is not verified."""
        return Actor(by=self.account, reason=reason, on_behalf_of=by if by != self.account else None)


class Forbidden(OperationError):
    """The roles of the account do not allow it."""

    def __init__(self, person: Person, permission: Permission, message: str, queues: Iterable[str] = ()) -> None:
        self.person = person
        self.permission = permission
        data = {"account": person.account, "permission": permission.name, "roles": sorted(permission.roles)}
        super().__init__(FORBIDDEN, message, data=data | ({"queues": sorted(queues)} if queues else {}))


def require(person: Person, permission: Permission) -> None:
    """Raises Forbidden, which says which roles are needed."""
    if not person.roles & permission.roles:
        needed = " or ".join(f"`{role}`" for role in sorted(permission.roles))
        has = ", ".join(f"`{role}`" for role in sorted(person.roles))
        raise Forbidden(
            person, permission, f"`{permission.name}` needs the role {needed}; account {person.account} has {has}"
        )
    if permission.for_queues is QueueRule.REFUSED and is_limited_to_queues(person, permission):
        raise Forbidden(
            person,
            permission,
            f"`{permission.name}` needs an account without a limit to queues; account {person.account} is limited to "
            f"{_quoted(person.queues)}",
            person.queues,
        )


def is_limited_to_queues(person: Person, permission: Permission) -> bool:
    """Whether only the operator's role allows it, and the account names queues."""
    return bool(person.queues) and person.roles & permission.roles == {Role.OPERATOR}


def require_queue(person: Person, permission: Permission, subject: str, queue: str | None) -> None:
    """Raises Forbidden if the account is limited to other queues. `subject`: what waits in the queue, for the message;
    `queue` is None if it waits in none."""
    if not is_limited_to_queues(person, permission) or queue in person.queues:
        return
    where = f"is in the queue `{queue}`" if queue else "is in no queue"
    raise Forbidden(
        person,
        permission,
        f"{subject} {where}; account {person.account} may act only on the work in {_quoted(person.queues)}",
        person.queues,
    )


def _quoted(queues: Iterable[str]) -> str:
    return ", ".join(f"`{queue}`" for queue in sorted(queues))
