"""The events that a scenario's order tells on the server: all of them are recorded, some are wanted."""

from __future__ import annotations

from activities.compilation.compile_order import notification_filter
from activity_contract.notifications import NotificationBatch, NotificationEvent
from compiler.catalogue.catalogue import Catalogue
from compiler.language.event_types import matches_any


class ToldEvents:
    def __init__(self, catalogue: Catalogue) -> None:
        wanted = notification_filter(catalogue)
        self._wanted = [] if wanted is None else wanted.events
        self._seen: set[str] = set()

    def take_new(self, batch: NotificationBatch) -> NotificationBatch:
        """Each event once: a workflow task that the server does not take is replayed and done again."""
        new = [event for event in batch.events if event.id not in self._seen]
        self._seen |= {event.id for event in new}
        return batch.model_copy(update={"events": new})

    def is_wanted(self, event: NotificationEvent) -> bool:
        """Whether receivers want events of this type."""
        return matches_any(self._wanted, event.type)
