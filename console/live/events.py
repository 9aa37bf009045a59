"""The events of a stream, as bytes of `text/event-stream`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.sse import format_sse_event
from pydantic import BaseModel

from console.live.journal import Mark


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def change_event(
    topic: str, mark: Mark, head: BaseModel | None, items: Mapping[str, str], gone: Sequence[str]
) -> bytes:
    """`items`: each as JSON."""
    parts = [f'"topic":{_json(topic)}', f'"id":"{mark}"']
    if head is not None:
        parts.append(f'"head":{as_json(head)}')
    if items:
        parts.append(f'"items":[{",".join(items.values())}]')
    if gone:
        parts.append(f'"gone":{_json(list(gone))}')
    return format_sse_event(event="change", data_str="{" + ",".join(parts) + "}", id=str(mark))


def as_json(value: BaseModel) -> str:
    """Without what is null: an absent field is null."""
    return value.model_dump_json(exclude_none=True)


def gap_event(topic: str) -> bytes:
    """It has no id: until later events arrive, a browser that comes back learns of the gap again."""
    return format_sse_event(event="change", data_str=_json({"topic": topic, "gap": True}))


def state_event(topic: str, problem: str | None, since: str | None) -> bytes:
    """Whether the topic is followed. `problem`: why it is not, since when. It is not replayed, so it has no id."""
    data = {"topic": topic} | ({"problem": problem, "since": since} if problem is not None else {})
    return format_sse_event(event="state", data_str=_json(data))


def ready_event(mark: Mark) -> bytes:
    """Comes once, behind what the browser had missed."""
    return format_sse_event(event="ready", data_str="{}", id=str(mark))


def end_event(reason: str) -> bytes:
    """The last event, if the console ends the stream: `signed_out` or `stopping`."""
    return format_sse_event(event="end", data_str=_json({"reason": reason}))


ALIVE = format_sse_event(event="alive", data_str="{}")
"""So that both ends notice a connection that is dead. A comment would not reach scripts."""
