"""The descriptions of all keys: the docstrings of the fields of the models."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from pydantic import BaseModel


@lru_cache(maxsize=1)
def field_descriptions() -> dict[str, dict[str, str]]:
    """Model → key → docstring of its field. Read from the source, because Python does not keep these docstrings."""
    models = [model for model in _subclasses(BaseModel) if model.__module__.startswith(f"{__package__}.")]
    trees = [ast.parse(inspect.getsource(sys.modules[module])) for module in {model.__module__ for model in models}]
    classes = {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
    found: dict[str, dict[str, str]] = {}
    for model in models:
        owners = [classes[owner.__name__] for owner in reversed(model.mro()) if owner.__name__ in classes]
        docstrings = {name: text for owner in owners for name, text in _docstrings(owner)}
        fields = model.model_fields.items()
        found[model.__name__] = {field.alias or name: docstrings[name] for name, field in fields if name in docstrings}
    return found


def _subclasses(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from _subclasses(one)


def _docstrings(definition: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, docstring in pairwise(definition.body):
        match field, docstring:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text).replace("\n", " ")
