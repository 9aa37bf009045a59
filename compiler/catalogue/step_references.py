"""What the references between steps mean: `step`, `workstream.step`, or `workstream` for its last steps."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.language.steps import StepDefinition, StepKey, StepReference


class StepReferences:
    """Resolves references between the steps of these workstreams, and remembers the answers."""

    def __init__(self, workstreams: Mapping[str, Mapping[str, StepDefinition]]) -> None:
        self._workstreams = workstreams
        self._resolved: dict[StepKey, tuple[StepKey, ...] | None] = {}
        self._last_steps: dict[str, tuple[StepKey, ...]] = {}

    def resolve(self, reference: str, workstream: str) -> tuple[StepKey, ...] | None:
        """The steps that a reference written in `workstream` means; None if there is no such step or workstream."""
        key = (reference, workstream)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(reference, workstream)
        return self._resolved[key]

    def _resolve(self, reference: str, workstream: str) -> tuple[StepKey, ...] | None:
        name, dot, step = reference.partition(".")
        if not dot and name in self._workstreams.get(workstream, ()):
            return ((workstream, name),)
        steps = self._workstreams.get(name)
        if steps is None:
            return None
        if not dot:
            return self.last_steps(name)
        return ((name, step),) if step in steps else None

    def last_steps(self, workstream: str) -> tuple[StepKey, ...]:
        """The steps that no other step of the workstream names in `after`."""
        found = self._last_steps.get(workstream)
        if found is None:
            steps, prefix = self._workstreams[workstream], f"{workstream}."
            named = {
                reference.step.removeprefix(prefix)
                for name, step in steps.items()
                for reference in step.after
                if isinstance(reference, StepReference) and reference.step.removeprefix(prefix) != name
            }
            found = self._last_steps[workstream] = tuple((workstream, name) for name in steps if name not in named)
        return found
