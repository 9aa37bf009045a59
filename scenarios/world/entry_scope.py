"""What the `${…}` of an event's key and payload, and of a callback, see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def entry_scope(order: Mapping[str, Any], outputs: Mapping[str, Any], step: str | None) -> dict[str, Any]:
    """`order` as expressions see it. `outputs`: id of each step that has one → its output. `step`: the id of the step
    that the entry is about; `steps` has the steps of its workstream for its line."""
    names: dict[str, Any] = {"order": dict(order)}
    if step is None:
        return names
    short, _, line = step.partition("@")
    workstream = short.partition(".")[0]
    names["steps"] = {
        id_.partition("@")[0].partition(".")[2]: {"output": output}
        for id_, output in outputs.items()
        if id_.partition(".")[0] == workstream and id_.partition("@")[2] == line
    }
    return names
