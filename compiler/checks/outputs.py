"""A step reads outputs of steps that come before it; anything else could not be known."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.checks.cycles import dependency_arrows
from compiler.expressions import outputs_read
from compiler.findings import Finding, finding_at
from compiler.survey import StepKey, Survey


def check(survey: Survey) -> Iterator[Finding]:
    arrows: dict[StepKey, list[StepKey]] | None = None
    for (workstream, step), standings in survey.standings.items():
        before: set[StepKey] | None = None
        for standing in standings:
            outputs = outputs_read(standing.expression)
            if not outputs or standing.path[-2:] == ("wait", "condition"):
                continue
            for (_, other, read, _), offset in outputs:
                key = (other or workstream, read)
                if read not in survey.step_names.get(key[0], ()):
                    continue
                if arrows is None:
                    arrows = _all_arrows(survey)
                if before is None:
                    before = _before((workstream, step), arrows)
                if key not in before:
                    yield _not_before(survey, (workstream, step), key, standing.path, standing.offset + offset)


def _not_before(survey: Survey, step: StepKey, read: StepKey, path: tuple[str | int, ...], offset: int) -> Finding:
    place = survey.groups[step[0]].entry.document.place_in(path, offset)
    name = read[1] if read[0] == step[0] else f"{read[0]}.{read[1]}"
    if read == step:
        return finding_at(place, "output-not-before", "a step cannot read its own output: it is not there yet")
    message = f"`{name}` does not come before `{step[1]}`, so its output is not known: add `after: [{name}]`"
    return finding_at(place, "output-not-before", message)


def _all_arrows(survey: Survey) -> dict[StepKey, list[StepKey]]:
    """Every arrow that any plan may have: steps' own and those of offers."""
    arrows = {step: list(before) for step, before in survey.predecessors.items()}
    for product in survey.definitions.products:
        for step, before in dependency_arrows(survey, product).items():
            arrows[step] += before
    return arrows


def _before(step: StepKey, arrows: dict[StepKey, list[StepKey]]) -> set[StepKey]:
    found: set[StepKey] = set()
    waiting = list(arrows[step])
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += arrows[one]
    return found
