"""`up --pretend`: an offer whose systems do not exist, from a terminal, over real HTTP."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from stack.options import free_port
from tests.support.command_line import call
from tests.support.started_stack import LONGEST, STARTER, Up, free_ports

OFFER = """
kind: commercial_product
id: charger
attributes: {kw: {type: integer, required: true}}
steps:
  upgrade:
    call:
      system: grid
      post: /upgrades
      body: {kw: "${attributes.kw}", reply: "${callback.url}"}
      callback: {within: 8w}
    output: {request: "${response.body.id}", granted: "${payload.granted}"}
    fail_when: [{if: payload.granted == false, code: upgrade_refused}]
    on_failure: [{do: fallout, queue: grid_desk}]
  register:
    after: [upgrade]
    call:
      system: vendor
      post: /chargers
      body: {upgrade: "${steps.upgrade.output.request}"}
      poll: {get: "/chargers/${response.body.id}", every: 200ms, within: 1h, until: response.body.state == "online"}
  delivered:
    after: [register]
    event: {name: charger_delivered, key: "${steps.register.output.id}", within: 30d}
---
kind: system
id: grid
base_url: ${env.GRID_URL_THAT_NOBODY_SETS}
auth: {bearer: {env: GRID_TOKEN_THAT_NOBODY_SETS}}
headers: {X-Tenant: "${env.TENANT_THAT_NOBODY_SETS}"}
retry: {max_attempts: 3, initial: 100ms}
example:
  post: /upgrades
  fails: {times: 2}
  status: 202
  body: {id: "UR-${number}"}
  calls_back: {after: 50d, body: {granted: "${request.body.kw < 22}"}}
---
kind: system
id: vendor
base_url: ${env.VENDOR_URL_THAT_NOBODY_SETS}
example:
  - post: /chargers
    body: {id: "CH-${number}"}
    sends: {event: charger_delivered, key: "CH-${number}", after: 60d, payload: {}}
  - get: /chargers/{id}
    body: {id: "${path.id}", state: new}
    then: {after: 20d, body: {id: "${path.id}", state: online}}
"""
UNPRETENDED = """
---
kind: commercial_product
id: reminder
steps: {rest: {wait: {for: 30d}}}
---
kind: system
id: shop
base_url: ${env.ORDO_SHOP_URL}
---
kind: receiver
id: mail
url: ${env.MAIL_URL_THAT_NOBODY_SETS}
headers: {X-Tenant: "${env.TENANT_THAT_NOBODY_SETS}"}
secret: {env: MAIL_SECRET_THAT_NOBODY_SETS}
events: [order.completed]
"""
NEW = """
kind: commercial_product
id: meter
steps:
  file: {call: {system: authority, post: /certificates}}
---
kind: system
id: authority
base_url: ${env.AUTHORITY_URL_THAT_NOBODY_SETS}
retry: {max_attempts: 1}
example: {get: /nothing}
"""


def order(folder: Path, order_id: str, product: str, **attributes: int) -> str:
    line = {"id": "1", "product": product, "attributes": attributes}
    content = {"id": order_id, "customer": {"id": "C-1"}, "lines": [line]}
    (folder / f"{order_id}.json").write_text(json.dumps(content))
    return f"{order_id}.json"


def until_shown(up: Up, order_id: str, words: str) -> None:
    end = time.monotonic() + LONGEST
    while words not in (shown := call("show", order_id, "--address", up.address)).out:
        assert time.monotonic() < end, shown
        time.sleep(0.1)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("pretend")
    (folder / "definitions").mkdir()
    (folder / "definitions" / "charger.yaml").write_text(OFFER + UNPRETENDED)
    ports = replace(free_ports(), pretend=free_port())
    shop = "http://shop.example"
    running = Up(folder, ports, more=("--pretend", "all", "--time-scale", "10d=500ms"), ORDO_SHOP_URL=shop)
    try:
        yield running.ready()
    finally:
        running.close()


def test_order_completes_by_callback_poll_and_event(up: Up) -> None:
    done = up.starter("start", order(up.folder, "EV-1", "charger", kw=7), "--watch")
    assert done.returncode == 0, done.stdout + done.stderr
    address = f"http://127.0.0.1:{up.ports.pretend}"
    calls = httpx.get(f"{address}/_log?key_prefix=EV-1/charger.upgrade", trust_env=False).json()
    assert [call["status"] for call in calls] == [503, 503, 202]
    sent = httpx.get(f"{address}/_deliveries", trust_env=False).json()["sent"]
    assert [(one["kind"], one["result"][:3]) for one in sent] == [("callback", "200"), ("event", "200")]


def test_receiver_accepts_events_without_its_variables(up: Up) -> None:
    assert up.starter("start", order(up.folder, "EV-9", "charger", kw=7), "--watch").returncode == 0
    address = f"http://127.0.0.1:{up.ports.pretend}/_notifications?order_id=EV-9&receiver="
    end = time.monotonic() + LONGEST
    while not (shown := httpx.get(address + "mail", trust_env=False).json()):
        assert time.monotonic() < end, "the event does not come"
        time.sleep(0.1)
    assert [(one["receiver"], one["event"]["type"]) for one in shown] == [("mail", "ordo.order.completed")]
    assert httpx.get(address + "other", trust_env=False).json() == []


def test_wait_ends_by_reschedule_because_the_time_scale_is_not_its(up: Up) -> None:
    up.starter("start", order(up.folder, "EV-8", "reminder"))
    end = time.monotonic() + LONGEST
    while (moved := call("reschedule", "EV-8", "1", "0s", "--address", up.address)).status != 0:
        assert time.monotonic() < end, moved
        time.sleep(0.1)
    assert up.starter("watch", "EV-8").returncode == 0


def test_refusal_in_a_callback_is_a_business_failure(up: Up) -> None:
    up.starter("start", order(up.folder, "EV-2", "charger", kw=22))
    until_shown(up, "EV-2", "in fallout: upgrade_refused")


def test_new_system_gets_its_address_and_a_missing_example_is_told(up: Up) -> None:
    (up.folder / "definitions" / "meter.yaml").write_text(NEW)
    up.until_said("is in force: catalogue version")
    up.starter("start", order(up.folder, "EV-3", "meter"))
    told = up.until_said("has no example for POST /certificates")
    assert told.startswith("System `authority`")
    assert "`- {post: /certificates, status: 200, body: {}}`" in told
    meter = up.folder / "definitions" / "meter.yaml"
    meter.write_text(NEW.replace("example: {get: /nothing}", "example: {post: /certificates}"))
    ended = up.starter("start", order(up.folder, "EV-4", "meter"), "--watch")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_what_is_not_pretended_needs_its_variables_and_the_message_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "charger.yaml").write_text(OFFER)
    ports = replace(free_ports(), pretend=free_port())
    running = Up(tmp_path, ports, more=("--pretend", "grid"))
    try:
        running.until_said("system vendor: the environment variable VENDOR_URL_THAT_NOBODY_SETS is not set")
        running.until_said("Set the variables in the environment of this command. Or let the system or receiver")
        assert "system grid" not in "".join(running.said)
        assert running.process.wait(LONGEST) == 1
    finally:
        running.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pretend", "gird"], "did you mean `grid`?"),
        (["--pretend", "plain"], "has no `example`"),
        (["--pretend", "grid", "--time-scale", "fast"], "write for example 1d=1m"),
        (["--time-scale", "1d=1m"], "name them with --pretend"),
    ],
)
def test_wrong_use_is_told_before_anything_starts(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "definitions").mkdir()
    plain = "---\nkind: system\nid: plain\nbase_url: http://plain.example\n"
    (tmp_path / "definitions" / "charger.yaml").write_text(OFFER + plain)
    refused = subprocess.run(
        [*STARTER, "up", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST
    )
    assert refused.returncode == 2
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr


def test_mistake_in_an_example_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "charger.yaml").write_text(OFFER.replace("path.id", "path.ids"))
    command = [*STARTER, "up", "--pretend", "all"]
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST)
    assert refused.returncode == 1
    assert "did you mean `id`?" in refused.stderr
