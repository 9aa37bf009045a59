"""COMPILE_ORDER: the worker's catalogue decides, and its word is a plan or every reason against one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import ActivityEnvironment

from activities.compilation import compile_order as module
from activities.compilation.compile_order import MAX_FINDINGS, PLAN_TOO_LARGE, OrderCompiler
from activities.compilation.live_catalogue import LiveCatalogue
from activity_contract.compilation import INTERNAL_ERROR_CODE, CompiledOrder, CompileOrderInput
from activity_contract.line_reasons import RECENT_LINE_REASONS
from compiler.compile_order import compile_order
from compiler.finding_pages.finding_page import read_page
from compiler.plan.codec import decode_plan

OFFER = """
kind: commercial_product
id: {id}
attributes:
  who: {{type: string, required: true}}
steps:
  greet: {{call: {{system: greeter, post: /greetings, body: {{to: "${{attributes.who}}"}}{more}}}}}
"""
SYSTEM = "kind: system\nid: greeter\nbase_url: http://greeter.example\n"


class Compiler:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "systems.yaml").write_text(SYSTEM)
        self.offer("welcome")
        self.catalogues = LiveCatalogue(folder)
        self._compiler = OrderCompiler(self.catalogues)

    def offer(self, id_: str, more: str = "") -> None:
        (self.folder / f"{id_}.yaml").write_text(OFFER.format(id=id_, more=more))

    async def compile(self, **order: Any) -> CompiledOrder:
        compiled: CompiledOrder = await ActivityEnvironment().run(
            self._compiler.compile_order, CompileOrderInput(order=order)
        )
        return compiled


@pytest.fixture
def compiler(tmp_path: Path) -> Compiler:
    return Compiler(tmp_path)


def order(*products: str, **more: Any) -> dict[str, Any]:
    lines = [{"id": str(n), "product": product, "attributes": {"who": "x"}} for n, product in enumerate(products, 1)]
    return {"id": "A-1", "customer": {"id": "C-1", "name": "Elm Street 14"}, "lines": lines} | more


async def test_an_order_becomes_its_plan_with_a_summary(compiler: Compiler) -> None:
    wanted = order("welcome", "welcome", requested_completion="2026-12-15T18:00:00+01:00")
    compiled = await compiler.compile(**wanted)
    assert compiled.findings == []
    assert decode_plan(compiled.plan) == compile_order(wanted, compiler.catalogues.current.catalogue)
    assert compiled.summary == {
        "customer_id": "C-1",
        "products": ["welcome"],
        "catalogue_version": compiler.catalogues.current.catalogue.version,
        "requested_completion": "2026-12-15T17:00:00+00:00",
        "order_lines": 2,
        "lines": 0,
        "steps": 2,
    }


async def test_a_rejected_order_says_why_and_what_is_known_of_it(compiler: Compiler) -> None:
    wanted = order("welcome", "welcom")
    del wanted["lines"][0]["attributes"]
    compiled = await compiler.compile(**wanted)
    assert compiled.plan == b""
    assert len(compiled.findings) == 2
    assert any("welcom" in finding["message"] for finding in compiled.findings)
    assert compiled.summary["customer_id"] == "C-1"
    assert compiled.summary["products"] == ["welcome"]


@pytest.mark.parametrize(
    "order",
    [{}, {"id": None, "lines": 7}, {"lines": [1, None, []]}, {"id": "A", "customer": "x", "lines": {}}],
    ids=repr,
)
async def test_whatever_comes_as_an_order_is_rejected_and_never_fails(
    compiler: Compiler, order: dict[str, Any]
) -> None:
    compiled = await compiler.compile(**order)
    assert compiled.findings
    assert compiled.plan == b""


async def test_an_edited_catalogue_is_used_by_the_very_next_order(compiler: Compiler) -> None:
    assert (await compiler.compile(**order("goodbye"))).findings
    compiler.offer("goodbye")
    assert (await compiler.compile(**order("goodbye"))).findings == []


async def test_an_order_asked_for_again_is_not_compiled_again(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await compiler.compile(**order("welcome"))
    monkeypatch.setattr(module, "compile_with_warnings", None)
    assert await compiler.compile(**order("welcome")) is first


async def test_a_mistake_of_the_compiler_rejects_the_order_and_is_logged(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "compile_with_warnings", lambda *_, **__: 1 / 0)
    with capture_logs() as said:
        compiled = await compiler.compile(**order("welcome"))
    (finding,) = compiled.findings
    assert finding["code"] == INTERNAL_ERROR_CODE
    page = str(read_page(INTERNAL_ERROR_CODE).fails.session)
    assert finding["message"].replace("ZeroDivisionError", "KeyError") in page
    assert said[0]["order_id"] == "A-1"


async def test_a_plan_that_temporal_cannot_carry_is_a_finding(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PLAN_BYTES", 10)
    compiled = await compiler.compile(**order("welcome"))
    (finding,) = compiled.findings
    assert finding["code"] == PLAN_TOO_LARGE
    assert finding["message"] in str(read_page(PLAN_TOO_LARGE).fails.session)


async def test_ten_thousand_mistakes_fit_into_one_answer(compiler: Compiler) -> None:
    compiled = await compiler.compile(**order(*["unknown" * 10] * 10_000))
    assert len(compiled.findings) == MAX_FINDINGS + 1
    assert "more" in compiled.findings[-1]["message"]
    assert len(pydantic_data_converter.payload_converter.to_payloads([compiled])[0].data) < 500_000


PACKAGE = """
kind: commercial_product
id: package
attributes: {who: {type: string, required: true}}
decomposes_to: [{product: hub, when: "attributes.who == 'x'"}]
---
kind: technical_product
id: hub
steps: {go: {milestone: true}}
"""


@pytest.fixture
def reasons_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RECENT_LINE_REASONS, "is_wanted", True)


@pytest.mark.usefixtures("reasons_wanted")
async def test_the_reasons_of_lines_are_found_by_the_plan(compiler: Compiler) -> None:
    (compiler.folder / "package.yaml").write_text(PACKAGE)
    compiled = await compiler.compile(**order("package"))
    found = RECENT_LINE_REASONS.find(compiled.plan)
    assert found is not None
    assert [(each.line_id, each.why, each.values) for each in found] == [
        ("hub@1", "`attributes.who == 'x'` holds", {"attributes.who": "x"})
    ]
    assert (await compiler.compile(**order("package"))).plan == compiled.plan
    assert RECENT_LINE_REASONS.find(compiled.plan) == found, "also of a plan that was cached"


async def test_no_reasons_are_computed_if_nobody_reads_them(compiler: Compiler) -> None:
    (compiler.folder / "package.yaml").write_text(PACKAGE)
    compiled = await compiler.compile(**order("package", id="A-2"))
    assert compiled.plan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RECENT_LINE_REASONS, "is_wanted", True)
        assert RECENT_LINE_REASONS.find(compiled.plan) is None
