"""What a definition that is new contains, in the words of a business."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from compiler.graph import depth_first_order
from views.diff.attribute_words import declaration_words
from views.diff.step_words import Quote, quoted_value, step_terms, step_work

Tree = Mapping[str, Any]
"""A definition as plain data, as compiler/diff/contents.py makes it."""


class Marks(NamedTuple):
    """How texts are written in a format."""

    code: Quote
    """An id, a value, an expression."""
    plain: Quote
    """A name or a description, whatever is in it."""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[str, ...]


def definition_outline(kind: str, tree: Tree, marks: Marks) -> list[Section]:
    """Its sections that say anything."""
    found = (Section(title, tuple(lines(tree, marks))) for title, lines in _SECTIONS.get(kind, _OTHER))
    return [section for section in found if section.lines]


def _attributes(tree: Tree, marks: Marks) -> Iterator[str]:
    for name, declared in tree.get("attributes", {}).items():
        about = f" ({marks.plain(declared['description'])})" if declared.get("description") else ""
        yield f"{marks.code(name)}{about}: {declaration_words(declared, marks.code)}"


def _attribute_names(tree: Tree, marks: Marks) -> Iterator[str]:
    if names := tree.get("attributes"):
        yield ", ".join(map(marks.code, names))


def _named_values(tree: Tree, marks: Marks) -> Iterator[str]:
    for name, expression in tree.get("let", {}).items():
        yield f"{marks.code(name)}: {marks.code(' '.join(str(expression).split()))}"


def _becomes(tree: Tree, marks: Marks) -> Iterator[str]:
    return (_rule(key, rule, marks.code) for key, rule in tree.get("decomposes_to", {}).items())


def _contains(tree: Tree, marks: Marks) -> Iterator[str]:
    return (_rule(key, rule, marks.code) for key, rule in tree.get("components", {}).items())


def _rule(key: str, rule: Tree, quote: Quote) -> str:
    return f"{rule_label(key, quote)}{rule_conditions(rule, quote)}"


def rule_label(key: str, quote: Quote) -> str:
    """Of a rule by its key: the product, and the name that its line gets."""
    return quote(key.replace("~", " as ").partition("#")[0])


def rule_conditions(rule: Tree, quote: Quote) -> str:
    """` if …, quantity …, for each of …`; empty for a rule that always gives one line."""
    parts = [f" if {quote(str(rule['when']))}"] if "when" in rule else []
    parts += [f", quantity {quote(str(rule['quantity']))}"] if "quantity" in rule else []
    parts += [f", for each of {quote(str(rule['for_each']))}"] if "for_each" in rule else []
    return "".join(parts)


def _dependencies(tree: Tree, marks: Marks) -> Iterator[str]:
    for waiting, before in tree.get("dependencies", {}).items():
        yield f"{marks.code(waiting)} waits for {', '.join(map(marks.code, before))}"


def _steps(tree: Tree, marks: Marks) -> Iterator[str]:
    steps: Tree = tree.get("steps", {})
    numbers = {name: number for number, name in enumerate(_in_order(steps), start=1)}
    for name, number in numbers.items():
        step = steps[name]
        before = [str(numbers[one]) if one in numbers else marks.code(one) for one in step.get("after", {})]
        waits = [f"after {', '.join(before)}"] if before else []
        terms = "; ".join([step_work(step, marks.code), *waits, *step_terms(step, marks.code)])
        label = marks.plain(step["name"]) if step.get("name") else marks.code(name)
        yield f"{number}. {label}: {terms}"


def _in_order(steps: Tree) -> list[str]:
    """As they are written, but each step after those of the same definition that it waits for."""
    return depth_first_order(steps, lambda name: [one for one in steps[name].get("after", {}) if one in steps])[::-1]


def _condition(tree: Tree, marks: Marks) -> Iterator[str]:
    if "when" in tree:
        yield f"if {quoted_value(tree['when'], marks.code)}"


def _of_key(key: str) -> SectionLines:
    """One line with the value or the values, if any is written."""

    def lines(tree: Tree, marks: Marks) -> Iterator[str]:
        if written := tree.get(key):
            yield ", ".join(
                quoted_value(one, marks.code) for one in (written if isinstance(written, dict) else [written])
            )

    return lines


SectionLines = Callable[[Tree, Marks], Iterator[str]]
_STEPS: tuple[str, SectionLines] = ("Steps", _steps)
_OFFER: tuple[tuple[str, SectionLines], ...] = (
    ("Code", _of_key("code")),
    ("Attributes", _attributes),
    ("Prices and other values", _named_values),
    ("Becomes", _becomes),
    ("Contains", _contains),
    ("Order of work", _dependencies),
    _STEPS,
)
_SECTIONS: Mapping[str, tuple[tuple[str, SectionLines], ...]] = {
    "commercial_product": _OFFER,
    "product_class": _OFFER,
    "technical_product": (
        ("Attributes", _attribute_names),
        ("Prices and other values", _named_values),
        ("Becomes", _becomes),
        ("Order of work", _dependencies),
        _STEPS,
    ),
    "workstream": (("Applies", _condition), ("Order of work", _dependencies), _STEPS),
    "system": (("Address", _of_key("base_url")),),
    "receiver": (("Address", _of_key("url")), ("Is told of", _of_key("events"))),
}
_OTHER: tuple[tuple[str, SectionLines], ...] = ()
