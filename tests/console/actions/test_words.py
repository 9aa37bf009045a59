"""Every action, refusal and alternative of the engine has its place and its words in the console."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.presenting.actions.action_context import ActionContext
from console.presenting.actions.action_form import make_form, read_form
from console.presenting.actions.action_requests import REQUESTS
from console.presenting.actions.action_words import done_words
from console.presenting.actions.data_forms import DATA_FORMS
from console.presenting.actions.parameters import PARTS
from console.presenting.actions.refusals import FACTS, TITLES, refusal_of_error
from console.presenting.actions.suggestions import LABELS, suggestion
from operations.errors import ERROR_STATUSES, OperationRefused
from tests.support.order_views import order_view, step_view
from tests.support.paths import ROOT
from workflows.contract import actions
from workflows.contract.action_checks import ActionCheck, StepDetails
from workflows.contract.actions import ACTIONS
from workflows.contract.order_messages import Alternative, RefusalCode
from workflows.contract.states import StepState

STEP = step_view(3, "camera.reserve@1", StepState.FATALLY_FAILED)


def test_every_parameter_and_request_of_an_action_has_a_form() -> None:
    assert {name for spec in ACTIONS.values() for name in spec.parameters} == PARTS.keys()
    assert {name for name, spec in ACTIONS.items() if "data" in spec.parameters} == DATA_FORMS.keys()
    assert {spec.request for spec in ACTIONS.values()} == REQUESTS.keys()


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_a_form_asks_only_for_what_the_action_takes(name: str) -> None:
    spec = ACTIONS[name]
    form = make_form(ActionContext(spec, order_view(), STEP))
    assert len({field.name for field in form.fields}) == len(form.fields)
    assert form.needs_preview == bool({"assess", "dry_run"} & spec.parameters.keys())
    if not spec.parameters.keys() - {"take_over", "assess", "override"}:
        assert not read_form(ActionContext(spec, order_view(), STEP), {}).problems


def test_every_code_of_an_error_has_a_title() -> None:
    assert ERROR_STATUSES.keys() == TITLES.keys()


def test_every_datum_of_a_refusal_has_a_label() -> None:
    own = {"line", "candidates", "limits", "version"}
    assert set(_data_names()) - own - FACTS.keys() == set()


def _data_names() -> Iterator[str]:
    """Keywords of refusals in the core: what `RefusalDetails.data` has."""
    for file in sorted((ROOT / "workflows" / "core" / "actions").rglob("*.py")):
        for node in ast.walk(ast.parse(Path(file).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("RequestRefused", "step_refused"):
                yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def test_every_alternative_leads_somewhere_or_has_words() -> None:
    for name in LABELS:
        shown = suggestion(Alternative(action=name, parameters={"order_id": "HS-1", "system": "crm"}))
        assert shown.label
        assert shown.url is not None or name in ("start_worker", "start_server", "connect")
    takes_over = Alternative(action="retry", parameters={"order_id": "HS 1", "step": "3", "take_over": True})
    assert suggestion(takes_over).url == "/orders/HS%201/actions/retry?step=3&take_over=True"


def test_a_refusal_shows_its_data_and_findings_in_words() -> None:
    error = OperationRefused(
        RefusalCode.INVALID,
        "Step 3 is not completed",
        [{"message": "unknown", "line": 4, "column": 2}],
        reason="form_mismatch",
        data={"state": "fatally_failed", "problems": ["`a` needs a value", "`b` is unknown"], "holder": None},
    )
    shown = refusal_of_error(error)
    assert [(fact.label, fact.value) for fact in shown.facts] == [
        ("Its state now", "fatally failed"),
        ("What does not fit", "`a` needs a value; `b` is unknown"),
    ]
    assert shown.findings == ["Line 4, column 2: unknown"]


def test_a_point_of_no_return_can_be_passed_with_a_reason() -> None:
    check = ActionCheck(
        action="cancel", code=RefusalCode.NOT_NOW, reason="past_point_of_no_return", message="cannot be cancelled"
    )
    names = [field.name for field in make_form(ActionContext(actions.CANCEL, order_view(), check=check)).fields]
    assert "override" in names
    possible = ActionCheck(action="cancel")
    names = [field.name for field in make_form(ActionContext(actions.CANCEL, order_view(), check=possible)).fields]
    assert "override" not in names


def test_a_retry_sends_only_the_input_that_was_changed() -> None:
    details = StepDetails(
        step=STEP.id,
        workstream="camera",
        input={"method": "post", "body": {"sku": "one", "count": 4, "site": {"id": "S-1"}}},
        input_names=["sku", "count", "site"],
        takes_input=True,
        definition={},
    )
    context = ActionContext(actions.RETRY, order_view(), STEP, details=details)
    typed = {field.name: field.value for field in make_form(context).fields}
    assert (typed["input.sku"], typed["input.count"]) == ("one", "4")
    assert "data" not in read_form(context, typed).values
    changed = read_form(context, typed | {"input.count": "5", "input.sku": "007"})
    assert changed.values["data"] == {"count": 5, "sku": "007"}
    assert read_form(context, typed | {"input.site": "{id: ["}).problems.keys() == {"input.site"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"by": "2h"}, {"by": "2h"}),
        ({"by": "2026-12-01T08:00Z", "limit": "sla"}, {"to": "2026-12-01T08:00:00+00:00", "limit": "sla"}),
    ],
)
def test_more_time_is_a_duration_or_a_moment(typed: dict[str, str], expected: dict[str, str]) -> None:
    context = ActionContext(actions.EXTEND, order_view(), STEP)
    assert read_form(context, typed).values["data"] == expected
    assert "by" in read_form(context, {"by": "soon"}).problems


def test_what_was_done_is_told_by_the_name_of_the_step() -> None:
    step = step_view(3, "visit.meet@1", StepState.COMPLETED, name="Meet")
    told = done_words("Step 3 (visit.meet@1) was completed", "HS-1", step)
    assert told == f"{step.summary or 'Meet'} (step 3 of order HS-1) was completed"
    assert done_words("Order HS-1 is held", "HS-1", None) == "Order HS-1 is held"
    assert done_words("Nothing was held", "HS-1", step) == "Nothing was held"
