"""Records the histories that test_replay.py replays: `python -m tests.notifications.record [NAME…]`.

To be run when the commands of an outbox, or of an order that tells, change on purpose and none of the old kind runs any
more; otherwise a change belongs behind `workflow.patched`, and the recorded histories stay as they are.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from tests.histories.record import without_the_machine
from tests.support.servers.scripted_system import Reply, ScriptedServer
from tests.support.servers.temporal import real_time
from tests.support.workers.notification_site import Site, receiver, site_at
from workflows.contract.order_messages import order_workflow_id, outbox_workflow_id
from workflows.contract.outbox_messages import ResendRequest, ResendResult

FOLDER = Path(__file__).parent / "histories"
Scene = Callable[[Site, ScriptedServer], Awaitable[str]]
ONCE = "retry: {max_attempts: 2, initial: 10ms}"


async def told(site: Site, server: ScriptedServer) -> str:
    """An order of which a receiver refuses everything, until that is sent again."""
    server.answers(Reply(500))
    await site.define("crm", receiver("crm", server.url, events="['*']", retry=ONCE))
    order_id = (await site.submit()).order_id
    await site.contents_until(order_id, lambda view: view.given_up > 2)
    await site.lock(order_id)
    await site.ended(order_id)
    await site.contents_until(order_id, lambda view: view.order_ended and not view.waiting)
    server.answers(Reply(200))
    await site.outbox(order_id).execute_update("resend", ResendRequest(), result_type=ResendResult)
    await site.outbox_ended(order_id)
    return order_id


async def partly_taken_out(site: Site, server: ScriptedServer) -> str:
    """An order of which an amendment takes a line out, recorded before that line was told as cancelled."""
    await site.define("crm", receiver("crm", server.url, events="[order.*, line.completed]", retry=ONCE))
    order_id = (await site.submit(lines=2)).order_id
    await site.amend(order_id, lines=1)
    await site.lock(order_id)
    await site.ended(order_id)
    await site.outbox_ended(order_id)
    return order_id


SCENES: Mapping[str, Scene] = {"order": told, "partly_taken_out": partly_taken_out}


async def main(names: list[str]) -> None:
    """`names`: of the orders' scenes; none means all."""
    for name, scene in SCENES.items():
        if not names or name in names:
            await record(name, scene)


async def record(name: str, scene: Scene) -> None:
    server = ScriptedServer()
    await server.start()
    with tempfile.TemporaryDirectory() as folder:
        async with real_time() as environment, site_at(environment.client, Path(folder)) as site:
            order_id = await scene(site, server)
            FOLDER.mkdir(exist_ok=True)
            outboxes = {"outbox": outbox_workflow_id(order_id)} if name == "order" else {}
            for file, id_ in {name: order_workflow_id(order_id), **outboxes}.items():
                history = json.loads((await environment.client.get_workflow_handle(id_).fetch_history()).to_json())
                text = json.dumps(without_the_machine(history), separators=(",", ":"))
                (FOLDER / f"{file}.json").write_text(text + "\n")
                sys.stderr.write(f"{file}: {len(history['events'])} events\n")
    await server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
