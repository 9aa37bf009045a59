"""`/bulk`: jobs that do one action on many. They go on without this page and without the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from console.access.guard import SignedIn, allowed
from console.pages.actions.known_people import known_people
from console.pages.actions.typed_form import local_path, read_typed
from console.pages.bulk.choosing import MAX_TRIED, Chosen, read_chosen, try_out
from console.pages.bulk.job_states import read_states
from console.pages.bulk.live_source import BulkJobSource
from console.pages.work.routes import work_query
from console.presenting.actions.action_words import action_label
from console.presenting.actions.refusals import Refusal, refusal_of_error
from console.presenting.bulk.bulk_form import BulkForm, bulk_form, read_bulk_form
from console.presenting.bulk.choice import noun_of, summary
from console.presenting.bulk.job_list import job_row
from console.presenting.bulk.job_page import job_page, result_rows
from console.presenting.forms.fields import Typed
from console.presenting.work.work_query import WorkQuery
from console.services import Console
from operations.access.permissions import ACTION_PERMISSIONS, BULK_JOB, OVERRIDE, READ_WORK
from operations.access.person import Person, require, require_step
from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_jobs import JOB_ACTIONS, JobChange
from operations.bulk.bulk_runner import BulkFilter
from operations.errors import OperationError
from workflows.contract import actions
from workflows.contract.actions import ActionSpec
from workflows.contract.bulk_messages import BulkOutcome, BulkResultsRequest

NEEDED = ACTION_PERMISSIONS[actions.CLAIM.name]
"""Of everybody who may act on the work that is shown here; the job's action needs its own."""
PAGE_SIZE = 200
ALL = "all"
"""In the address: everything that the filter shows was chosen, not single rows."""
NOTHING_TICKED = "No row is ticked. Tick the rows that you mean, or choose all that fit the filter"
CHANGES: dict[JobChange, str] = {"pause": "paused", "continue": "continued", "stop": "stopped"}


@dataclass(frozen=True)
class Selection:
    """What was chosen on the inbox: rows, or everything that the filter shows."""

    spec: ActionSpec
    query: WorkQuery
    picks: Sequence[str]
    """Empty if everything was chosen."""
    is_everything: bool

    @property
    def is_nothing(self) -> bool:
        return not (self.picks or self.is_everything)

    @property
    def parameters(self) -> str:
        which = [(ALL, "1")] if self.is_everything else [("pick", pick) for pick in self.picks]
        pairs = [("action", self.spec.name), *self.query.parameters().items(), *which]
        return urlencode(pairs)

    @property
    def about(self) -> str:
        """`steps in fallout · system crm · timeout`."""
        noun = "tasks" if self.query.kind == "task" else "steps in fallout"
        named = {name: value for name, value in self.query.parameters().items() if name not in _NOT_NAMED}
        parts = [f"{len(self.picks):,} {noun} by hand" if self.picks else noun]
        return " · ".join(parts + [f"{name} {value}" if value != "1" else name for name, value in named.items()])[:300]


_NOT_NAMED = frozenset({"kind", "sort", "limit", "cursor"})


def _selection(
    query: Annotated[WorkQuery, Depends(work_query)],
    action: Annotated[str, Query(max_length=50)] = "",
    pick: Annotated[list[str] | None, Query(max_length=2_000)] = None,
    everything: Annotated[bool, Query(alias=ALL)] = False,
) -> Selection:
    spec = JOB_ACTIONS.get(action) or JOB_ACTIONS[query.first_bulk_action.name]
    return Selection(spec, query, () if everything else tuple(pick or ()), everything)


Selected = Annotated[Selection, Depends(_selection)]


def bulk_routes(console: Console) -> APIRouter:
    console.live.add_source("bulk", READ_WORK, lambda job: BulkJobSource(console.orders, job))
    routes = APIRouter()
    _add_beginning(routes, console)  # before `/bulk/{job}`, which `/bulk/new` would be taken for
    _add_reading(routes, console)
    _add_changes(routes, console)
    return routes


def _add_beginning(routes: APIRouter, console: Console) -> None:
    @routes.get("/bulk/new", dependencies=[allowed(NEEDED)])
    async def choose(request: Request, person: SignedIn, selected: Selected) -> Response:
        if selected.is_nothing:
            return _nothing_ticked(console, request, selected)
        return await _show_choice(console, request, person, selected, None)

    @routes.post("/bulk/new", dependencies=[allowed(NEEDED)])
    async def begin(request: Request, person: SignedIn, selected: Selected) -> Response:
        if selected.is_nothing:
            return _nothing_ticked(console, request, selected)
        typed = await read_typed(request)
        read = read_bulk_form(selected.spec, typed)
        if read.problems:
            return await _show_choice(console, request, person, selected, typed, read.problems, status=422)
        try:
            permission = ACTION_PERMISSIONS[selected.spec.name]
            require(person, permission)
            if read.override is not None:
                require(person, OVERRIDE)
            chosen = await read_chosen(console.orders, person, selected.spec, selected.query, selected.picks)
            for target in chosen.targets:
                if target.step is not None:
                    require_step(person, permission, target.step)
            job = await console.orders.start_bulk_job(
                BulkCommand(
                    selected.spec,
                    person.actor(person.account, read.reason),
                    BulkFilter(),
                    data=read.data,
                    override=read.override,
                    take_over=read.take_over,
                ),
                chosen.targets,
                read.pacing,
                selected.about,
            )
        except OperationError as error:
            refusal = refusal_of_error(error)
            return await _show_choice(
                console, request, person, selected, typed, refusal=refusal, status=error.http_status
            )
        return console.redirect(request, f"/bulk/{job}", "The job has begun. It goes on when you close this page")


def _nothing_ticked(console: Console, request: Request, selected: Selection) -> Response:
    return console.redirect(request, selected.query.url(), NOTHING_TICKED, problem=True)


async def _show_choice(
    console: Console,
    request: Request,
    person: Person,
    selected: Selection,
    typed: Typed | None,
    problems: dict[str, list[str]] | None = None,
    *,
    refusal: Refusal | None = None,
    status: int = 200,
) -> Response:
    chosen = await read_chosen(console.orders, person, selected.spec, selected.query, selected.picks)
    form = bulk_form(selected.spec, typed, problems, await known_people(console, selected.spec))
    targets = await try_out(console.orders, person, selected.spec, chosen.targets, takes_over=form.takes_over)
    return console.render(
        request,
        "bulk/new.html",
        status=status,
        selected=selected,
        noun=noun_of(selected.spec),
        choices=[(name, action_label(spec)) for name, spec in JOB_ACTIONS.items() if _fits(spec, selected.query)],
        **_shown(chosen, form),
        targets=targets,
        verdicts=summary(targets),
        refusal=refusal,
        back=selected.query.url(),
    )


def _fits(spec: ActionSpec, query: WorkQuery) -> bool:
    return query.kind == "fallout" or spec.bulk_on_tasks


def _shown(chosen: Chosen, form: BulkForm) -> dict[str, Any]:
    return {
        "form": form,
        "total": len(chosen.targets),
        "gone": chosen.gone,
        "unanswered": chosen.unanswered,
        "not_tried": max(len(chosen.targets) - MAX_TRIED, 0),
    }


def _add_reading(routes: APIRouter, console: Console) -> None:
    @routes.get("/bulk", dependencies=[allowed(READ_WORK)])
    async def jobs(request: Request) -> Response:
        listed = (await console.orders.list_bulk_jobs()).jobs
        states = await read_states(console.orders, listed)
        rows = [job_row(*each) for each in zip(listed, states, strict=True)]
        return console.render(request, "bulk/list.html", jobs=rows)

    @routes.get("/bulk/{job}", dependencies=[allowed(READ_WORK)])
    async def job(
        request: Request,
        job: str,
        outcome: BulkOutcome | None = None,
        offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
    ) -> Response:
        since = await console.live.mark(f"bulk/{job}")
        details = await console.orders.read_bulk_job_details(job)
        wanted = BulkResultsRequest(offset=offset, limit=PAGE_SIZE, outcome=outcome)
        results = await console.orders.read_bulk_results(job, wanted)
        return console.render(
            request,
            "bulk/job.html",
            page=job_page(details),
            card=details.listed.card,
            job=job,
            since=since,
            rows=result_rows(results.results),
            outcome=outcome,
            next_offset=results.next_offset,
            offset=offset,
        )


def _add_changes(routes: APIRouter, console: Console) -> None:
    @routes.post("/bulk/{job}/{change}", dependencies=[allowed(BULK_JOB)])
    async def change(request: Request, person: SignedIn, job: str, change: JobChange) -> Response:
        typed = await read_typed(request)
        listed = await console.orders.read_bulk_job(job)
        require(person, ACTION_PERMISSIONS[listed.card.action])
        actor = person.actor(person.account, typed.get("reason", "").strip())
        await console.orders.change_bulk_job(job, change, actor)
        back = local_path(typed.get("back")) or f"/bulk/{listed.job}"
        return console.redirect(request, back, f"The job is {CHANGES[change]}")
