"""Bulk jobs as their list shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.presenting.actions.action_words import action_label
from console.presenting.bulk.choice import noun_of
from console.presenting.bulk.job_page import STATES
from operations.bulk.job_reading import JobState, ListedJob
from views.shared.value_format import pluralize
from workflows.contract.actions import ACTIONS

UNTOLD = ("● running, or paused: no worker tells", "quiet")
"""The word and the tone of a job of which only Temporal's record is known."""


@dataclass(frozen=True, slots=True)
class JobRow:
    url: str
    title: str
    """`Retry 12 steps`"""
    about: str
    by: str
    began: datetime
    state_word: str
    tone: str


def job_row(listed: ListedJob, state: JobState | None) -> JobRow:
    card = listed.card
    spec = ACTIONS[card.action]
    title = f"{action_label(spec)} {pluralize(card.total, noun_of(spec))}"
    word, tone = UNTOLD if state is None else STATES[state]
    return JobRow(f"/bulk/{listed.job}", title, card.about, card.by, listed.started_at, word, tone)
