"""Random orders, failures, acts and amendments: in the end the world holds exactly what the order asks for, once."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.plan.codec import decode_plan, encode_plan
from tests.support.core.amendments import Amendable, amended
from tests.support.core.plans import plan_of
from workflows.contract.states import SETTLED, StepState
from workflows.core.amendment import impact
from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance
from workflows.core.state.commands import CancelActivity, StartCall
from workflows.core.state.step_run import StepFailure

Body = dict[str, Any]


class World:
    """What systems hold of each step, and what they answer; honours idempotency keys."""

    def __init__(self) -> None:
        self.held: dict[str, Body] = {}
        self.answers: dict[str, Any] = {}

    def take(self, key: str, body: Body) -> Any:
        """The answer. The same key has one effect."""
        if key in self.answers:
            return self.answers[key]
        _, step, kind, _ = key.split("/")
        if kind == "undo":
            assert step in self.held, f"{step} is undone, and there is nothing of it"
            del self.held[step]
            answer: Any = {}
        elif kind == "change":
            assert step in self.held, f"{step} is changed, and there is nothing of it"
            self.held[step] = body
            answer = {"status": 200, "headers": {}, "body": {"id": made_of(body)}}
        else:
            assert step not in self.held, f"{step} is done twice"
            self.held[step] = body
            answer = {"id": made_of(body)}
        self.answers[key] = answer
        return answer


def made_of(body: Body) -> str:
    return repr(sorted(body.items()))


class Story:
    """One order's life, decided by a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World()
        self.attributes = {f"v{number}": 0 for number in range(8)}
        self.steps = {f"s{number}": self._step(number) for number in range(self.chance.randint(2, 6))}
        self.driven = Amendable(self.steps, attributes=self.attributes)
        self.flying: dict[tuple[int, int], StartCall] = {}
        self.seen = 0

    def _step(self, number: int) -> dict[str, Any]:
        chance = self.chance
        before = [f"s{other}" for other in range(number) if chance.random() < 0.4]
        body = {"value": f"${{attributes.v{number}}}"}
        if before and chance.random() < 0.6:
            body["of"] = f"${{steps.{chance.choice(before)}.output.id}}"
        step: dict[str, Any] = {"call": {"system": "shop", "post": "/x", "body": body}, "after": before}
        step["undo"] = {"call": {"system": "shop", "delete": "/x/${output.id}", "body": {"value": body["value"]}}}
        choice = chance.random()
        if choice < 0.15:
            step["on_change"] = "keep"
        elif choice < 0.35:
            step["on_change"] = {"call": {"system": "shop", "patch": "/x", "body": body}}
        return step

    def gather(self) -> None:
        for command in self.driven.commands[self.seen :]:
            if isinstance(command, StartCall):
                self.flying[command.step, command.launch] = command
        cancelled = [each for each in self.driven.commands[self.seen :] if isinstance(each, CancelActivity)]
        self.seen = len(self.driven.commands)
        for each in cancelled:
            stopped = self.flying.get((each.step, each.launch))
            if stopped is not None and self.chance.random() < 0.5:
                self.end(stopped, smooth=False)

    def end(self, command: StartCall, *, smooth: bool) -> None:
        """An attempt ends: well, with a refusal, or without a word."""
        del self.flying[command.step, command.launch]
        run, request = self.driven.run, command.request
        luck = 1.0 if smooth else self.chance.random()
        if luck < 0.15 and request.idempotency_key not in self.world.answers:
            failure = StepFailure("refused", "no", attempts=1)
            advance.activity_failed(run, command.step, command.launch, failure)
        elif luck < 0.35:
            if self.chance.random() < 0.5:
                self.world.take(request.idempotency_key, request.body)
            failure = StepFailure("timeout", "no answer", outcome_known=False, attempts=1)
            advance.activity_failed(run, command.step, command.launch, failure)
        else:
            answer = self.world.take(request.idempotency_key, request.body)
            advance.activity_succeeded(run, command.step, command.launch, {"output": answer, "attempts": 1})
        self.driven.advance()
        self.gather()

    def act(self) -> None:
        chance = self.chance
        choice = chance.random()
        if choice < 0.6 and self.flying:
            self.end(chance.choice(list(self.flying.values())), smooth=False)
        elif choice < 0.85:
            self.amend()
        elif choice < 0.95 or self.flying:
            self.retry()
        else:
            self.carry_over()

    def amend(self) -> None:
        if self.driven.run.ended:
            return
        steps, attributes = dict(self.steps), dict(self.attributes)
        for name in list(attributes):
            if self.chance.random() < 0.25:
                attributes[name] = self.chance.randint(0, 2)
        gone = {name for name in steps if self.chance.random() < 0.2}
        kept = {name: _without(step, gone) for name, step in steps.items() if name not in gone}
        if kept:
            self.to(kept, attributes)

    def to(self, steps: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
        self.wanted, self.asked = steps, attributes
        self.driven.amend(plan_of(steps, attributes=attributes))
        self.gather()

    def retry(self) -> None:
        stuck = [step for step in self.driven.run.steps if step.in_fallout]
        if stuck:
            self.driven.step_action(
                "retry", self.driven.run.step_id(self.chance.choice(stuck)).split(".")[1].split("@")[0]
            )
            self.gather()

    def carry_over(self) -> None:
        before = self.driven
        run, _ = order_snapshot.restore_order(
            order_snapshot.snapshot_order(before.run, encode_plan(before.run.plan)), before.run.now
        )
        run.raise_engine_errors = True
        before.run, before.plan = run, run.plan
        before.advance()
        self.gather()

    def finish(self) -> None:
        for _ in range(2_000):
            if self.flying:
                self.end(next(iter(self.flying.values())), smooth=True)
            elif any(step.in_fallout for step in self.driven.run.steps):
                self.retry()
            else:
                break
        assert self.driven.run.ended, self.driven.states()

    def holds_what_is_asked(self) -> None:
        run = self.driven.run
        outputs: dict[str, str] = {}
        for name, step in self.wanted.items():
            position = run.position_by_id[f"camera.{name}@1"]
            held = self.world.held.get(f"camera.{name}@1")
            assert run.steps[position].state in (StepState.COMPLETED, StepState.AMENDED), self.driven.states()
            assert held is not None, f"{name} is not there"
            if step.get("on_change") != "keep":
                assert held == self._body(step, name, outputs), name
            outputs[name] = made_of(held)
        extra = set(self.world.held) - {f"camera.{name}@1" for name in self.wanted}
        assert not extra, f"left behind: {extra}"
        assert all(run.steps[at].state in SETTLED for at in run.amendments.retired)
        assert not run.amendments.ending_attempts
        assert not run.amendments.input_digests

    def _body(self, step: Mapping[str, Any], name: str, outputs: Mapping[str, str]) -> Body:
        body = {"value": self.asked[f"v{name[1:]}"]}
        written = step["call"]["body"]
        if "of" in written:
            body["of"] = outputs[written["of"].split(".")[1]]
        return body


def _without(step: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    """The step where others are gone: it neither waits for them nor reads them."""
    changed = {**step, "after": [name for name in step["after"] if name not in gone]}
    call = step["call"]
    if "of" in call["body"] and call["body"]["of"].split(".")[1] in gone:
        body = {"value": call["body"]["value"]}
        changed["call"] = {**call, "body": body}
        if isinstance(step.get("on_change"), dict):
            changed["on_change"] = {"call": {**step["on_change"]["call"], "body": body}}
    return changed


@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_whatever_happens_the_world_holds_what_the_order_asks_for_in_the_end(seed: int) -> None:
    story = Story(seed)
    story.wanted, story.asked = story.steps, story.attributes
    story.gather()
    for _ in range(story.chance.randint(0, 25)):
        story.act()
    story.finish()
    story.holds_what_is_asked()


@given(seed=st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_there_and_back_leaves_the_plan_as_it_was(seed: int) -> None:
    story = Story(seed)
    story.wanted, story.asked = story.steps, story.attributes
    story.gather()
    before = plan_of(story.steps, attributes=story.attributes)
    for _ in range(story.chance.randint(0, 8)):
        story.act()
    if story.driven.run.ended:
        return
    story.to(story.steps, story.attributes)
    run = story.driven.run
    alive = [at for at in range(len(run.steps)) if at not in run.amendments.retired]
    assert {run.plan.steps[at].id for at in alive} == {step.id for step in before.steps}
    found = amended(run.plan, run.amendments.retired, before)
    assert impact.is_no_op(run, found)
    assert decode_plan(encode_plan(run.plan)) == run.plan
