"""The token that all idempotency keys of an order carry (activity_contract/idempotency_key.py)."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

from activity_contract.idempotency_key import TOKEN_LENGTH
from workflows.contract.order_messages import FulfilOrderInput

KEY_TOKEN_PATCH = "idempotency-keys-with-a-token"
"""Patch: a token for an order whose client gives none."""


def submission_token(workflow_input: Any) -> str:
    """The client's token. An order from a client that gives none gets one from the id of its first run, which resets
    and continued runs keep. An order that began before there were tokens has keys without one."""
    given = FulfilOrderInput.model_validate(workflow_input).key_token
    if given is not None:
        return given
    if not workflow.patched(KEY_TOKEN_PATCH):
        return ""
    return workflow.info().first_execution_run_id.replace("-", "")[-TOKEN_LENGTH:]
