"""Records the histories that test_replay.py replays: `python -m tests.notifications.record`.

To be run when the commands of an outbox, or of an order that tells, change on purpose and none of the old kind runs any
more; otherwise a change belongs behind `workflow.patched`, and the recorded histories stay as they are.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.histories.record import without_the_machine
from tests.support.notification_receiver import Site, receiver, site_at
from tests.support.scripted_system import Reply, ScriptedServer
from tests.support.temporal import real_time
from workflows.contract.order_messages import order_workflow_id, outbox_workflow_id
from workflows.contract.outbox_messages import ResendRequest, ResendResult

FOLDER = Path(__file__).parent / "histories"
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


async def main() -> None:
    server = ScriptedServer()
    await server.start()
    with tempfile.TemporaryDirectory() as folder:
        async with real_time() as environment, site_at(environment.client, Path(folder)) as site:
            order_id = await told(site, server)
            FOLDER.mkdir(exist_ok=True)
            for name, id_ in (("order", order_workflow_id(order_id)), ("outbox", outbox_workflow_id(order_id))):
                history = json.loads((await environment.client.get_workflow_handle(id_).fetch_history()).to_json())
                text = json.dumps(without_the_machine(history), separators=(",", ":"))
                (FOLDER / f"{name}.json").write_text(text + "\n")
                sys.stderr.write(f"{name}: {len(history['events'])} events\n")
    await server.close()


if __name__ == "__main__":
    asyncio.run(main())
