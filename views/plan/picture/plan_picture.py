"""The picture of an order's plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from compiler.explain_order import Explanation
from compiler.plan.plan import Plan
from compiler.plan.schedule import PlanSchedule, schedule_plan
from compiler.plan.step_conditions import StepCondition, skipped_steps
from views.plan.decisions import describe_condition
from views.plan.layout.bundles import Bundling, bundle_lanes
from views.plan.layout.place import layout_plan
from views.plan.picture.lane_groups import LineOwners, common_path, number_groups
from views.plan.picture.model import PLACE_LABEL, Matrix, Picture, PictureBox, PictureLane
from views.plan.picture.source_lines import source_lines
from views.plan.picture.step_facts import definition_facts, describe_failures, describe_retry, describe_undo
from views.plan.picture.undo_order import undo_ranks
from views.plan.schedule_text import expected_duration_text, usual_duration
from views.plan.step_text import (
    SHORT_VERSION_LENGTH,
    describe_action,
    format_step_numbers,
    name_steps,
    plan_sizes,
    start_conditions,
)
from views.plan.swimlanes import PlanSwimlane, plan_swimlanes
from views.shared.time_format import format_elapsed, format_time
from views.shared.value_format import format_customer, pluralize

MAX_LINES_NAMED = 6


def plan_picture(explanation: Explanation, plan: Plan) -> Picture:
    """The picture of `plan`, which is the explanation's plan."""
    return _PlanPictureBuilder(explanation, plan).build()


class _PlanPictureBuilder:
    def __init__(self, explanation: Explanation, plan: Plan) -> None:
        self.explanation, self.plan = explanation, plan
        self.conditions = {condition.position: condition for condition in explanation.conditions}
        self.schedule: PlanSchedule = schedule_plan(plan, skipped_steps(explanation.conditions))
        self.swimlanes: list[PlanSwimlane] = plan_swimlanes(plan)
        self.lane_of_step = [0] * len(plan.steps)
        for number, lane in enumerate(self.swimlanes):
            for position in lane.steps:
                self.lane_of_step[position] = number
        shapes = [step.definition_position for step in plan.steps]
        self.bundling: Bundling = bundle_lanes([step.after for step in plan.steps], self.lane_of_step, shapes)
        self.box_of = {step: box for box, steps in enumerate(self.bundling.boxes) for step in steps}
        self.places = {
            decision.name: decision.location for decision in explanation.decisions if decision.subject == "step"
        }
        self.step_names = {(each.workstream, each.step): each.name for each in plan.definitions}

    def build(self) -> Picture:
        plan, bundling = self.plan, self.bundling
        critical = [self.box_of[position] for position in self.schedule.critical_path]
        boxes = tuple(self._box(steps, frozenset(critical)) for steps in bundling.boxes)
        ranks = undo_ranks(bundling.after, {box for box, one in enumerate(boxes) if one.undo})
        boxes = tuple(replace(box, undo_rank=rank) for box, rank in zip(boxes, ranks, strict=True))
        groups = self._lane_groups()
        return Picture(
            title=f"Order {plan.order.id}",
            subtitle=", ".join(plan_sizes(plan)),
            facts=tuple(self._facts()),
            boxes=boxes,
            lanes=tuple(self._lane(members, group) for members, group in zip(bundling.lanes, groups, strict=True)),
            layout=layout_plan(bundling.after, bundling.lane_of_box, groups),
            critical_edges=frozenset(pairwise(critical)),
            rework_arcs=tuple(self._rework_arcs()),
            sources=source_lines(plan, self.explanation.decisions),
            became_heading="Order lines and what they become",
            matrices=tuple(self._matrices()),
            lane_of_line=self._lane_of_line(),
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        plan = self.plan
        if customer := format_customer(plan.order.customer):
            yield "Customer", customer
        if plan.order.requested_start:
            yield "Requested start", format_time(plan.order.requested_start)
        if plan.order.requested_completion:
            yield "Requested completion", format_time(plan.order.requested_completion)
        if plan.steps:
            yield "Expected duration", expected_duration_text(plan, self.schedule)
        if self.schedule.unknown:
            whose = "its time is" if len(self.schedule.unknown) == 1 else "their times are"
            steps = name_steps(self.schedule.unknown, MAX_LINES_NAMED)
            yield "Not in that duration", f"{steps}: {whose} not known yet"
        yield "Catalogue", plan.catalogue_version[:SHORT_VERSION_LENGTH]

    def _lane_groups(self) -> list[int]:
        """The group of each lane of the picture."""
        plan = self.plan
        owners = LineOwners(plan.order_lines, plan.fulfilment_lines)
        paths = [
            common_path([owners.owner(plan.step_lines(plan.steps[step])) for step in lane.steps])
            for lane in self.swimlanes
        ]
        return number_groups(common_path([paths[lane] for lane in members]) for members in self.bundling.lanes)

    def _lane_of_line(self) -> dict[str, int]:
        found: dict[tuple[bool, str], int] = {}
        for steps, lane in zip(self.bundling.boxes, self.bundling.lane_of_box, strict=True):
            for step in (self.plan.steps[position] for position in steps):
                workstream = self.plan.step_definition(step).workstream
                for line in self.plan.step_lines(step):
                    found.setdefault((line.product == workstream, line.id), lane)
        return {id_: lane for (_, id_), lane in sorted(found.items())}

    def _lane(self, members: Sequence[int], group: int) -> PictureLane:
        first = self.swimlanes[members[0]]
        if len(members) == 1:
            lines = self.plan.step_lines(self.plan.steps[first.steps[0]])
            return PictureLane(first.title, _named([line.id for line in lines]), group=group)
        names = [lane.suffix for lane in (self.swimlanes[each] for each in members)]
        return PictureLane(first.name, _named(names), len(members), group)

    def _box(self, steps: Sequence[int], critical: frozenset[int]) -> PictureBox:
        plan, position = self.plan, steps[0]
        planned = plan.step_definition(plan.steps[position])
        definition, box = planned.definition, self.box_of[position]
        conditions = [self.conditions[step] for step in steps if step in self.conditions]
        skipped = [condition for condition in conditions if condition.known.value is False]
        return PictureBox(
            numbers=format_step_numbers(steps),
            name=planned.name,
            kind=definition.kind,
            action=describe_action(definition),
            duration=usual_duration(self.schedule, position),
            facts=tuple(self._box_facts(steps, conditions)),
            count=len(steps),
            is_final=definition.point_of_no_return,
            is_conditional=len(skipped) < len(steps) and any(one.known.value is not True for one in conditions),
            is_skipped=len(skipped) == len(steps),
            is_critical=box in critical,
            undo=describe_undo(definition.undo) if definition.undo else "",
            failures=self._failures(position),
        )

    def _failures(self, position: int) -> tuple[str, ...]:
        planned = self.plan.step_definition(self.plan.steps[position])
        if planned.definition.milestone:
            return ()
        names = {step: name for (workstream, step), name in self.step_names.items() if workstream == planned.workstream}
        return describe_failures(planned.definition.on_failure, names)

    def _box_facts(self, steps: Sequence[int], conditions: Sequence[StepCondition]) -> Iterator[tuple[str, str]]:
        plan, position = self.plan, steps[0]
        step = plan.steps[position]
        planned = plan.step_definition(step)
        if len(steps) > 1:
            yield "Steps", f"{pluralize(len(steps), 'step')}, one for each line: see the table of this lane"
        yield "Id", _named([plan.steps[each].id for each in steps])
        yield from definition_facts(planned.definition)
        before = sorted({self.box_of[earlier] for each in steps for earlier in plan.steps[each].after})
        yield "Waits for", ", ".join(self._box_names(before)) or "nothing: it starts at once"
        for condition in start_conditions(plan, planned.definition):
            if not condition.startswith("if "):
                yield "Starts", condition
        for text in dict.fromkeys(describe_condition(condition) for condition in conditions[:MAX_LINES_NAMED]):
            yield "When", text
        schedule = self.schedule
        if position in schedule.unknown:
            yield "Expected", "its time is not known yet"
        else:
            duration = format_elapsed(schedule.ends[position] - schedule.starts[position])
            yield "Expected", f"{duration}, from {format_elapsed(schedule.starts[position])} after the start"
        if schedule.slack[position] > 0:
            yield "Slack", f"may end {format_elapsed(schedule.slack[position])} later"
        yield "Serves", _named([line.id for each in steps for line in plan.step_lines(plan.steps[each])])
        if planned.definition.call is not None or planned.definition.activity is not None:
            yield "Attempts", describe_retry(planned.retry)
        for text in self._failures(position):
            yield "If it fails", text
        if place := self.places.get(f"{planned.workstream}.{planned.step}", "").rpartition(":")[0]:
            yield PLACE_LABEL, place

    def _box_names(self, boxes: Sequence[int]) -> Iterator[str]:
        for box in boxes:
            steps = self.bundling.boxes[box]
            name = self.plan.step_definition(self.plan.steps[steps[0]]).name
            yield f"{format_step_numbers(steps[:MAX_LINES_NAMED])} {name}"

    def _rework_arcs(self) -> Iterator[tuple[int, int]]:
        plan = self.plan
        for box, steps in enumerate(self.bundling.boxes):
            planned = plan.step_definition(plan.steps[steps[0]])
            lane = self.swimlanes[self.lane_of_step[steps[0]]]
            by_name = {plan.step_definition(plan.steps[each]).step: each for each in lane.steps}
            for target in {rule.redo_from for rule in planned.definition.on_failure if rule.redo_from}:
                if target in by_name:
                    yield box, self.box_of[by_name[target]]

    def _matrices(self) -> Iterator[Matrix]:
        """One for the bundles that serve the same lines."""
        bundles: dict[tuple[str, ...], list[int]] = {}
        for number, members in enumerate(self.bundling.lanes):
            if len(members) > 1:
                suffixes = tuple(self.swimlanes[lane].suffix for lane in members)
                bundles.setdefault(suffixes, []).append(number)
        for suffixes, lanes in bundles.items():
            boxes = [steps for lane in lanes for steps in self._boxes_of(lane)]
            columns = [self.plan.step_definition(self.plan.steps[steps[0]]) for steps in boxes]
            rows = tuple((suffix, tuple(str(steps[at] + 1) for steps in boxes)) for at, suffix in enumerate(suffixes))
            names = tuple(f"{each.workstream_name}: {each.name}" for each in columns)
            yield Matrix(f"{pluralize(len(rows), 'line')} × {pluralize(len(boxes), 'step')}", names, rows)

    def _boxes_of(self, lane: int) -> list[tuple[int, ...]]:
        return [steps for steps, one in zip(self.bundling.boxes, self.bundling.lane_of_box, strict=True) if one == lane]


def _named(names: Sequence[str]) -> str:
    """`a, b, c, … (170 in all)`."""
    shown = list(dict.fromkeys(names))
    more = f", … ({len(shown):,} in all)" if len(shown) > MAX_LINES_NAMED else ""
    return ", ".join(shown[:MAX_LINES_NAMED]) + more
