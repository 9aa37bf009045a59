"""The table of actions and roles: complete, and the one in the documentation."""

from __future__ import annotations

import pytest

from operations.access.permissions import ACTION_PERMISSIONS, PERMISSIONS, PUBLISH, READ_ORDER, SEND_EVENT, QueueRule
from operations.access.person import Forbidden, Person, require, require_queue, require_step
from operations.access.roles import ROLE_SUMMARIES, Role
from operations.access.sign_in import SHARED_PERSON
from operations.errors import OperationRefused
from tests.support.paths import ROOT
from views.infrastructure.permission_table import PAGE, permission_table, role_table, with_new_tables
from workflows.contract.actions import ACTIONS
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState


def person(*roles: Role, queues: tuple[str, ...] = ()) -> Person:
    return Person("ann", frozenset(roles), frozenset(queues))


def step(queue: str | None, escalated_to: str | None = None) -> StepView:
    return StepView(
        number=3,
        id="camera.a@1",
        workstream="camera",
        workstream_name="Camera",
        name="a",
        kind="manual",
        summary="",
        lines=[],
        after=[],
        state=StepState.IN_PROGRESS,
        queue=queue,
        escalated_to=escalated_to,
    )


def allows(who: Person, name: str) -> bool:
    try:
        require(who, PERMISSIONS[name])
    except Forbidden:
        return False
    return True


def test_every_operator_action_has_a_permission() -> None:
    assert set(ACTION_PERMISSIONS) == set(ACTIONS) <= set(PERMISSIONS)


def test_permission_names_are_unique_and_every_role_is_described() -> None:
    assert all(name == permission.name for name, permission in PERMISSIONS.items())
    assert set(ROLE_SUMMARIES) == set(Role)


def test_documentation_has_the_tables_of_the_code() -> None:
    """`python -m views.infrastructure.permission_table` renews them."""
    page = (ROOT / PAGE).read_text()
    assert page == with_new_tables(page)
    assert permission_table() in page
    assert role_table() in page


def test_an_admin_may_do_everything_and_a_viewer_only_reads() -> None:
    assert all(allows(person(Role.ADMIN), name) for name in PERMISSIONS)
    allowed = {name for name in PERMISSIONS if allows(person(Role.VIEWER), name)}
    assert allowed
    assert all(name.startswith(("read_", "list_")) for name in allowed)


def test_a_sender_sends_events_and_nothing_else() -> None:
    assert [name for name in PERMISSIONS if allows(person(Role.SENDER), name)] == ["send_event"]


def test_a_submitter_looks_after_orders_but_passes_no_point_of_no_return() -> None:
    allowed = {name for name in PERMISSIONS if allows(person(Role.SUBMITTER), name)}
    assert allowed == {"submit", "amend", "cancel", "bulk_job", "read_order"}


def test_only_publishers_and_admins_publish() -> None:
    assert PUBLISH.roles == {Role.PUBLISHER, Role.ADMIN}


@pytest.mark.parametrize(
    "name", ["cancel", "submit", "switch_system", "resend", "send_event", "set", "recover", "redo", "override"]
)
def test_an_operator_with_queues_does_not_act_on_whole_orders_or_systems(name: str) -> None:
    assert allows(person(Role.OPERATOR), name)
    with pytest.raises(Forbidden, match="without a limit to queues"):
        require(person(Role.OPERATOR, queues=("billing",)), PERMISSIONS[name])


def test_an_operator_with_queues_acts_on_the_work_in_them() -> None:
    who, retry = person(Role.OPERATOR, queues=("billing",)), ACTION_PERMISSIONS["retry"]
    assert retry.for_queues is QueueRule.OWN_WORK
    require(who, retry)
    require_step(who, retry, step("billing"))
    require_step(who, retry, step("field", escalated_to="billing"))
    with pytest.raises(Forbidden, match=r"Step 3 .* is in the queue `field`; account ann may act only .* `billing`"):
        require_step(who, retry, step("field"))
    with pytest.raises(Forbidden, match=r"Step 3 .* is in no queue"):
        require_step(who, retry, step(None))
    require_step(person(Role.OPERATOR), retry, step("field"))


def test_an_operator_with_queues_names_one_of_them_in_bulk() -> None:
    who, retry = person(Role.OPERATOR, queues=("billing",)), ACTION_PERMISSIONS["retry"]
    require_queue(who, retry, "billing")
    with pytest.raises(Forbidden, match=r"about the queue `field`; .* `billing`"):
        require_queue(who, retry, "field")
    with pytest.raises(Forbidden, match="names no queue"):
        require_queue(who, retry, None)
    require_queue(person(Role.OPERATOR), retry, None)


def test_another_role_lifts_the_limit_to_queues_for_what_it_allows() -> None:
    who = person(Role.OPERATOR, Role.SUBMITTER, queues=("billing",))
    assert allows(who, "cancel")
    assert not allows(who, "hold")
    assert allows(person(Role.OPERATOR, Role.ADMIN, queues=("billing",)), "hold")


def test_a_refusal_says_which_roles_are_needed() -> None:
    with pytest.raises(Forbidden) as refused:
        require(person(Role.SENDER), READ_ORDER)
    error = refused.value
    assert (error.code, error.http_status) == ("forbidden", 403)
    assert error.data == {"account": "ann", "permission": "read_order", "roles": sorted(READ_ORDER.roles)}
    assert error.message == (
        "Account ann may not do this: the permission read_order needs the role `admin` or `operator` or `publisher` or "
        "`submitter` or `viewer`, and the account has `sender`"
    )


def test_the_account_acts_and_the_name_in_the_request_is_kept_beside_it() -> None:
    portal = Person("portal", SEND_EVENT.roles)
    assert portal.actor("ann", "why").model_dump() == {"by": "portal", "reason": "why", "on_behalf_of": "ann"}
    assert portal.actor("ann").signature == "portal for ann"
    assert portal.actor("ann").holder == "ann"
    assert portal.actor("portal").model_dump() == {"by": "portal", "reason": ""}
    with pytest.raises(OperationRefused, match="name them in `by`"):
        SHARED_PERSON.actor(None)
    assert SHARED_PERSON.actor("ann").signature == "gateway for ann"
    assert portal.actor(None).signature == portal.actor(None).holder == "portal"
