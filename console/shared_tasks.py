"""Work that takes long is done once for all who ask for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

ResultT = TypeVar("ResultT")


class SharedTasks(Generic[ResultT]):
    """A task for each key: while it is under way, and for `kept_seconds` after it has succeeded."""

    def __init__(self, work: Callable[[str], Coroutine[Any, Any, ResultT]], kept_seconds: float = 0.0) -> None:
        self._work = work
        self._kept_seconds = kept_seconds
        self._tasks: dict[str, asyncio.Task[ResultT]] = {}

    async def result(self, key: str) -> ResultT:
        """Raises what the work raises."""
        return await asyncio.shield(self.begin(key))

    def begin(self, key: str) -> asyncio.Task[ResultT]:
        """Not to be cancelled: others may wait for it."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._work(key))
            task.add_done_callback(lambda done: self._forget(key, done))
        return task

    def _forget(self, key: str, task: asyncio.Task[ResultT]) -> None:
        if task.cancelled() or task.exception() or not self._kept_seconds:
            del self._tasks[key]
        else:
            asyncio.get_running_loop().call_later(self._kept_seconds, self._tasks.pop, key, None)
