"""An error of the server itself is logged each time, told once, and ends nothing."""

from __future__ import annotations

from typing import cast

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from cli.language_server.failures import FailureReport


class Recorder:
    def __init__(self) -> None:
        self.shown: list[str] = []
        self.logged: list[str] = []

    def window_show_message(self, params: types.ShowMessageParams) -> None:
        self.shown.append(params.message)

    def window_log_message(self, params: types.LogMessageParams) -> None:
        self.logged.append(params.message)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def report(recorder: Recorder) -> FailureReport:
    return FailureReport(cast(LanguageServer, recorder))


async def test_a_failing_request_has_an_empty_answer(report: FailureReport, recorder: Recorder) -> None:
    async def _find_it(divisor: int) -> float | None:
        return 1 / divisor

    guarded = report.guard_request(_find_it)
    assert await guarded(2) == 0.5
    assert await guarded(0) is None
    assert await guarded(0) is None
    assert len(recorder.logged) == 2
    (shown,) = recorder.shown
    assert "An error in Ordo, not in your files: `find it` failed: ZeroDivisionError" in shown
    assert "(test_failures.py:" in shown


def test_a_failing_notification_ends_nothing(report: FailureReport, recorder: Recorder) -> None:
    def take_it() -> None:
        raise KeyError("it")

    report.guard(take_it)()
    assert len(recorder.shown) == 1


async def test_a_refusal_is_an_answer(report: FailureReport, recorder: Recorder) -> None:
    async def refuse() -> None:
        raise JsonRpcException("no")

    with pytest.raises(JsonRpcException, match="no"):
        await report.guard_request(refuse)()
    assert recorder.shown == []
