"""What a sandbox system can do while it handles a request: keep resources, schedule actions, notify others."""

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
    """A thing that a system keeps, in one of its states, with any further fields."""

    model_config = ConfigDict(extra="allow")

    id: str
    state: str

    def get_field(self, name: str) -> Any:
        """None if the resource has no field `name`."""
        return (self.model_extra or {}).get(name)


def _to_resource(row: Row) -> Resource:
    return Resource(id=row["id"], state=row["state"], **json.loads(row["data"]))


class UnitOfWork:
    """One system's access to the data within one transaction. Nothing is kept unless the transaction commits."""

    def __init__(self, store: Store, system: str, delays: Mapping[str, float]) -> None:
        self._store = store
        self._system = system
        self._delays = delays

    def for_system(self, system: str) -> UnitOfWork:
        """The data of another system, in the same transaction."""
        return UnitOfWork(self._store, system, self._delays)

    # resources

    def create(self, kind: str, prefix: str, state: str, **data: Any) -> Resource:
        """A new resource. Its id is random, so ids do not repeat after a reset."""
        resource = Resource(id=f"{prefix}-{secrets.token_hex(4)}", state=state, created_at=timestamp(), **data)
        return self.save(kind, resource)

    def save(self, kind: str, resource: Resource) -> Resource:
        data = canonical_json(resource.model_dump(exclude={"id", "state"}))
        self._store.execute(
            "insert into resources values (?, ?, ?, ?, ?)"
            " on conflict do update set state = excluded.state, data = excluded.data",
            self._system, kind, resource.id, resource.state, data,
        )  # fmt: skip
        return resource

    def find(self, kind: str, id_: str) -> Resource | None:
        row = self._store.fetch_one(
            "select id, state, data from resources where system = ? and kind = ? and id = ?", self._system, kind, id_
        )
        return None if row is None else _to_resource(row)

    def get(self, kind: str, id_: str) -> Resource:
        """Raises BusinessError `unknown_<kind>` (404) if there is none."""
        if resource := self.find(kind, id_):
            return resource
        raise BusinessError(f"unknown_{kind}", f"there is no {kind} {id_}", 404)

    def get_in_state(self, kind: str, id_: str, *states: str, code: str | None = None) -> Resource:
        """Raises BusinessError `code` (default: `already_<state>`) if the resource is in another state."""
        resource = self.get(kind, id_)
        if resource.state not in states:
            raise BusinessError(code or f"already_{resource.state}", f"{kind} {id_} is {resource.state}")
        return resource

    def find_all(self, kind: str, states: tuple[str, ...], **filters: Any) -> list[Resource]:
        """The resources in one of `states` whose fields equal `filters`, sorted by id."""
        conditions = " and json_extract(data, '$.' || ?) is ?" * len(filters)
        rows = self._store.fetch_all(
            f"select id, state, data from resources where system = ? and kind = ?{conditions} order by id",
            self._system, kind, *itertools.chain(*filters.items()),
        )  # fmt: skip
        return [_to_resource(row) for row in rows if row["state"] in states]

    def change_state(self, kind: str, resource: Resource, state: str, **changes: Any) -> Resource:
        """The resource in its new state."""
        return self.save(kind, resource.model_copy(update={"state": state, **changes}))

    def change_all(self, kind: str, states: tuple[str, ...], new_state: str, **filters: Any) -> list[str]:
        """Changes the state of the resources that find_all returns. The result is their ids."""
        return [self.change_state(kind, each, new_state).id for each in self.find_all(kind, states, **filters)]

    # scheduled actions

    def delay_seconds(self, name: str) -> float:
        return self._delays[name]

    def schedule(self, action: str, resource: Resource, delay_name: str) -> None:
        """After the named delay, the system's function for `action` gets the id of the resource."""
        self._store.execute(
            "insert into moments (due, system, name, resource) values (?, ?, ?, ?)",
            now() + self._delays[delay_name], self._system, action, resource.id,
        )  # fmt: skip

    # callbacks and events

    def send_callback(self, url: str | None, body: dict[str, Any]) -> None:
        """Posts `body` to the callback URL of the request until it is accepted. None: there is no callback."""
        if url:
            self._queue_delivery(url, body)

    def publish_event(self, event: str, key: str, payload: dict[str, Any]) -> None:
        """Posts an event to the gateway until it is accepted. All attempts have the same event id."""
        body = {"event_id": f"{self._system}-{secrets.token_hex(8)}", "name": event, "key": key, "payload": payload}
        self._queue_delivery(None, body)

    def _queue_delivery(self, url: str | None, body: dict[str, Any]) -> None:
        self._store.execute(
            "insert into deliveries (due, state, url, body, attempts) values (?, 'pending', ?, ?, 0)",
            now(), url, canonical_json(body),
        )  # fmt: skip
