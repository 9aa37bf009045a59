"""Who is signed in, and what that allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from operations.access.permissions import Permission, QueueRule
from operations.access.roles import Role
from operations.errors import FORBIDDEN, OperationError, OperationRefused
from workflows.contract.order_messages import Actor, RefusalCode
from workflows.contract.order_views import StepView
from workflows.contract.worklists import is_in_queue, working_queue


@dataclass(frozen=True, slots=True)
class Person:
    """A person or a program that has signed in with an account."""

    account: str
    roles: frozenset[Role]
    queues: frozenset[str] = frozenset()
    """An operator acts only on the work in these queues. Empty: no such limit."""
    is_shared: bool = False
    """Many people share the token, so that it does not say who acts."""

    def actor(self, by: str | None, reason: str = "") -> Actor:
        """The account acts. `by`: for whom, as the account says; it is not verified. Raises OperationRefused if nobody
        is named behind a shared token."""
        if by is None and self.is_shared:
            raise OperationRefused(RefusalCode.INVALID, "The shared token does not say who acts: name them in `by`")
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
    refusal = f"Account {person.account} may not do this: the permission {permission.name} needs"
    if not person.roles & permission.roles:
        needed = " or ".join(f"`{role}`" for role in sorted(permission.roles))
        has = ", ".join(f"`{role}`" for role in sorted(person.roles))
        raise Forbidden(person, permission, f"{refusal} the role {needed}, and the account has {has}")
    if permission.for_queues is QueueRule.REFUSED and is_limited_to_queues(person, permission):
        limit = f"an account without a limit to queues, and this one is limited to {_quoted(person.queues)}"
        raise Forbidden(person, permission, f"{refusal} {limit}", person.queues)


def is_limited_to_queues(person: Person, permission: Permission) -> bool:
    """Whether only the operator's role allows it, and the account names queues."""
    return bool(person.queues) and person.roles & permission.roles == {Role.OPERATOR}


def require_step(person: Person, permission: Permission, step: StepView) -> None:
    """Raises Forbidden if the account is limited to queues, and the step is in none of them."""
    if is_limited_to_queues(person, permission) and not any(is_in_queue(step, queue) for queue in person.queues):
        queue = working_queue(step)
        where = f"is in the queue `{queue}`" if queue else "is in no queue"
        raise _not_their_work(person, permission, f"Step {step.number} ({step.id}) {where}")


def require_queue(person: Person, permission: Permission, queue: str | None) -> None:
    """For a request about all work of a queue (None: of all). Raises Forbidden if the account is limited to others."""
    if is_limited_to_queues(person, permission) and queue not in person.queues:
        asked = f"The request is about the queue `{queue}`" if queue else "The request names no queue"
        raise _not_their_work(person, permission, asked)


def _not_their_work(person: Person, permission: Permission, problem: str) -> Forbidden:
    message = f"{problem}; account {person.account} may act only on the work in {_quoted(person.queues)}"
    return Forbidden(person, permission, message, person.queues)


def _quoted(queues: Iterable[str]) -> str:
    return ", ".join(f"`{queue}`" for queue in sorted(queues))
