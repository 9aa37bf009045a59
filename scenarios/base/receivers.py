"""The receivers of a scenario: what they answer to notifications, and what is recorded of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from compiler.language.scenario_answers import ReceiverAnswer
from scenarios.record import Notification, Record
from scenarios.world.receiver_answers import ReceiverAnswers


class Receivers:
    def __init__(self, record: Record, answers: ReceiverAnswers, started_at: float) -> None:
        self._record = record
        self._answers = answers
        self._started_at = started_at
        self._attempts: Counter[tuple[str, str]] = Counter()

    def answer(self, receiver: str, event: Mapping[str, Any], now: float) -> ReceiverAnswer:
        """`event`: the CloudEvent that is sent to the receiver."""
        sent = receiver, str(event["id"])
        self._attempts[sent] += 1
        answer = self._answers.take(receiver)
        at = now - self._started_at
        notification = Notification(at, receiver, event, self._attempts[sent])
        is_accepted = answer.error is None and answer.status < 300
        if is_accepted:
            self._record.notifications.append(notification)
        if not is_accepted or notification.attempts > 1:
            what = f"{notification.type} to {receiver} → {answer.error or answer.status}"
            self._record.note(at, what, notification.step)
        return answer
