"""Computes named values (`let`) of lines. They are stored in the plan and never computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from compiler.catalogue.catalogue import NamedValue, Workstream
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.let_name import LET
from compiler.decomposition.compile_context import CompileContext
from compiler.decomposition.line_graph import LineNode
from compiler.language.steps import ACTIONS_NEEDING_ATTRIBUTES


def compute_product_lets(node: LineNode, context: CompileContext) -> None:
    """Gives the line the named values of its product. A failure is a finding, and makes the line invalid.

    On a delete or no_change line, where required attributes may be missing, a value that needs one is missing.
    """
    if node.product.let and not node.is_invalid:
        owner = f"product `{node.product.id}`"
        node.replace_line(replace(node.line, let=_compute(node.product.let, node, owner, context)))


def compute_workstream_lets(node: LineNode, workstream: Workstream, context: CompileContext) -> None:
    """Gives the line the named values of a workstream that serves it. Like `compute_product_lets`."""
    if workstream.let:
        values = _compute(workstream.let, node, f"workstream `{workstream.id}`", context)
        computed = {**node.line.workstream_lets, workstream.id: values}
        node.line = replace(node.line, workstream_lets=computed)


def previous_lets(lets: Sequence[NamedValue], bindings: Mapping[str, Any]) -> dict[str, Any]:
    """The named values of a line's previous state, which `bindings` has. What has no value is left out."""
    values: dict[str, Any] = {}
    for let in lets:
        try:
            values[let.name] = evaluate(let.expression, {**bindings, LET: values})
        except EvaluationError:
            continue
    return values


def _compute(lets: Sequence[NamedValue], node: LineNode, owner: str, context: CompileContext) -> dict[str, Any]:
    bindings = context.bindings(node)
    known: dict[str, Any] = dict(bindings.get(LET, {}))
    own: dict[str, Any] = {}
    for let in lets:
        known.pop(let.name, None)
        try:
            known[let.name] = own[let.name] = evaluate(let.expression, {**bindings, LET: known})
        except EvaluationError as error:
            if not (error.is_missing_value and node.line.action not in ACTIONS_NEEDING_ATTRIBUTES):
                context.report_failure(node, f"`let.{let.name}` of {owner}", let.location, error)
                node.is_invalid = True
    return own
