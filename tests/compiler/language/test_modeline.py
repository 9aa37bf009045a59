from __future__ import annotations

from pathlib import Path

from compiler.language.modeline import schema_modeline


def test_the_path_is_relative_to_the_file() -> None:
    assert (
        schema_modeline(Path("definitions/offers/x.yaml"), "definition")
        == "# yaml-language-server: $schema=../../.ordo/schemas/definition.json"
    )
    assert (
        schema_modeline(Path("orders/x.yaml"), "order") == "# yaml-language-server: $schema=../.ordo/schemas/order.json"
    )
