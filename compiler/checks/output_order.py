"""A step reads outputs of steps that come before it; anything else could not be known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from compiler.catalogue.definition_index import StepKey, Survey
from compiler.checks.cycles import dependency_arrows
from compiler.language.documents import TechnicalProductDocument
from compiler.source.findings import Finding, finding_at
from compiler.typecheck.type_checker import outputs_read


def check(survey: Survey) -> Iterator[Finding]:
    order = _Order(survey)
    for step, standings in survey.standings.items():
        for standing in standings:
            outputs = outputs_read(standing.expression)
            if not outputs or standing.path[-2:] == ("wait", "condition"):
                continue
            for (_, other, read, many), offset in outputs:
                key = (other or step[0], read)
                at = standing.offset + offset
                if read not in survey.step_names.get(key[0], ()):
                    continue
                if not order.is_before(key, step):
                    if not order.is_tangled(step):
                        yield _not_before(survey, step, key, standing.path, at)
                elif not many and may_be_several(survey, step, key):
                    yield _several(survey, step, key, standing.path, at)


_NEAR = 32
"""Steps that are looked at on the way back before every arrow of the catalogue is gathered."""


class _Order:
    """Which step comes before which, by every arrow that any plan may have."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._later: dict[StepKey, set[StepKey]] = {}

    @cached_property
    def _following(self) -> dict[StepKey, list[StepKey]]:
        found: dict[StepKey, list[StepKey]] = {}
        for step, before in _all_arrows(self._survey).items():
            for one in before:
                found.setdefault(one, []).append(step)
        return found

    def is_tangled(self, step: StepKey) -> bool:
        """Whether what comes before `step` is not sure: a reference is unknown, or a step waits for itself."""
        found: set[StepKey] = set()
        waiting = [step]
        while waiting:
            one = waiting.pop()
            before = self._survey.predecessors[one]
            if step in before or one in self._survey.loose_ends:
                return True
            if one not in found:
                found.add(one)
                waiting += before
        return False

    def is_before(self, earlier: StepKey, step: StepKey) -> bool:
        near, looked = [step], 0
        while near and looked < _NEAR:
            before = self._survey.predecessors[near.pop()]
            if earlier in before and earlier != step:
                return True
            near += before
            looked += 1
        if earlier not in self._later:
            found: set[StepKey] = set()
            waiting = list(self._following.get(earlier, ()))
            while waiting:
                one = waiting.pop()
                if one not in found:
                    found.add(one)
                    waiting += self._following.get(one, ())
            self._later[earlier] = found
        return step in self._later[earlier]


def _not_before(survey: Survey, step: StepKey, read: StepKey, path: tuple[str | int, ...], offset: int) -> Finding:
    place = survey.groups[step[0]].entry.document.place_in(path, offset)
    name = read[1] if read[0] == step[0] else f"{read[0]}.{read[1]}"
    if read == step:
        return finding_at(place, "output-not-before", "a step cannot read its own output: it is not there yet")
    message = f"`{name}` does not come before `{step[1]}`, so its output is not known: add `after: [{name}]`"
    return finding_at(place, "output-not-before", message)


def _several(survey: Survey, step: StepKey, read: StepKey, path: tuple[str | int, ...], offset: int) -> Finding:
    place = survey.groups[step[0]].entry.document.place_in(path, offset)
    whole = ".".join(read)
    message = f"there may be several of `{whole}` here: write `workstreams.{whole}.outputs`, which is a list"
    return finding_at(place, "output-several", message)


def may_be_several(survey: Survey, reader: StepKey, read: StepKey) -> bool:
    """Whether one instance of `reader` may have several of `read` before it: only what is as wide or wider is one."""
    mine, its = (survey.groups[workstream].per_of(step) for workstream, step in (reader, read))
    if its == "order" or mine == its != "line":
        return False
    if its != "line":
        return mine != "line"
    return mine != "line" or _is_finer(survey, survey.groups[reader[0]].products, survey.groups[read[0]].products)


def _is_finer(survey: Survey, mine: tuple[str, ...], its: tuple[str, ...]) -> bool:
    """Whether lines of the products `its` are made by the unit or by the element, and mine do not stand at or below."""
    for product in its:
        document = survey.definitions.products[product].model
        counted = isinstance(document, TechnicalProductDocument) and document.per == "unit"
        listed = any(rule.for_each for _, rule in survey.sources.get(product, ()))
        if (counted or listed) and not survey.reach(product).intersection(mine):
            return True
    return False


def _all_arrows(survey: Survey) -> dict[StepKey, list[StepKey]]:
    """Every arrow that any plan may have: steps' own and those of offers."""
    arrows = {step: list(before) for step, before in survey.predecessors.items()}
    for product in survey.definitions.products:
        for step, before in dependency_arrows(survey, product).items():
            arrows[step] += before
    return arrows
