"""Small catalogues written inside a test, and plans of small orders with access by id."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.load_catalogue import load_catalogue
from compiler.plan.plan import Plan, PlannedLine, PlannedStep
from compiler.source.findings import Finding, OrderRejected


@dataclass(frozen=True)
class Sketch:
    """A plan whose lines and steps are found by id."""

    plan: Plan

    @property
    def order_lines(self) -> dict[str, PlannedLine]:
        return {line.id: line for line in self.plan.order_lines}

    @property
    def lines(self) -> dict[str, PlannedLine]:
        return {line.id: line for line in self.plan.fulfilment_lines}

    @property
    def steps(self) -> dict[str, PlannedStep]:
        return {step.id: step for step in self.plan.steps}

    @property
    def after(self) -> dict[str, set[str]]:
        return {step.id: {self.plan.steps[at].id for at in step.after} for step in self.plan.steps}

    def serves(self, step: str) -> list[str]:
        return [line.id for line in self.plan.step_lines(self.steps[step])]

    def reads(self, step: str) -> list[list[str]]:
        return [[self.plan.steps[at].id for at in read] for read in self.steps[step].reads]


Planner = Callable[..., Sketch]


def catalogue_of(folder: Path, text: str) -> Catalogue:
    """Loads a catalogue from YAML documents separated by `---`."""
    folder.mkdir(exist_ok=True)
    (folder / "catalogue.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    return load_catalogue(folder)


def line(id_: str, product: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "product": product, **more}


def order_of(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "O-1", "customer": {"id": "C-1"}, "lines": list(lines), **more}


def sketch(catalogue: Catalogue, *lines: dict[str, Any], **more: Any) -> Sketch:
    return Sketch(compile_order(order_of(*lines, **more), catalogue))


def rejected(catalogue: Catalogue, *lines: dict[str, Any], **more: Any) -> list[Finding]:
    """The findings that reject the order; fails if it is accepted."""
    try:
        compile_order(order_of(*lines, **more), catalogue)
    except OrderRejected as error:
        return list(error.findings)
    raise AssertionError("the order was accepted")


def only(findings: list[Finding], code: str) -> str:
    """The message of the only finding, which has this code."""
    assert [finding.code for finding in findings] == [code], "\n".join(map(str, findings))
    return findings[0].message
