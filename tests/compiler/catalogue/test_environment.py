"""An environment file lays systems over the catalogue's own, and holds nothing else."""

from __future__ import annotations

from pathlib import Path

from compiler.load_catalogue import check_definitions
from tests.support.compiler.written_catalogues import assert_error, catalogue_in

BASE = "kind: system\nid: inventory\nbase_url: http://a\ntimeout: 10s\nlimits: {concurrency: 3}\n"


def test_environment_replaces_keys_and_keeps_the_others() -> None:
    system = catalogue_in(BASE, "kind: system\nid: inventory\nbase_url: http://b\n").systems["inventory"]
    assert (system.base_url, str(system.timeout), system.limits.concurrency) == ("http://b", "0:00:10", 3)


def test_environment_does_not_change_the_version() -> None:
    over = "kind: system\nid: inventory\nbase_url: http://b\n"
    assert catalogue_in(BASE, over).version == catalogue_in(BASE).version


def test_override_of_an_unknown_system_suggests_a_similar_one() -> None:
    over = "kind: system\nid: «inventry\nbase_url: http://b\n"
    assert_error(BASE, "reference-unknown", "to override", "did you mean `inventory`?", environment=over)


def test_environment_can_only_contain_systems_and_receivers() -> None:
    assert_error(BASE, "environment-kind", "`kind: system`", environment="«kind: retry\nid: r\n")
    assert_error(BASE, "environment-kind", environment="«- a\n")


def test_errors_of_the_environment_are_reported_in_its_file() -> None:
    assert_error(BASE, "key-unknown", "`base_url`", environment="kind: system\nid: inventory\n«bas_url: http://b\n")
    assert_error(
        BASE, "name-unknown", "write `env.HOST`", environment="kind: system\nid: inventory\nbase_url: ${«HOST}\n"
    )
    assert_error(BASE, "yaml-syntax", environment="kind: system\nid: 'inventory\n")


def test_missing_environment_file_is_a_finding() -> None:
    assert [one.code for one in check_definitions([], Path("nowhere.yaml"))] == ["file-missing"]
