"""Processes of the stack: started again when they die, given up when that is no help, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from stack import supervisor
from stack.errors import StackError
from stack.supervisor import Service, ServiceProcess, Watchdog
from tests.support.paths import ROOT

LASTING = "import time; print('here', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + LASTING
FAILING = "import sys; print('cannot find the thing'); sys.exit(3)"
PARENT = """
import asyncio, sys
from pathlib import Path
from stack.supervisor import ServiceProcess, Service, Watchdog

async def ready(): return True

async def main():
    log = Path(sys.argv[1])
    thing = Service("thing", "The thing", (sys.executable, "-c", sys.argv[2]), {}, log, ready)
    child = ServiceProcess(thing, Watchdog(0.5), print)
    await child.start()
    print(child.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watching = Watchdog()
    yield watching
    watching.close()


@pytest.fixture
async def child_of(watchdog: Watchdog, tmp_path: Path) -> AsyncIterator[Callable[..., ServiceProcess]]:
    made: list[ServiceProcess] = []

    def child(code: str, told: list[str], grace: float = 5.0) -> ServiceProcess:
        log = tmp_path / "thing.log"

        async def has_spoken() -> bool:
            return log.exists() and "here" in log.read_text()

        service = Service("thing", "The thing", (sys.executable, "-c", code), dict(os.environ), log, has_spoken, grace)
        made.append(ServiceProcess(service, watchdog, told.append))
        return made[-1]

    yield child
    await asyncio.gather(*(each.stop() for each in made))


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - it is another process that changes
        await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True


async def test_a_process_that_dies_is_told_of_and_started_again(child_of: Callable[..., ServiceProcess]) -> None:
    told: list[str] = []
    child = child_of(LASTING, told)
    await child.start()
    first = child.pid
    assert first
    keeping = asyncio.create_task(child.supervise())
    os.kill(first, signal.SIGKILL)
    await until(lambda: len(told) == 2)
    assert child.pid != first
    assert "The thing died (killed by SIGKILL); starting it again" in told[0]
    assert told[1] == "The thing runs again."
    await child.stop()
    await keeping
    assert child.pid
    assert not is_alive(child.pid)


async def test_one_that_dies_again_and_again_is_given_up_with_the_end_of_its_log(
    child_of: Callable[..., ServiceProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "MAX_DEATHS", 2)
    told: list[str] = []
    child = child_of("print('here', flush=True); print('out of luck')", told)
    await child.start()
    with pytest.raises(StackError, match=r"died 2 times within a minute(?s:.*)out of luck"):
        await child.supervise()
    assert told


async def test_one_that_cannot_start_is_reported_with_the_end_of_its_log(
    child_of: Callable[..., ServiceProcess],
) -> None:
    with pytest.raises(StackError, match=r"The thing could not start \(exit 3\)(?s:.*)cannot find the thing"):
        await child_of(FAILING, []).start()


async def test_one_that_does_not_get_ready_is_reported(
    child_of: Callable[..., ServiceProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "READY_TIMEOUT", 0.2)
    with pytest.raises(StackError, match="The thing is not ready after"):
        await child_of("import time; time.sleep(600)", []).start()


async def test_one_that_will_not_end_is_killed(child_of: Callable[..., ServiceProcess]) -> None:
    told: list[str] = []
    child = child_of(STUBBORN, told, grace=0.2)
    await child.start()
    await child.stop()
    assert child.pid
    assert not is_alive(child.pid)
    assert "did not end within" in told[0]


@pytest.mark.parametrize("code", [LASTING, STUBBORN], ids=["lasting", "stubborn"])
def test_nothing_is_left_behind_when_the_stack_itself_is_killed(code: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "thing.log"), code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    while is_alive(pid):
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain words", "plain words"),
        ('{"event": "ready", "level": "info", "timestamp": "2026"}', "ready"),
        ('{"event": "refused", "why": "no stock", "level": "error"}', "refused (why: no stock)"),
        ('{"no": "event"}', '{"no": "event"}'),
        ("[1, 2]", "[1, 2]"),
    ],
)
def test_the_end_of_a_log_is_shown_in_words(line: str, shown: str) -> None:
    assert supervisor.format_log_line(line) == shown
