"""What FastAPI gives to the routes of the sandbox itself: its data and its settings."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from sandbox.settings import Settings
from sandbox.store import Store


async def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


StoreDep = Annotated[Store, Depends(_store)]
SettingsDep = Annotated[Settings, Depends(_settings)]
