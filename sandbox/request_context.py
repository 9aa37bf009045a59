"""What a system can do while it answers a request: keep resources, plan for later, tell others."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from sandbox.errors import BusinessError
from sandbox.store import Row, Store, canonical_json, now, timestamp


class Resource(BaseModel):
    """A thing that a system keeps, in one of its states; what else it knows of it stands beside."""

    model_config = ConfigDict(extra="allow")

    id: str
    state: str

    def get_field(self, name: str) -> Any:
        """What the system knows of the resource under `name`; None where nothing."""
        return (self.model_extra or {}).get(name)


def _to_resource(row: Row) -> Resource:
    return Resource(id=row["id"], state=row["state"], **json.loads(row["data"]))


class UnitOfWork:
    """One system's hands inside one transaction. Nothing of it lasts unless the transaction commits."""

    def __init__(self, store: Store, system: str, delays: Mapping[str, float]) -> None:
        self._store = store
        self._system = system
        self._delays = delays

    def for_system(self, system: str) -> UnitOfWork:
        """The same transaction in another system's data, as where the warehouse books stock out."""
        return UnitOfWork(self._store, system, self._delays)

    # resources

    def create(self, kind: str, prefix: str, state: str, **data: Any) -> Resource:
        """A new resource. Its id is random, so that no id comes back when the sandbox starts anew."""
        return self.save(
            kind, Resource(id=f"{prefix}-{secrets.token_hex(4)}", state=state, created_at=timestamp(), **data)
        )

    def save(self, kind: str, resource: Resource) -> Resource:
        data = canonical_json(resource.model_dump(exclude={"id", "state"}))
        self._store.execute(
            "insert into resources values (?, ?, ?, ?, ?)"
            " on conflict do update set state = excluded.state, data = excluded.data",
            self._system, kind, resource.id, resource.state, data,
        )  # fmt: skip
        return resource

    def find(self, kind: str, id_: str) -> Resource | None:
        found = self._store.fetch_one(
            "select id, state, data from resources where system = ? and kind = ? and id = ?", self._system, kind, id_
        )
        return None if found is None else _to_resource(found)

    def get(self, kind: str, id_: str) -> Resource:
        """Raises BusinessError `unknown_<kind>` (404) where there is none."""
        if resource := self.find(kind, id_):
            return resource
        raise BusinessError(f"unknown_{kind}", f"there is no {kind} {id_}", 404)

    def find_all(self, kind: str, states: tuple[str, ...], **filters: Any) -> list[Resource]:
        """Every resource in one of `states` of which `wanted` is known, by id."""
        alike = " and json_extract(data, '$.' || ?) is ?" * len(filters)
        found = self._store.fetch_all(
            f"select id, state, data from resources where system = ? and kind = ?{alike} order by id",
            self._system, kind, *itertools.chain(*filters.items()),
        )  # fmt: skip
        return [_to_resource(row) for row in found if row["state"] in states]

    def change_state(self, kind: str, resource: Resource, state: str, **changes: Any) -> Resource:
        """The resource in its new state."""
        return self.save(kind, resource.model_copy(update={"state": state, **changes}))

    # later

    def delay_seconds(self, name: str) -> float:
        """Seconds."""
        return self._delays[name]

    def schedule(self, action: str, resource: Resource, delay_name: str) -> None:
        """When the delay named has passed, the system's function for `moment` goes on with the resource."""
        self._store.execute(
            "insert into moments (due, system, name, resource) values (?, ?, ?, ?)",
            now() + self._delays[delay_name], self._system, action, resource.id,
        )  # fmt: skip

    # telling others

    def send_callback(self, url: str | None, body: dict[str, Any]) -> None:
        """Posts `body` to the address that came with the request, until it is taken. None: nobody wants to know."""
        if url:
            self._queue_delivery(url, body)

    def publish_event(self, event: str, key: str, payload: dict[str, Any]) -> None:
        """Posts an event to the gateway, until it is taken. Its id stays the same however often that needs."""
        body = {"event_id": f"{self._system}-{secrets.token_hex(8)}", "name": event, "key": key, "payload": payload}
        self._queue_delivery(None, body)

    def _queue_delivery(self, url: str | None, body: dict[str, Any]) -> None:
        self._store.execute(
            "insert into deliveries (due, state, url, body, attempts) values (?, 'pending', ?, ?, 0)",
            now(), url, canonical_json(body),
        )  # fmt: skip
