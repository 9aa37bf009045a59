"""Who acts, and on which step."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from operations.client import OrderClient
    from workflows.contract.order_messages import Actor
    from workflows.contract.order_views import StepView


def make_actor(by: str | None, reason: str) -> Actor:
    """`by`, or the login. Raises UsageError where the login is unknown."""
    from cli.framework.errors import UsageError
    from workflows.contract.order_messages import Actor

    if by is None:
        try:
            by = getpass.getuser()
        except (OSError, KeyError) as error:
            raise UsageError("Your login is unknown: give your name with --by NAME") from error
    return Actor(by=by, reason=reason)


async def find_step(server: OrderClient, order_id: str, step_ref: str) -> StepView | None:
    """The step as it is now, so that an action is refused if it changes meanwhile; None if there is none."""
    from operations.errors import NotFound

    offset: int | None = int(step_ref) - 1 if step_ref.isdecimal() and int(step_ref) > 0 else 0
    limit = 1 if step_ref.isdecimal() else 500
    try:
        while offset is not None:
            page = await server.read_steps_page(order_id, offset=offset, limit=limit)
            for step in page.steps:
                if step_ref in (step.id, str(step.number)):
                    return step
            offset = None if step_ref.isdecimal() else page.next_offset
    except NotFound:
        return None
    return None
