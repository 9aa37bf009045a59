"""The store of sessions: keys are not in it, sessions end when they should, and it survives a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.access.form_token import is_form_token, make_form_token
from console.access.notices import Notice, open_notice, seal_notice
from console.access.sessions import SessionStore

IDLE, LIMIT = timedelta(minutes=30), timedelta(hours=12)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 12, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "sessions.sqlite"


@pytest.fixture
def store(path: Path, clock: Clock) -> SessionStore:
    return SessionStore(path, IDLE, LIMIT, clock)


def test_a_session_is_found_by_its_key_alone(store: SessionStore) -> None:
    session = store.begin("ann", "token123", frozenset({"b", "a"}))
    assert store.find(session.key) == session
    assert store.begin("ann", "token123").key != session.key
    assert store.find(session.key[:-1]) is None
    assert store.find("") is None


def test_the_file_does_not_have_the_key_and_is_the_owners(store: SessionStore, path: Path) -> None:
    session = store.begin("ann", "token123")
    store.close()
    assert len(session.key) >= 43
    for file in path.parent.iterdir():
        assert session.key.encode() not in file.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_sessions_survive_a_restart(store: SessionStore, path: Path, clock: Clock) -> None:
    session = store.begin("ann", "token123")
    store.close()
    assert SessionStore(path, IDLE, LIMIT, clock).find(session.key) == session


def test_without_a_file_sessions_end_with_the_process(clock: Clock) -> None:
    session = SessionStore(None, IDLE, LIMIT, clock).begin("ann", None)
    assert SessionStore(None, IDLE, LIMIT, clock).find(session.key) is None


def test_a_session_that_is_not_used_ends(store: SessionStore, clock: Clock) -> None:
    session = store.begin("ann", "token123")
    clock.advance(minutes=29)
    assert store.find(session.key) is not None
    clock.advance(minutes=29)
    assert store.find(session.key) is not None
    clock.advance(minutes=30)
    assert store.find(session.key) is None
    clock.advance(minutes=-1)
    assert store.find(session.key) is None, "it must stay ended"


def test_a_page_that_keeps_itself_current_keeps_no_idle_session(store: SessionStore, clock: Clock) -> None:
    session = store.begin("ann", "token123")
    for _ in range(2):
        clock.advance(minutes=14)
        assert store.find(session.key, is_use=False) is not None
    clock.advance(minutes=2)
    assert store.find(session.key, is_use=False) is None


def test_a_session_ends_after_its_time_though_it_is_used(store: SessionStore, clock: Clock) -> None:
    session = store.begin("ann", "token123")
    for _ in range(35):
        clock.advance(minutes=20)
        assert store.find(session.key) is not None
    clock.advance(minutes=20)
    assert store.find(session.key) is None


def test_sessions_that_are_over_leave_the_file(store: SessionStore, clock: Clock) -> None:
    for _ in range(50):
        store.begin("ann", "token123")
    clock.advance(minutes=31)
    store.begin("ann", "token123")
    assert store.count() == 1


def test_an_ended_session_is_gone(store: SessionStore) -> None:
    session, other = store.begin("ann", "token123"), store.begin("ann", "token123")
    store.end(session.key)
    assert store.find(session.key) is None
    assert store.find(other.key) == other


def test_form_tokens_are_of_one_session(store: SessionStore) -> None:
    session, other = store.begin("ann", "token123"), store.begin("ann", "token123")
    token = make_form_token(session)
    assert is_form_token(session, token)
    assert not is_form_token(other, token)
    assert session.key not in token
    assert session.derive_key("forms") != session.derive_key("notices")


def test_notices_are_of_one_session_and_fit_a_cookie(store: SessionStore) -> None:
    session, other = store.begin("ann", "token123"), store.begin("ann", "token123")
    sealed = seal_notice(session, Notice("Step 3 is retried", is_problem=True))
    assert open_notice(session, sealed) == Notice("Step 3 is retried", is_problem=True)
    assert open_notice(other, sealed) is None
    for forged in ("", "x", "é", sealed[:-4] + "AAAA", sealed[8:]):
        assert open_notice(session, forged) is None
    for text in ("x" * 100_000, "漢" * 100_000, "\u202e" * 5_000):
        long = seal_notice(session, Notice(text))
        assert len(long) < 4_096
        opened = open_notice(session, long)
        assert opened is not None
        assert opened.text.endswith("…")
