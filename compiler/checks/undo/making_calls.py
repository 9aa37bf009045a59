"""Which calls make something in the system that they call."""

from __future__ import annotations

from compiler.language.steps import StepDefinition

_MAKING_METHODS = frozenset({"post", "put"})


def makes_by_call(step: StepDefinition) -> bool:
    return step.call is not None and step.call.method in _MAKING_METHODS
