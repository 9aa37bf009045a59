"""`systems` and `system`, against a real server and a real worker."""

from __future__ import annotations

from typing import Any

from tests.support.command_line import Ordo


def listed(answer: dict[str, Any]) -> bool:
    return bool(answer["systems"])


async def test_system_is_switched_off_and_on(ordo: Ordo) -> None:
    await ordo.until("systems", holds=listed)
    off = await ordo("system", "off", "nobody", "--reason", "closing", "--by", "ann")
    assert off.out == "System nobody is off: its calls wait, none of them fails\n"
    await ordo.started("stubborn", "Y-1")
    step = await ordo.step_is("Y-1", "stubborn.try@1", "on_hold")
    assert step["system_hold"]["by"] == "ann"
    assert "is switched off by ann" in (await ordo("why", "Y-1")).out
    assert "on hold" in (await ordo("show", "Y-1")).out
    lines = (await ordo("systems")).out.splitlines()
    headings = lines[0].split()  # `Waiting` comes with the server's figures, which are up to five seconds old
    assert [each for each in headings if each != "Waiting"] == ["System", "Name", "State", "Since", "By", "Why"]
    assert lines[1].startswith("nobody  A system that is not there  off, calls wait")
    assert lines[1].endswith("  closing")
    assert " ann " in lines[1]
    refused = await ordo("retry", "Y-1", "1")
    assert refused.status == 1
    on = await ordo("system", "on", "nobody", "-o", "json")
    assert (on.json["state"], on.json["already"], on.json["system"]) == ("half_open", False, "nobody")
    await ordo.step_is("Y-1", "stubborn.try@1", "fatally_failed")


async def test_systems_json_has_the_documented_keys(ordo: Ordo) -> None:
    (system,) = (await ordo.until("systems", holds=listed))["systems"]
    assert set(system) == {
        *("system", "name", "state", "since", "by", "reason", "error", "per_second", "next_at", "problem"),
        *("waiting", "limited_by_hand"),
    }


async def test_unknown_system_is_exit_1_with_the_nearest_name(ordo: Ordo) -> None:
    await ordo.until("systems", holds=listed)
    called = await ordo("system", "off", "nobodi")
    assert called.status == 1
    assert "did you mean `nobody`" in called.err


async def test_other_positions_than_on_and_off_are_wrong_usage(ordo: Ordo) -> None:
    assert (await ordo("system", "down", "nobody")).status == 2
