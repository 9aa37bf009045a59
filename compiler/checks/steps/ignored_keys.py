"""Checks for keys of a step that its kind does not use, and for entries of `on_failure` that are never used."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.language.steps import CrossOrderReference, FailureRule, StepDefinition, StepKind
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean

_WITH_ATTEMPTS = frozenset({StepKind.CALL, StepKind.ACTIVITY})
_WITHOUT_RESULT = frozenset({StepKind.WAIT, StepKind.MILESTONE})
DEFECT_CODES = frozenset({"definition_error", "internal_error"})
RELIED_ON_FAILED = "relied_on_failed"
OTHER_ORDER_CODES = frozenset({"other_step_undone", "no_such_step", "other_order_ended", "no_such_order"})


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for group in index.step_groups.values():
        yield from group.entry.cached_findings("ignored keys", None, partial(_check_group, group))


def _check_group(group: StepGroup) -> Iterator[Finding]:
    for step, definition in group.steps.items():
        for path, message in _ignored_keys(definition):
            path = ("steps", step, *path)
            yield group.entry.finding("key-ignored", path, message, key=True, severity="warning")
        yield from _check_failure_rules(group, step, definition)


def _ignored_keys(definition: StepDefinition) -> Iterator[tuple[KeyPath, str]]:
    kind = definition.kind
    this = f"this is {_named(kind)}"
    if kind not in _WITH_ATTEMPTS and definition.timeout is not None:
        hint = _limit_hint(definition)
        yield ("timeout",), f"`timeout` limits an attempt of a call or an activity, and {this}: {hint}"
    if kind not in _WITH_ATTEMPTS and definition.retry is not None:
        yield ("retry",), f"`retry` repeats a call or an activity, and {this}: omit it"
    if kind in _WITHOUT_RESULT and definition.fail_when:
        yield ("fail_when",), f"`fail_when` judges a result, and {this}, which has none: omit it"
    if kind in _WITHOUT_RESULT and definition.output is not None:
        yield ("output",), f"`output` selects from a result, and {this}, which has none: omit it"
    undo = definition.undo
    if undo is not None and undo.manual is not None:
        for key in ("timeout", "retry"):
            if getattr(undo, key) is not None:
                yield ("undo", key), f"`{key}` is for a call or an activity, and a person does this undo: omit it"


def _named(kind: StepKind) -> str:
    return f"{'an' if kind is StepKind.EVENT else 'a'} `{kind.value}` step"


def _limit_hint(definition: StepDefinition) -> str:
    if definition.event is not None or (definition.wait is not None and definition.wait.condition is not None):
        return "write `within`"
    return "to be warned write `sla`" if definition.manual is not None else "omit it"


def _check_failure_rules(group: StepGroup, step: str, definition: StepDefinition) -> Iterator[Finding]:
    possible = _possible_codes(definition)
    reported: set[int] = set()
    for position, rule in enumerate(definition.on_failure):
        path: KeyPath = ("steps", step, "on_failure", position)
        covered_by = next((at for at in range(position) if _covers(definition.on_failure[at], rule)), None)
        if covered_by in reported:
            continue  # the same entry is in the wrong place
        if covered_by is not None:
            reported.add(covered_by)
            covering = definition.on_failure[covered_by]
            earlier = f"the one for `{covering.code}`" if covering.code else "the one without `code`"
            message = f"this entry is never used: {earlier} before it is used for every such failure"
        elif possible is not None and rule.code is not None and rule.code not in possible:
            path = (*path, "code")
            kinds = _named(definition.kind)
            message = f"{kinds} never fails with `{rule.code}`{_code_hint(definition, rule.code, possible)}"
        else:
            continue
        yield group.entry.finding("failure-rule-never", path, message, severity="warning")


def _covers(earlier: FailureRule, later: FailureRule) -> bool:
    """Whether the earlier entry is used for each failure that the later one is for."""
    if earlier.redo_from is not None:
        return False  # its rounds may be used up
    if earlier.code is not None:
        return earlier.code == later.code
    if earlier.do == "fallout":
        return True
    return later.code not in DEFECT_CODES and not (later.code is None and later.do == "fallout")


def _possible_codes(definition: StepDefinition) -> frozenset[str] | None:
    """The codes that a failure of the step can have; None if it can have any."""
    if definition.kind in _WITH_ATTEMPTS:
        return None
    own = [] if definition.kind in _WITHOUT_RESULT else [one.code for one in definition.fail_when]
    if any("${" in code for code in own):
        return None
    other_orders = [one for one in definition.after if isinstance(one, CrossOrderReference)]
    codes = DEFECT_CODES | {RELIED_ON_FAILED} | frozenset(own)
    if other_orders:
        codes |= OTHER_ORDER_CODES
    limits = [one.within for one in (definition.event, definition.wait, *other_orders) if one is not None]
    return codes | {"timeout"} if any(limit is not None for limit in limits) else codes


def _code_hint(definition: StepDefinition, code: str, possible: frozenset[str]) -> str:
    if code == "timeout":
        return f": {_limit_hint(definition)}" if definition.kind is not StepKind.MANUAL else ": omit it"
    return did_you_mean(code, possible) or "; its codes are those of its `fail_when`"
