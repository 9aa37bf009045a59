"""Orders of the sample catalogue, run by the core as far as a test wants, and seen as clients see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from compiler.compile_order import compile_order
from compiler.load_catalogue import load_catalogue
from compiler.plan.plan import Plan
from tests.support.core.order_driver import OrderDriver
from tests.support.paths import ROOT
from workflows.contract.order_views import OrderView, StepsPageRequest, StepView
from workflows.core.engine import advance
from workflows.core.queries.order_view import order_view, steps_page
from workflows.core.state.commands import StartActivity, StartCall
from workflows.core.state.step_run import StepFailure


@dataclass(frozen=True)
class DrivenOrder:
    plan: Plan
    order: OrderView
    steps: list[StepView]
    now: datetime

    def position(self, step_id: str) -> int:
        return next(at for at, step in enumerate(self.steps) if step.id == step_id)


def network_order(sites: int, order_id: str = "WAN-1") -> dict[str, Any]:
    """Of managed_wan: ten steps for each site, and six for the network."""
    postcodes = ("20457", "50667", "80331")
    lines = [
        {
            "id": f"1.{number}",
            "product": "wan_site",
            "attributes": {
                "site_id": f"site-{number}",
                "postcode": postcodes[number % 3],
                "segments": [{"name": "shop", "vlan": 10}],
            },
        }
        for number in range(1, sites + 1)
    ]
    network = {"id": "1", "product": "managed_wan", "attributes": {"topology": "hub_and_spoke"}, "lines": lines}
    return {"id": order_id, "customer": {"id": "B-9", "name": "Northwind"}, "lines": [network]}


@cache
def driven_order(sites: int, rounds: int = 3, fails: str = "wan_router.reserve") -> DrivenOrder:
    """The network after so many rounds, in each of which every call is answered. Each fifth step whose id begins with
    `fails` ends in fallout."""
    plan = compile_order(network_order(sites), load_catalogue(ROOT / "definitions"), "order.yaml")
    driver = OrderDriver(plan, in_flight=10_000)
    seen = 0
    for _ in range(rounds):
        started, seen = driver.commands[seen:], len(driver.commands)
        for command in started:
            if isinstance(command, StartCall | StartActivity):
                _answer(driver, command, fails)
        driver.run.now += 60
        driver.advance()
    now = datetime.fromtimestamp(driver.run.now + 5, UTC)
    steps: list[StepView] = []
    offset: int | None = 0
    while offset is not None:
        page = steps_page(driver.run, StepsPageRequest(offset=offset, limit=5_000, at=now))
        steps, offset = steps + page.steps, page.next_offset
    return DrivenOrder(plan, order_view(driver.run, 1, now), steps, now)


def _answer(driver: OrderDriver, command: StartCall | StartActivity, fails: str) -> None:
    step, id_ = driver.run.steps[command.step], driver.plan.steps[command.step].id
    if id_.startswith(fails) and int(id_.rpartition(".")[2]) % 5 == 0:
        failure = StepFailure("out_of_stock", "none left", attempts=5)
        advance.activity_failed(driver.run, step.position, step.launch, failure)
    else:
        answer = {"output": {"id": "X-1"}, "attempts": 1}
        advance.activity_succeeded(driver.run, step.position, step.launch, answer)
