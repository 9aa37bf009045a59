"""An order as a file that people amend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from compiler.source.yaml_core_schema import resolve_plain_scalar


class _OrderDumper(yaml.SafeDumper):
    """Quotes text that would be read as something else. PyYAML knows only the types of YAML 1.1, for which `1e3` is
    text."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _is_plain_text(text) else "'")


def _is_plain_text(text: str) -> bool:
    try:
        return isinstance(resolve_plain_scalar(text), str)
    except ValueError:
        return False


_OrderDumper.add_representer(str, _represent_text)


def order_yaml(order: Mapping[str, Any]) -> str:
    """With the keys in the order in which they were submitted."""
    text: str = yaml.dump(dict(order), Dumper=_OrderDumper, sort_keys=False, allow_unicode=True, width=120)
    return text
