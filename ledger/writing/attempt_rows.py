"""The rows of attempts. Pure."""

from __future__ import annotations

from typing import Any

from activities.attempts.attempt_sink import AttemptRecord

SUCCEEDED, FAILED = "succeeded", "failed"


def attempt_row(attempt: AttemptRecord, worker: str) -> dict[str, Any]:
    effect, number, token = _parts_of_key(attempt)
    return {
        "order_id": attempt.order_id,
        "step_id": attempt.step_id,
        "started_at": attempt.started_at,
        "number": attempt.number,
        "effect": effect,
        "effect_number": number,
        "token": token,
        "ended_at": attempt.ended_at,
        "system": attempt.system,
        "outcome": SUCCEEDED if attempt.succeeded else FAILED,
        "code": attempt.code,
        "status": attempt.status,
        "message": attempt.message,
        "next_attempt_at": attempt.next_attempt_at,
        "worker": worker,
    }


def _parts_of_key(attempt: AttemptRecord) -> tuple[str, int, str]:
    """(effect, number, token) of activity_contract.idempotency_key."""
    rest = attempt.idempotency_key.removeprefix(f"{attempt.order_id}/{attempt.step_id}/")
    effect, _, numbered = rest.partition("/")
    number, _, token = numbered.partition("/")
    return effect, int(number), token
