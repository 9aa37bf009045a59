"""Bulk jobs from the command line, against a real server and a real worker: they go on without the command."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from typing import Any

import pytest

from tests.cli.conftest import QUEUE
from tests.cli.test_bulk import fallen, ids
from tests.support.command_line import Ordo, command
from tests.support.paths import ROOT


async def background(ordo: Ordo, *arguments: str) -> dict[str, Any]:
    """The job that the command has begun."""
    called = await ordo(*arguments, "--background", "-o", "json")
    assert called.status == 0, called
    job: dict[str, Any] = called.json["job"]
    return job


async def test_a_job_is_begun_followed_and_shown(ordo: Ordo) -> None:
    names = await fallen(ordo, "J-1", 3)
    assert (await ordo("claim", names[0], "1", "--by", "bob")).status == 0
    begun = await ordo(
        *("skip", "--all", "--customer", "J-1", "--by", "ann", "--reason", "the system is gone"),
        *("--pace", "50", "--background"),
    )
    assert begun.status == 0, begun
    first = begun.out.split()
    assert first[0] == "Job"
    job = first[1]
    assert begun.out == f"Job {job} runs `skip` on 3 steps.\n"
    assert f"`jobs watch {job}` follows it, `jobs stop {job}` stops it" in begun.err
    watched = await ordo("jobs", "watch", job)
    assert watched.status == 1  # bob's is left
    assert "2 of 3 tried: 2 done, 1 left" in watched.err
    lines = [line.strip() for line in watched.out.splitlines()]
    assert lines[0].split() == ["Job", job]
    assert "About     steps in fallout · customer J-1" in lines
    assert "By        ann: the system is gone" in lines
    assert "State     done" in lines
    assert "Progress  2 of 3 tried: 2 done, 1 left" in lines
    for name in names[1:]:
        order = (await ordo("show", name, "-o", "json")).json
        assert ("ann", "the system is gone") in {(entry["by"], entry["reason"]) for entry in order["history"]}
    left = await ordo("jobs", "show", job, "--outcome", "left")
    assert f"{names[0]}    1  stubborn.try@1  left     bob holds it" in left.out
    document = (await ordo("jobs", "show", job, "-o", "json")).json
    assert (document["state"], document["by"], document["on_behalf_of"]) == ("done", "ann", None)
    assert ids(document["results"]) == set(names)
    listed = await ordo.until("jobs", holds=lambda listed: job in {each["job"] for each in listed["jobs"]})
    assert set(listed) == {"jobs", "next_cursor"}
    assert f"{job}  " in (await ordo("jobs")).out


async def test_all_done_is_success_for_scripts(ordo: Ordo) -> None:
    await fallen(ordo, "J-2", 1)
    job = (await background(ordo, "skip", "--all", "--customer", "J-2"))["job"]
    watched = await ordo("jobs", "watch", job, "-o", "json")
    assert (watched.status, watched.json["counts"]["done"]) == (0, 1)


async def test_a_job_is_paused_continued_and_stopped(ordo: Ordo) -> None:
    await fallen(ordo, "J-3", 4)
    job = (await background(ordo, "claim", "--all", "--customer", "J-3", "--pace", "0.5", "--by", "ann"))["job"]

    async def until(state: str) -> dict[str, Any]:
        found: dict[str, Any] = await ordo.until("jobs", "show", job, holds=lambda shown: shown["state"] == state)
        return found

    assert (await ordo("jobs", "pause", job)).out == f"Job {job} pauses, once what is under way is done.\n"
    await until("paused")
    assert (await ordo("jobs", "continue", job)).out == f"Job {job} goes on.\n"
    await until("running")
    stop = ("jobs", "stop", job, "--by", "lee", "--reason", "wrong ones")
    assert (await ordo(*stop, "-o", "json")).json == {"job": job, "change": "stop"}
    stopped = await until("stopped")
    assert stopped["stop_reason"] == "lee stopped it (wrong ones)"
    assert "State     stopped: lee stopped it (wrong ones)" in (await ordo("jobs", "show", job)).out
    late = await ordo(*stop)
    assert (late.status, late.err) == (1, f"Error: Bulk job {job} has ended\n")


async def test_a_job_goes_on_when_the_command_that_follows_it_is_ended(ordo: Ordo, address: str) -> None:
    names = await fallen(ordo, "J-4", 3)
    job = (await background(ordo, "skip", "--all", "--customer", "J-4", "--pace", "0.5"))["job"]
    where = ("--address", address, "--task-queue", QUEUE)
    following = await asyncio.create_subprocess_exec(
        *command("jobs", "watch", job, *where), cwd=ROOT, stderr=subprocess.PIPE, env=os.environ
    )
    assert following.stderr is not None
    first = await asyncio.wait_for(following.stderr.readline(), 30)
    assert b"of 3 tried" in first
    following.send_signal(signal.SIGINT)
    _, rest = await asyncio.wait_for(following.communicate(), 30)
    assert following.returncode == 130
    assert f"The job goes on. `jobs watch {job}` follows it again" in rest.decode()
    await ordo.until("jobs", "show", job, holds=lambda shown: shown["state"] == "done")
    for name in names:
        assert (await ordo("show", name, "-o", "json")).json["state"] == "completed"


async def test_nothing_to_do_begins_no_job(ordo: Ordo) -> None:
    chosen = ("retry", "--all", "--customer", "nobody at all", "--background")
    called = await ordo(*chosen)
    assert (called.status, called.out) == (0, "There was nothing to do.\n")
    assert (await ordo(*chosen, "-o", "json")).json == {"job": None, "already": False, "unanswered": []}
    unknown = await ordo("jobs", "show", "unknown")
    assert (unknown.status, unknown.err) == (1, "Error: There is no bulk job unknown\n")


async def test_a_dry_run_begins_no_job(ordo: Ordo) -> None:
    await fallen(ordo, "J-5", 1)
    called = await ordo("skip", "--all", "--customer", "J-5", "--background", "--dry-run")
    assert called.out.endswith("`skip` would run on 1 step; nothing was done.\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["retry", "O-1", "1", "--background"], "--background goes with --all"),
        (["recover", "--all", "--background"], "No such option"),
        (["jobs", "-o", "json", "show", "x"], "Write --output after `show`"),
        (["jobs", "shwo"], "No such command"),
        (["jobs", "show"], "Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
async def test_wrong_usage_is_told_before_a_server_is_asked(ordo: Ordo, arguments: list[str], told: str) -> None:
    called = await ordo(*arguments)
    assert (called.status, called.out) == (2, "")
    assert told in called.err
