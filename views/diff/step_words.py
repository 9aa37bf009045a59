"""What a step does, and its terms, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compiler.language.http_words import HTTP_METHODS
from compiler.language.steps import STEP_KINDS, LineAction
from views.diff.values import value_text

Quote = Callable[[str], str]
"""Marks a name, a value or an expression: backticks in Markdown and in a terminal."""

Tree = Mapping[str, Any]
"""A step of a definition as plain data, keyed as it is written; `after` and `actions` are objects."""

_PER_WORDS = {"line": "", "bundle": "once for each top-level line", "order": "once for the order"}


def quoted_value(written: Any, quote: Quote) -> str:
    return quote(value_text(written))


def step_work(step: Tree, quote: Quote) -> str:
    """`POST /shipments of logistics`, `a task in warehouse`, `waits for the event delivered, at most 5d`."""
    kind = next((key for key in STEP_KINDS if key in step), "")
    describe = _WORK.get(kind)
    return describe(step[kind], quote) if describe else f"{kind} {quoted_value(step.get(kind), quote)}"


def _call(call: Tree, quote: Quote) -> str:
    method = next(key for key in HTTP_METHODS if key in call)
    work = f"{method.upper()} {quote(str(call[method]))} of {quote(str(call['system']))}"
    if "callback" in call:
        return f"{work}, which calls back{_within(call['callback'], quote)}"
    return f"{work}, then asks until it is done{_within(call['poll'], quote)}" if "poll" in call else work


def _event(event: Tree, quote: Quote) -> str:
    return f"waits for the event {' or '.join(map(quote, event['name']))}{_within(event, quote)}"


def _wait(wait: Tree, quote: Quote) -> str:
    if "for" in wait:
        return f"waits for {quoted_value(wait['for'], quote)}"
    if "until" in wait:
        return f"waits until {quoted_value(wait['until'], quote)}"
    return f"waits until {quoted_value(wait.get('condition'), quote)} holds{_within(wait, quote)}"


def _within(limited: Tree, quote: Quote) -> str:
    return f", at most {quoted_value(limited['within'], quote)}" if "within" in limited else ""


_WORK: Mapping[str, Callable[[Any, Quote], str]] = {
    "milestone": lambda _milestone, _quote: "a milestone",
    "call": _call,
    "manual": lambda manual, quote: f"a task in {quote(str(manual['queue']))}",
    "event": _event,
    "wait": _wait,
}


def step_terms(step: Tree, quote: Quote) -> Iterator[str]:
    """When it applies and starts, how long it may take, and whether it can be undone."""
    if "when" in step:
        yield f"if {quoted_value(step['when'], quote)}"
    if LineAction.ADD not in (actions := step.get("actions", {LineAction.ADD: LineAction.ADD})):
        yield f"for {' and '.join(quote(str(one)) for one in actions)} lines"
    per = step.get("per", "line")
    if words := _PER_WORDS.get(per, f"once for each of {quoted_value(per, quote)}"):
        yield words
    start = step.get("start", {})
    if "delay" in start:
        yield f"starts {quoted_value(start['delay'], quote)} later"
    if "at" in start:
        yield f"not before {quoted_value(start['at'], quote)}"
    if "latest" in start:
        yield "as late as the requested completion allows"
    if "expected" in step:
        yield f"usually {quoted_value(step['expected'], quote)}"
    if "sla" in step:
        yield f"late after {quoted_value(step['sla']['duration'], quote)}"
    if "undo" in step:
        yield "can be undone"
    if step.get("point_of_no_return"):
        yield "point of no return"
