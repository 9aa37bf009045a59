"""The picture of everything that an offer can become."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.explain_offer import OfferProduct, OfferRule, OfferStructure
from compiler.language.steps import LineAction
from views.plan.layout.place import layout_plan
from views.plan.offer_text import (
    definition_conditions,
    describe_per,
    describe_rule,
    format_actions,
    offer_sizes,
    product_facts,
)
from views.plan.picture.model import PLACE_LABEL, BecameLine, Picture, PictureBox, PictureLane, SourceLine
from views.plan.picture.step_facts import definition_facts, describe_failures, describe_undo
from views.plan.picture.undo_order import undo_ranks
from views.plan.step_text import SHORT_VERSION_LENGTH, describe_action


def offer_picture(structure: OfferStructure, version: str) -> Picture:
    return _OfferPictureBuilder(structure, version).build()


class _OfferPictureBuilder:
    def __init__(self, structure: OfferStructure, version: str) -> None:
        self.structure, self.version = structure, version
        self.lane_numbers = {one.id: at for at, one in enumerate(structure.workstreams)}
        self.after = [one.after for one in structure.steps]
        self.names = {(one.step.workstream, one.step.id): one.step.name for one in structure.steps}
        self.ranks = undo_ranks(
            self.after, {at for at, one in enumerate(structure.steps) if one.step.definition.undo is not None}
        )

    def build(self) -> Picture:
        offer, structure = self.structure.offer, self.structure
        lanes = [self.lane_numbers[one.step.workstream] for one in structure.steps]
        return Picture(
            title=f"Offer {offer.id}",
            subtitle=", ".join(offer_sizes(structure)),
            facts=(("Name", offer.name), *product_facts(offer), ("Catalogue", self.version[:SHORT_VERSION_LENGTH])),
            boxes=tuple(self._box(at) for at in range(len(structure.steps))),
            lanes=tuple(self._lanes()),
            layout=layout_plan(self.after, lanes),
            rework_arcs=tuple(self._rework_arcs()),
            sources=tuple(self._source(one) for one in structure.products if one.rules),
            became_heading="Rules: what the offer and its products become",
        )

    def _lanes(self) -> Iterator[PictureLane]:
        reached = {one.product.id for one in self.structure.products}
        for workstream in self.structure.workstreams:
            products = [one for one in workstream.for_products if one in reached]
            served = f"for {', '.join(products)}" if products != [workstream.id] else workstream.id
            yield PictureLane(workstream.name, f"if {workstream.when}" if workstream.when else served)

    def _box(self, at: int) -> PictureBox:
        step = self.structure.steps[at].step
        definition = step.definition
        actions = "" if step.actions == {LineAction.ADD} else format_actions(step.actions)
        return PictureBox(
            numbers="",
            name=step.name,
            kind=definition.kind,
            action=f"{actions}: {describe_action(definition)}" if actions else describe_action(definition),
            duration="",
            facts=tuple(self._facts(at)),
            is_final=definition.point_of_no_return,
            is_conditional=definition.when not in (None, "true"),
            undo=describe_undo(definition.undo) if definition.undo else "",
            undo_rank=self.ranks[at],
            failures=self._failures(at),
        )

    def _facts(self, at: int) -> Iterator[tuple[str, str]]:
        one = self.structure.steps[at]
        step, definition = one.step, one.step.definition
        yield "Id", step.reference
        yield "For", f"{format_actions(step.actions)} lines"
        yield from definition_facts(definition)
        before = ", ".join(self.structure.steps[earlier].step.name for earlier in one.after)
        yield "Waits for", before or "nothing: it starts at once"
        for condition in definition_conditions(definition):
            yield "Condition", condition
        if per := describe_per(step):
            yield "Instances", per
        for text in self._failures(at):
            yield "If it fails", text
        if step.location.line:
            yield PLACE_LABEL, f"{step.location.file}:{step.location.line}"

    def _failures(self, at: int) -> tuple[str, ...]:
        step = self.structure.steps[at].step
        if step.definition.milestone:
            return ()
        names = {id_: name for (workstream, id_), name in self.names.items() if workstream == step.workstream}
        return describe_failures(step.definition.on_failure, names)

    def _rework_arcs(self) -> Iterator[tuple[int, int]]:
        positions = {(one.step.workstream, one.step.id): at for at, one in enumerate(self.structure.steps)}
        for at, one in enumerate(self.structure.steps):
            for target in dict.fromkeys(rule.redo_from for rule in one.step.definition.on_failure if rule.redo_from):
                if (one.step.workstream, target) in positions:
                    yield at, positions[one.step.workstream, target]

    def _source(self, one: OfferProduct) -> SourceLine:
        kind = "commercial product" if one.product.is_commercial else "technical product"
        return SourceLine(one.product.id, one.product.name, kind, 0, tuple(self._rule(rule) for rule in one.rules))

    def _rule(self, one: OfferRule) -> BecameLine:
        rule = one.rule
        product = next(each.product for each in self.structure.products if each.product.id == rule.product)
        cause = describe_rule(rule)
        return BecameLine(
            name=product.name + (f" ({rule.as_})" if rule.as_ else ""),
            cause=cause,
            place=f"{rule.location.file}:{rule.location.line}" if rule.location.line else "",
            state="in" if cause == "always" else "perhaps",
            ids=(product.id,),
            facts="" if product.per == "line" or product.is_commercial else f"per {product.per}",
        )
