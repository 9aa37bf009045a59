"""`ledger migrate` and `ledger downgrade`, on both databases."""

from __future__ import annotations

from sqlalchemy import URL, Engine

from ledger.database import describe_location, write_transaction
from ledger.migrations.schema_version import known_versions, newest_version, read_schema_state
from ledger.schema.tables import orders
from ledger.writing.apply_changes import apply_changes
from tests.support.command_line import Called, call
from tests.support.ledger.contents import count
from tests.support.ledger.simulated_orders import SimulatedOrder

NEWEST, VERSIONS = newest_version(), ", ".join(known_versions())


def _ledger(url: URL, *arguments: str) -> Called:
    return call("ledger", *arguments, "--database", url.render_as_string(hide_password=False))


def test_down_and_up_again(ledger_url: URL, ledger_database: Engine) -> None:
    place = describe_location(ledger_url)
    down = _ledger(ledger_url, "downgrade", "base", "--yes")
    assert (down.status, down.out) == (0, f"The schema went from version {NEWEST} to base ({place})\n")
    up = _ledger(ledger_url, "migrate", "-o", "json")
    assert up.json == {"ledger": place, "before": "base", "after": NEWEST}
    again = _ledger(ledger_url, "migrate")
    assert (again.status, again.out) == (0, f"The schema is up to date: {NEWEST} ({place})\n")
    assert read_schema_state(ledger_database).current == NEWEST


def test_a_downgrade_is_confirmed_first(ledger_url: URL, ledger_database: Engine) -> None:
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [SimulatedOrder("HS-1").complete()])
    refused = _ledger(ledger_url, "downgrade", "base")
    assert refused.status == 2
    assert "add --yes" in refused.err
    with ledger_database.connect() as connection:
        assert count(connection, orders) == 1


def test_a_version_that_is_not_there(ledger_url: URL) -> None:
    refused = _ledger(ledger_url, "downgrade", "0999", "--yes")
    assert refused.status == 1
    assert f"There is no version 0999 of the schema: there are {VERSIONS}" in refused.err.replace("\n", " ")


def test_without_a_ledger_it_says_what_names_one() -> None:
    refused = call("ledger", "migrate")
    assert refused.status == 1
    assert "ORDO_LEDGER_URL" in refused.err


def test_a_server_that_is_away_is_named_without_the_password() -> None:
    refused = call("ledger", "migrate", "--database", "postgresql://ordo:s3cr3t-word@127.0.0.1:9/ledger")
    assert refused.status != 0
    assert "PostgreSQL database ledger on 127.0.0.1:9" in refused.err
    assert "s3cr3t-word" not in refused.err + refused.out
