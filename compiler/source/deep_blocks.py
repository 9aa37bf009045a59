"""Blocks of YAML that are indented too far: keys of the whole document below another one of its keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from compiler.source.document import KeyPath


def find_deep_blocks(model: type[BaseModel], data: Any, wrong: Iterable[KeyPath]) -> list[KeyPath]:
    """The paths of such blocks. `wrong`: the paths in `data` at which `model` has an error.

    A block is one only if the document lacks its key, and the block would be valid there.
    """
    if not isinstance(data, Mapping):
        return []
    keys = {field.alias or name for name, field in model.model_fields.items()} - data.keys()
    found: dict[KeyPath, bool] = {}
    for path in wrong:
        for length in range(2, len(path) + 1):
            block = path[:length]
            if block[-1] in keys and block not in found:
                found[block] = _is_valid(model, str(block[-1]), _value_at(data, block))
    return [block for block, is_valid in found.items() if is_valid]


def _value_at(data: Any, path: KeyPath) -> Any:
    for key in path:
        data = data[key]
    return data


def _is_valid(model: type[BaseModel], key: str, value: Any) -> bool:
    try:
        model.model_validate({key: value})
    except ValidationError as error:
        return all(detail["loc"][:1] != (key,) for detail in error.errors(include_url=False))
    return True
