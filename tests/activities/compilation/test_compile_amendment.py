"""COMPILE_AMENDMENT: the whole new order is laid over the running plan, with the catalogue as it is now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import ActivityEnvironment

from activities.compilation import compile_amendment as module
from activities.compilation.catalogue_versions import CatalogueVersions
from activities.compilation.compile_amendment import CUSTOMER_CHANGED, MAX_RESULT_BYTES, AmendmentCompiler
from activities.compilation.live_catalogue import LiveCatalogue
from activity_contract.compilation import (
    INTERNAL_ERROR_CODE,
    ChangedValue,
    ChangedWaits,
    CompileAmendmentInput,
    CompiledAmendment,
)
from activity_contract.line_reasons import RECENT_LINE_REASONS
from compiler.compile_order import compile_order
from compiler.finding_pages.finding_page import read_page
from compiler.plan.codec import decode_plan, encode_plan
from compiler.plan.plan import Plan

OFFER = """
kind: commercial_product
id: {id}
attributes:
  who: {{type: string, required: true}}
  note: {{type: string, default: none}}
steps:
  greet:
    call: {{system: greeter, post: /greetings, body: {{to: "${{attributes.who}}"}}}}
    undo: {{call: {{system: greeter, delete: "/greetings/${{attributes.note}}"}}}}
  {more}
"""
SYSTEM = "kind: system\nid: greeter\nbase_url: http://greeter.example\n"
PART = "part: {after: greet, activity: wave}"


class Compiler:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "systems.yaml").write_text(SYSTEM)
        self.offer("welcome", PART)
        self.catalogues = LiveCatalogue(folder)
        self.kept: dict[str, bytes] = {}
        """Definitions of earlier versions."""
        self._compiler = AmendmentCompiler(CatalogueVersions(self.catalogues, self._read_kept))

    async def _read_kept(self, version: str) -> bytes | None:
        return self.kept.get(version)

    def offer(self, id_: str, more: str = "") -> None:
        (self.folder / f"{id_}.yaml").write_text(OFFER.format(id=id_, more=more))

    def plan(self, order: dict[str, Any]) -> Plan:
        return compile_order(order, self.catalogues.current.catalogue)

    async def compile(self, running: Plan, order: dict[str, Any], version: str | None = None) -> CompiledAmendment:
        asked = CompileAmendmentInput(order=order, plan=encode_plan(running), catalogue_version=version)
        compiled: CompiledAmendment = await ActivityEnvironment().run(self._compiler.compile_amendment, asked)
        return compiled


@pytest.fixture
def compiler(tmp_path: Path) -> Compiler:
    return Compiler(tmp_path)


def order(*who: str, **more: Any) -> dict[str, Any]:
    lines = [{"id": str(n), "product": "welcome", "attributes": {"who": each}} for n, each in enumerate(who, 1)]
    return {"id": "A-1", "customer": {"id": "C-1", "name": "Elm Street 14"}, "lines": lines} | more


async def test_the_amended_plan_keeps_places_and_says_what_it_changes(compiler: Compiler) -> None:
    running = compiler.plan(order("ann", "bob", "cat"))
    compiled = await compiler.compile(running, order("ann", "ben", requested_completion="2026-12-15T18:00:00+01:00"))
    plan = decode_plan(compiled.plan)
    assert [step.id for step in plan.steps] == [step.id for step in running.steps]
    ids = {position: step.id for position, step in enumerate(plan.steps)}
    assert [ids[position] for position in compiled.retired] == ["welcome.greet@3", "welcome.part@3"]
    assert [ids[position] for position in compiled.changed] == ["welcome.greet@2"]
    assert compiled.lines_removed == ["3"]
    assert compiled.line_values == {"2": [ChangedValue(name="attributes.who", before="bob", after="ben")]}
    assert compiled.step_values[compiled.changed[0]] == [ChangedValue(name="attributes.who", before="bob", after="ben")]
    assert compiled.order_values == [
        ChangedValue(name="requested_completion", before=None, after="2026-12-15T17:00:00Z")
    ]
    assert compiled.summary["requested_completion"] == "2026-12-15T17:00:00+00:00"


async def test_what_only_its_undo_reads_changes_no_input_but_how_the_step_is_seen(compiler: Compiler) -> None:
    running = compiler.plan(order("ann"))
    wanted = order("ann")
    wanted["lines"][0]["attributes"]["note"] = "other"
    compiled = await compiler.compile(running, wanted)
    assert compiled.changed == []
    assert [decode_plan(compiled.plan).steps[position].id for position in compiled.seen_otherwise] == [
        "welcome.greet@1"
    ]


async def test_lines_that_are_not_touched_stay_on_their_catalogue(compiler: Compiler) -> None:
    running = compiler.plan(order("ann", "bob"))
    compiler.offer("welcome", "other: {after: greet, activity: bow}")
    compiled = await compiler.compile(running, order("ann", "ben"))
    plan = decode_plan(compiled.plan)
    alive = {step.id for position, step in enumerate(plan.steps) if position not in compiled.retired}
    assert alive == {"welcome.greet@1", "welcome.part@1", "welcome.greet@2", "welcome.other@2"}
    assert plan.catalogue_version != running.catalogue_version


async def test_a_rejected_amendment_says_every_reason(compiler: Compiler) -> None:
    wanted = order("ann", "bob")
    del wanted["lines"][0]["attributes"], wanted["lines"][1]["attributes"]
    compiled = await compiler.compile(compiler.plan(order("ann")), wanted)
    assert len(compiled.findings) == 2
    assert compiled.plan == b""


async def test_an_order_without_any_line_that_it_had_is_told_apart(compiler: Compiler) -> None:
    wanted = order("ann")
    wanted["lines"][0]["id"] = "other"
    assert not (await compiler.compile(compiler.plan(order("ann")), wanted)).survives


async def test_a_mistake_of_the_compiler_rejects_the_amendment(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "amend_plan", lambda *_: 1 / 0)
    compiled = await compiler.compile(compiler.plan(order("ann")), order("ben"))
    assert [finding["code"] for finding in compiled.findings] == [INTERNAL_ERROR_CODE]


async def test_however_much_changes_the_answer_fits_into_a_payload(compiler: Compiler) -> None:
    many = 1_500
    running = compiler.plan(order(*["a" * 900] * many))
    compiled = await compiler.compile(running, order(*["b" * 900] * many))
    payloads = await pydantic_data_converter.encode([compiled])
    assert sum(len(payload.data) for payload in payloads) <= MAX_RESULT_BYTES
    assert len(compiled.changed) == many
    longest = max(len(str(value.after)) for values in compiled.step_values.values() for value in values)
    assert longest <= module.MAX_VALUE_LENGTH


async def test_an_order_whose_plan_would_be_another_one_today_is_told_of_it(compiler: Compiler) -> None:
    """The order itself is as it was, and was compiled by rules that gave one arrow less."""
    order = {
        "id": "O-1",
        "customer": {"id": "C-1"},
        "lines": [{"id": "1", "product": "welcome", "attributes": {"who": "x"}}],
    }
    today = compiler.plan(order)
    then = replace(today, steps=tuple(replace(step, after=()) for step in today.steps))
    compiled = await compiler.compile(then, order)
    part = next(position for position, step in enumerate(then.steps) if step.id == "welcome.part@1")
    assert compiled.changed == []
    assert compiled.waits == {part: ChangedWaits(now=["welcome.greet@1"])}
    assert (await compiler.compile(today, order)).waits == {}


async def test_an_amendment_may_keep_the_version_of_the_order(compiler: Compiler) -> None:
    running = compiler.plan(order("ann"))
    packed = compiler.catalogues.current.packed
    assert packed is not None
    compiler.kept[running.catalogue_version] = packed.definitions
    compiler.offer("welcome", "farewell: {after: greet, activity: wave}")
    latest = await compiler.compile(running, order("ann", "bob"))
    kept = await compiler.compile(running, order("ann", "bob"), running.catalogue_version)
    assert [step.id for step in decode_plan(latest.plan).steps if step.id.startswith("welcome.farewell")]
    plan = decode_plan(kept.plan)
    assert not [step.id for step in plan.steps if "farewell" in step.id]
    assert plan.catalogue_version == running.catalogue_version == kept.summary["catalogue_version"]
    in_force = compiler.catalogues.current.catalogue.version
    assert (
        decode_plan((await compiler.compile(running, order("ann", "bob"), in_force)).plan).catalogue_version == in_force
    )


async def test_a_version_that_is_not_kept_or_does_not_fit_rejects_the_amendment(compiler: Compiler) -> None:
    running = compiler.plan(order("ann"))
    packed = compiler.catalogues.current.packed
    assert packed is not None
    compiler.offer("welcome", "farewell: {after: greet, activity: wave}")
    missing = await compiler.compile(running, order("ann", "bob"), running.catalogue_version)
    assert [each["code"] for each in missing.findings] == [module.VERSION_UNUSABLE]
    message = missing.findings[0]["message"]
    assert message.endswith(" is not kept any more")
    assert message.removeprefix(f"catalogue version {running.catalogue_version}") in str(
        read_page(module.VERSION_UNUSABLE).fails.session
    )
    compiler.kept[running.catalogue_version] = packed.definitions
    (compiler.folder / "systems.yaml").write_text(SYSTEM.replace("greeter", "host"))
    compiler.offer("welcome")
    (compiler.folder / "welcome.yaml").write_text(OFFER.format(id="welcome", more="").replace("greeter", "host"))
    without_system = await compiler.compile(running, order("ann", "bob"), running.catalogue_version)
    assert [each["code"] for each in without_system.findings] == [module.VERSION_UNUSABLE]
    assert "cannot be used with the systems in force" in without_system.findings[0]["message"]
    assert "greeter" in without_system.findings[0]["message"]
    compiler.kept[running.catalogue_version] = b"damaged"
    damaged = await compiler.compile(running, order("ann", "bob"), running.catalogue_version)
    assert "cannot be unpacked" in damaged.findings[0]["message"]


async def test_a_changed_definition_is_told_by_its_keys(compiler: Compiler) -> None:
    running = compiler.plan(order("ann"))
    offer = OFFER.format(id="welcome", more=PART).replace(
        "post: /greetings", 'post: /hello, callback: {within: 9d}, query: {lang: "en"}'
    )
    (compiler.folder / "welcome.yaml").write_text(offer)
    compiled = await compiler.compile(running, order("bob"))
    assert compiled.step_values[compiled.changed[0]] == [
        ChangedValue(name="definition.call.post", before="/greetings", after="/hello"),
        ChangedValue(name="definition.call.callback", before=None, after='{"within": "9d"}'),
        ChangedValue(name="definition.call.query", before=None, after='{"lang": "en"}'),
        ChangedValue(name="attributes.who", before="ann", after="bob"),
    ]


async def test_the_reasons_of_the_amended_lines_are_found_by_the_amended_plan(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RECENT_LINE_REASONS, "is_wanted", True)
    compiler.offer("welcome", PART + "\ndecomposes_to: [{product: hub, when: \"attributes.who == 'ben'\"}]")
    (compiler.folder / "hub.yaml").write_text("kind: technical_product\nid: hub\nsteps: {go: {milestone: true}}\n")
    await compiler.catalogues.refresh()
    running = compiler.plan(order("ann"))
    assert running.fulfilment_lines == ()
    compiled = await compiler.compile(running, order("ben"))
    found = RECENT_LINE_REASONS.find(compiled.plan)
    assert found is not None
    assert [(each.line_id, each.values) for each in found] == [("hub@1", {"attributes.who": "ben"})]


async def test_an_order_is_not_moved_to_another_customer(compiler: Compiler) -> None:
    running = compiler.plan(order("Ann"))
    compiled = await compiler.compile(running, order("Ann", customer={"id": "C-2", "name": "Elm Street 14"}))
    (finding,) = compiled.findings
    assert finding["code"] == CUSTOMER_CHANGED
    assert "customer C-1, and the amendment names C-2: cancel it" in finding["message"]
    assert not compiled.plan


async def test_what_is_told_of_the_customer_may_change(compiler: Compiler) -> None:
    running = compiler.plan(order("Ann"))
    compiled = await compiler.compile(running, order("Ann", customer={"id": "C-1", "name": "Oak Road 3"}))
    assert not compiled.findings
    assert [(each.name, each.after) for each in compiled.order_values] == [("customer.name", "Oak Road 3")]
