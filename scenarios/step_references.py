"""References of a scenario to steps: `workstream.step` for each instance, or the id of one."""

from __future__ import annotations

from collections.abc import Iterable


def names_step(reference: str, step_id: str) -> bool:
    return reference == step_id or ("@" not in reference and step_id.partition("@")[0] == reference)


def instances(reference: str, step_ids: Iterable[str]) -> list[str]:
    return [step_id for step_id in step_ids if names_step(reference, step_id)]


def choose_instance(reference: str, step_ids: Iterable[str], near: str | None = None) -> tuple[str | None, list[str]]:
    """The one instance that is meant, and all that may be. `near`: the instance of another step; of several, the one of
    the same line is meant."""
    found = instances(reference, step_ids)
    if len(found) > 1 and near is not None:
        line = near.partition("@")[2]
        same = [step_id for step_id in found if step_id.partition("@")[2] == line]
        found = same or found
    return (found[0] if len(found) == 1 else None), found
