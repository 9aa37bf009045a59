"""The definitions of steps as plans store them, with the retry policies and timeouts that the catalogue decides."""

from __future__ import annotations

from datetime import timedelta
from weakref import WeakKeyDictionary

from compiler.catalogue.catalogue import Catalogue, Step
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.language.durations import parse_duration
from compiler.language.retry_policy import RetryPolicy, RetryPolicyOrId
from compiler.language.steps import StepDefinition
from compiler.plan.plan import PlannedDefinition

DEFAULT_TIMEOUT = timedelta(seconds=30)

_cache: WeakKeyDictionary[CatalogueIndex, dict[tuple[str, str, bool], PlannedDefinition]] = WeakKeyDictionary()


def planned_definition(index: CatalogueIndex, step: Step, serves_order_lines: bool) -> PlannedDefinition:
    """The definition, which is the same object in all plans of one catalogue."""
    definitions = _cache.setdefault(index, {})
    key = (step.workstream, step.id, serves_order_lines)
    if key not in definitions:
        definitions[key] = _build_definition(index.catalogue, step, serves_order_lines)
    return definitions[key]


def _build_definition(catalogue: Catalogue, step: Step, serves_order_lines: bool) -> PlannedDefinition:
    definition, undo = step.definition, step.definition.undo
    system = definition.call.system if definition.call else None
    undo_system = undo.call.system if undo and undo.call else None
    return PlannedDefinition(
        workstream=step.workstream,
        workstream_name=catalogue.workstreams[step.workstream].name,
        step=step.id,
        name=step.name,
        definition=_inline_retry_policies(catalogue, definition),
        serves_order_lines=serves_order_lines,
        per=step.per,
        retry=_resolve_retry(catalogue, definition.retry, system),
        undo_retry=_resolve_retry(catalogue, undo.retry if undo else None, undo_system),
        timeout=_resolve_timeout_seconds(catalogue, definition.timeout, system),
        undo_timeout=_resolve_timeout_seconds(catalogue, undo.timeout if undo else None, undo_system),
        reads=step.reads,
        expression_locations={text: str(location) for text, location in sorted(step.expression_locations.items())},
        decimal_quantity=any(
            catalogue.products[product].decimal_quantity
            for product in catalogue.workstreams[step.workstream].for_products
        ),
    )


def _inline_retry_policies(catalogue: Catalogue, definition: StepDefinition) -> StepDefinition:
    """Replaces ids of policies in `on_failure` by the policies, because an order keeps the policies that it started
    with."""
    if not any(isinstance(case.retry, str) for case in definition.on_failure):
        return definition
    cases = [
        case.model_copy(update={"retry": catalogue.retry_policies[case.retry]}) if isinstance(case.retry, str) else case
        for case in definition.on_failure
    ]
    return definition.model_copy(update={"on_failure": cases})


def _resolve_retry(catalogue: Catalogue, own_retry: RetryPolicyOrId | None, system: str | None) -> RetryPolicy:
    """The step's own policy, else its system's, else `standard`."""
    choice = own_retry
    if choice is None and system is not None and system in catalogue.systems:
        choice = catalogue.systems[system].retry
    if choice is None:
        choice = "standard"
    return catalogue.retry_policies[choice] if isinstance(choice, str) else choice


def _resolve_timeout_seconds(catalogue: Catalogue, own_timeout: timedelta | str | None, system: str | None) -> float:
    """The step's own timeout, else its system's, else the default. A template has no value yet and is skipped."""
    choices = [own_timeout]
    if system is not None and system in catalogue.systems:
        choices.append(catalogue.systems[system].timeout)
    for choice in choices:
        if isinstance(choice, timedelta):
            return choice.total_seconds()
        if isinstance(choice, str) and "${" not in choice:
            return parse_duration(choice).total_seconds()
    return DEFAULT_TIMEOUT.total_seconds()
