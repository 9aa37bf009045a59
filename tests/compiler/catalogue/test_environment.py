"""An environment file lays systems over the catalogue's own, and holds nothing else."""

from __future__ import annotations

from pathlib import Path

from compiler.load_catalogue import check_definitions
from tests.support.written_catalogues import catalogue_in, told

BASE = "kind: system\nid: inventory\nbase_url: http://a\ntimeout: 10s\nlimits: {concurrency: 3}\n"


def test_its_keys_replace_those_of_the_same_name_and_leave_the_others() -> None:
    system = catalogue_in(BASE, "kind: system\nid: inventory\nbase_url: http://b\n").systems["inventory"]
    assert (system.base_url, str(system.timeout), system.limits.concurrency) == ("http://b", "0:00:10", 3)


def test_it_does_not_change_the_version() -> None:
    over = "kind: system\nid: inventory\nbase_url: http://b\n"
    assert catalogue_in(BASE, over).version == catalogue_in(BASE).version


def test_a_system_that_the_catalogue_does_not_have_is_told_with_the_near_one() -> None:
    over = "kind: system\nid: «inventry\nbase_url: http://b\n"
    told(BASE, "reference-unknown", "to override", "did you mean `inventory`?", environment=over)


def test_anything_but_a_system_is_refused() -> None:
    told(BASE, "environment-kind", "`kind: system`", environment="«kind: retry\nid: r\n")
    told(BASE, "environment-kind", environment="«- a\n")


def test_its_own_mistakes_stand_in_its_own_file() -> None:
    told(BASE, "key-unknown", "`base_url`", environment="kind: system\nid: inventory\n«bas_url: http://b\n")
    told(BASE, "name-unknown", "write `env.HOST`", environment="kind: system\nid: inventory\nbase_url: ${«HOST}\n")
    told(BASE, "yaml-syntax", environment="kind: system\nid: 'inventory\n")


def test_a_file_that_is_not_there_is_told_of() -> None:
    assert [one.code for one in check_definitions([], Path("nowhere.yaml"))] == ["file-missing"]
