"""Definitions that are new or gone: which offer brought them or took them away, and whether that changes any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.checks.references.unused_definitions import named_by_steps
from compiler.diff.change import Change, ChangeKind, Effect, Severity
from compiler.diff.contents import ContentKey
from compiler.graph import depth_first_order

_NAMESPACES = {
    "commercial_product": "product",
    "technical_product": "product",
    "product_class": "class",
}
_UNNAMED_USE = (("receiver", None), ("retry", "standard"))
"""Kinds and ids that count without being named: receivers are told of all orders, and `standard` is the default."""


def group_by_offer(changes: Iterable[Change], old: DefinitionIndex, new: DefinitionIndex) -> list[Change]:
    """The changes; those of whole definitions with their offer, and with the severity `new` if no order notices."""
    changes = list(changes)
    told = {(change.kind, _key(change)): change for change in changes if not change.path}
    added = {key for kind, key in told if kind is ChangeKind.ADDED and (ChangeKind.REMOVED, key) not in told}
    removed = {key for kind, key in told if kind is ChangeKind.REMOVED and (ChangeKind.ADDED, key) not in told}
    offers_of = {
        ChangeKind.ADDED: _offers(added, {one for one in added if _is_offer(new, one)}, find_users(new)),
        ChangeKind.REMOVED: _offers(removed, {one for one in removed if _is_offer(old, one)}, find_users(old)),
    }
    return [_group(change, added, offers_of) if not change.path else change for change in changes]


def _key(change: Change) -> ContentKey:
    return _NAMESPACES.get(change.subject.kind, change.subject.kind), change.subject.id


def _is_offer(index: DefinitionIndex, key: ContentKey) -> bool:
    return key[0] == "product" and index.is_commercial(key[1])


def _group(change: Change, added: set[ContentKey], offers_of: Mapping[ChangeKind, Mapping[ContentKey, str]]) -> Change:
    key = _key(change)
    grouped = replace(change, part_of=offers_of.get(change.kind, {}).get(key, ""))
    is_used_anyway = any((key[0], id_) in _UNNAMED_USE for id_ in (None, key[1]))
    if change.kind is not ChangeKind.ADDED or key not in added or is_used_anyway:
        return grouped
    serves_known = change.subject.kind == "workstream" and any(("product", one) not in added for one in change.concerns)
    return grouped if serves_known else replace(grouped, severity=Severity.NEW, effect=Effect.NONE)


def find_users(index: DefinitionIndex) -> dict[ContentKey, list[ContentKey]]:
    """What uses each definition: rules use products, products their workstreams, steps systems and retry policies."""
    users: dict[ContentKey, list[ContentKey]] = {}

    def use(user: ContentKey, used: Sequence[ContentKey]) -> None:
        for one in used:
            users.setdefault(one, []).append(user)

    definitions = index.definitions
    for name, entry in definitions.products.items():
        use(("product", name), [("product", target) for target in index.product_targets(name)])
        if entry.model.product_class:
            use(("product", name), [("class", entry.model.product_class)])
    for name, group in index.step_groups.items():
        owner: ContentKey = ("product" if group.is_inline else "workstream", name)
        named = named_by_steps(group)
        use(owner, [("system", one) for one in named.systems])
        use(owner, [("retry", one) for one in named.policies if one is not None])
        if not group.is_inline:
            users.setdefault(owner, []).extend(("product", product) for product in group.products)
    for kind, entries in (("system", definitions.systems), ("receiver", definitions.receivers)):
        for name, of_kind in entries.items():
            if isinstance(of_kind.model.retry, str):
                use((kind, name), [("retry", of_kind.model.retry)])
    return users


def _offers(
    whole: set[ContentKey], offers: set[ContentKey], users: Mapping[ContentKey, Sequence[ContentKey]]
) -> dict[ContentKey, str]:
    """For each of `whole` that one of the `offers` alone uses, directly or not, the id of that offer."""
    found: dict[ContentKey, str | None] = {key: key[1] for key in offers}
    for key in reversed(depth_first_order(sorted(whole), lambda one: users.get(one, ()))):
        if key in whole and key not in found:
            using = {found.get(user) for user in users.get(key, ())}
            found[key] = using.pop() if len(using) == 1 else None
    return {key: offer for key in whole - offers if (offer := found[key]) is not None}
