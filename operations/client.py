"""Everything that a client can do with orders, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from temporalio.client import Client

from compiler.catalogue_files import CatalogueFiles
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_filter import WorkFilter
from operations import systems
from operations.actions import amend_order, perform_action, possible_actions
from operations.actions.amend_order import AmendCommand
from operations.blockers import cross_order_blockers
from operations.blockers.order_blockers import Blocker, find_blockers
from operations.bulk import bulk_actions, bulk_jobs, job_reading
from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_jobs import JobChange, StartedJob
from operations.bulk.bulk_runner import BulkPacing, BulkRunner, BulkTarget
from operations.bulk.bulk_selection import BulkSelection
from operations.bulk.job_reading import JobDetails, JobPage, JobState, ListedJob
from operations.errors import NoWorker
from operations.events import deliver_events, resend_to_receiver, undelivered_notifications
from operations.events.deliver_events import DeliveryResult
from operations.events.resend_to_receiver import ResentToReceiver
from operations.events.undelivered_notifications import UndeliveredList
from operations.publishing import publish_version, published_versions
from operations.publishing.catalogue_in_force import CatalogueReader
from operations.publishing.publish_version import PublishCommand, PublishResult, VersionToPublish
from operations.publishing.published_versions import PublishedVersion
from operations.reading import deployed_catalogue, order_details, planned_definitions, system_health
from operations.reading.changes import Changes
from operations.reading.exports import Exports
from operations.reading.ledger_access import LedgerAccess, configured_ledger
from operations.reading.list_orders import OrderPage
from operations.reading.listed_orders import ListedOrders
from operations.reading.order_details import OrderDetails
from operations.reading.order_pages import OrderPages
from operations.reading.order_source import OrderSource, Preference
from operations.reading.own_writes import wait_until_written
from operations.reading.provenance import Provenance
from operations.reading.reports import ReportCriteria, Reports
from operations.reading.system_health import SystemHealth
from operations.reading.worklists import StepWorklist
from operations.submission import submit_order
from operations.submission.submit_order import SubmissionResult
from operations.submission.used_ids import UsedIds
from operations.systems import SystemStatus
from operations.temporal.connection import ConnectionSettings, check_server, connect, server_address
from workflows.contract.action_checks import ActionCheck, PossibleActionsRequest, StepDetails
from workflows.contract.actions import ActionSpec
from workflows.contract.bulk_messages import BulkProgress, BulkResultsPage, BulkResultsRequest
from workflows.contract.catalogue_messages import WorkerCatalogue
from workflows.contract.order_messages import (
    TASK_QUEUE,
    ActionResult,
    Actor,
    AmendResult,
    CallbackDelivery,
    EventDelivery,
    Message,
)
from workflows.contract.order_summary import OrderSummary
from workflows.contract.order_views import StepsPage, StepsPageRequest
from workflows.contract.outbox_messages import OutboxView, ResendResult
from workflows.contract.publication_messages import Publication
from workflows.contract.states import OrderState, StepState
from workflows.contract.switch_messages import SwitchResult

if TYPE_CHECKING:
    from activity_contract.line_reasons import LineReason
    from compiler.plan.plan import PlannedDefinition
    from ledger.reading.single_order.attempts import StoredAttempt
    from ledger.reading.single_order.submissions import StoredSubmission
    from ledger.reading.work_lists.system_work import WorkAtSystem
    from ledger.reading.work_lists.work_groups import FalloutGroup, TaskGroup
    from workflows.contract.order_changes import AmendmentRecord


class OrderClient:
    """Every method raises OperationError: ServerUnreachable, NoWorker, NotFound, OperationRefused, TimedOut."""

    def __init__(self, client: Client, task_queue: str = TASK_QUEUE, ledger: LedgerAccess | None = None) -> None:
        """`ledger` is asked for lists and for orders that have ended. None: everything comes from Temporal."""
        self.client = client
        self.task_queue = task_queue
        self.ledger = ledger
        self._listed = ListedOrders(client, ledger)
        self._source = OrderSource(client, ledger)
        self.reports = Reports(ledger)
        self.exports = Exports(client, ledger)
        self.catalogues = CatalogueReader(client, task_queue)
        self.changes = Changes(client, ledger)
        self.pages = OrderPages(ledger)
        self._used_ids = UsedIds(ledger) if ledger is not None else None

    @classmethod
    async def connect(cls, settings: ConnectionSettings | None = None, *, lazy: bool = False) -> OrderClient:
        """The ledger is the one that ORDO_LEDGER_URL names. With one, Temporal may be away: see `lazy` of `connect`."""
        settings, ledger = settings or ConnectionSettings(), configured_ledger()
        return cls(await connect(settings, lazy=lazy or ledger is not None), settings.task_queue, ledger)

    @property
    def address(self) -> str:
        return server_address(self.client)

    async def check_server(self) -> None:
        """Raises ServerUnreachable unless Temporal answers and has the namespace."""
        await check_server(self.client)

    async def submit(
        self, order: dict[str, Any], *, new_revision: bool = False, decision_timeout: float = 15.0
    ) -> SubmissionResult:
        submission = await submit_order.submit_order(
            self.client,
            order,
            self.task_queue,
            new_revision=new_revision,
            decision_timeout=decision_timeout,
            used_ids=self._used_ids,
        )
        if not submission.waiting_for_worker:
            await self._wait_until_written(submission.order_id)
        return submission

    async def read(
        self, order_id: str, *, steps: bool = True, source: Preference = "best", submission: int | None = None
    ) -> OrderDetails:
        """`submission` is a number in `list_submissions`: that one is read from the ledger. Without one, the latest."""
        return await self._source.read(order_id, source, submission, steps=steps)

    async def list_submissions(self, order_id: str) -> tuple[Sequence[StoredSubmission], Provenance]:
        """How often the order was submitted, the oldest first. Only with a ledger."""
        return await self._source.read_submissions(order_id)

    async def add_steps(self, details: OrderDetails) -> OrderDetails:
        """The order, which was just read without its steps, with all of them."""
        return await self._source.add_steps(details)

    async def _wait_until_written(self, order_id: str) -> None:
        """So that lists show what an action has done."""
        await wait_until_written(self.client, self.ledger, order_id)

    async def read_steps_page(
        self,
        order_id: str,
        offset: int = 0,
        limit: int = order_details.STEPS_PAGE_SIZE,
        states: Sequence[StepState] | None = None,
        submission: int | None = None,
    ) -> StepsPage:
        """`submission` is as for `read`."""
        request = StepsPageRequest(offset=offset, limit=limit, states=list(states) if states else None)
        return await self._source.read_steps_page(order_id, request, submission)

    async def read_planned_definitions(self, order_id: str) -> Sequence[PlannedDefinition]:
        """The definitions of the order's steps, as they were when it was compiled. Only the order itself knows them."""
        return await planned_definitions.read_planned_definitions(self.client, order_id)

    async def list_orders(
        self, criteria: OrderFilter | None = None, cursor: str | None = None, sort: str | None = None
    ) -> OrderPage:
        """One page of orders. `sort` is a text as `parse_order_sort` reads it. Without one, open orders come first, the
        newest first. Ended orders follow, the last ended first."""
        return await self._listed.orders(criteria or OrderFilter(), cursor, sort)

    async def count_orders(self, criteria: OrderFilter | None = None) -> dict[OrderState, int]:
        """The number of matching orders by state. States without orders are left out."""
        return await self._listed.count(criteria or OrderFilter())

    async def wait_until_ended(self, order_id: str, timeout: float | None = None) -> OrderSummary:  # noqa: ASYNC109
        """Returns the order as it ended. `timeout` is in seconds."""
        return await perform_action.wait_until_ended(self.client, order_id, timeout)

    async def deliver_event(self, order_id: str, event: EventDelivery) -> DeliveryResult:
        result = await deliver_events.deliver_event(self.client, order_id, event, self.task_queue)
        await self._wait_until_written(order_id)
        return result

    async def deliver_event_by_key(self, event: EventDelivery) -> DeliveryResult:
        return await deliver_events.deliver_event_by_key(self.client, event, self.task_queue)

    async def deliver_callback(self, order_id: str, callback: CallbackDelivery) -> DeliveryResult:
        return await deliver_events.deliver_callback(self.client, order_id, callback)

    async def deliver_callback_by_id(self, secret: bytes, callback_id: str, payload: Any) -> DeliveryResult:
        """`callback_id` is the id that the call sent. It names order and step. Any other text raises NotFound."""
        return await deliver_events.deliver_callback_by_id(self.client, secret, callback_id, payload)

    async def perform_action(self, order_id: str, action: ActionSpec, request: Message) -> ActionResult:
        """`request` is an `action.request`."""
        result = await perform_action.perform_action(self.client, order_id, action, request, self.ledger)
        await self._wait_until_written(order_id)
        return result

    async def possible_actions(self, order_id: str, request: PossibleActionsRequest) -> Mapping[str, ActionCheck]:
        """Action → what the order would answer now. Nothing is done."""
        return await possible_actions.read_possible_actions(self.client, order_id, request)

    async def step_details(self, order_id: str, step: str) -> StepDetails | None:
        """What the step (an id or a number) sends, and its definition. None for an order that is not compiled."""
        return await possible_actions.read_step_details(self.client, order_id, step)

    async def amend(self, command: AmendCommand) -> AmendResult:
        """Changes the order to the whole new one, or reports what that would do (`dry_run`)."""
        result = await amend_order.amend_order(self.client, self.task_queue, command, self.ledger)
        await self._wait_until_written(result.order_id)
        return result

    async def list_fallout(
        self, criteria: WorkFilter | None = None, cursor: str | None = None, sort: str | None = None
    ) -> StepWorklist:
        """Steps in fallout of all running orders: at most `limit` steps, or without a ledger those of at most `limit`
        orders. Also returns the orders that have to be recovered, with a queue only those with such steps in it.
        `sort` is a text as `parse_work_sort` reads it."""
        return await self._listed.work("fallout", criteria or WorkFilter(), cursor, sort)

    async def list_tasks(
        self, criteria: WorkFilter | None = None, cursor: str | None = None, sort: str | None = None
    ) -> StepWorklist:
        """Open tasks of all running orders, as `list_fallout`. Tasks are manual steps, and steps that were escalated to
        a queue. Also returns the orders with tasks that have to be recovered."""
        return await self._listed.work("task", criteria or WorkFilter(), cursor, sort)

    async def group_fallout(self, criteria: WorkFilter | None = None) -> tuple[Sequence[FalloutGroup], Provenance]:
        """Steps in fallout by system and error code. Only with a ledger."""
        return await self._listed.fallout_groups(criteria or WorkFilter())

    async def group_tasks(self, criteria: WorkFilter | None = None) -> tuple[Sequence[TaskGroup], Provenance]:
        """Open tasks by queue and age. Only with a ledger."""
        return await self._listed.task_groups(criteria or WorkFilter())

    async def list_holders(self) -> Sequence[str]:
        """Everybody who holds work now. Nobody without a ledger."""
        return await self._listed.holders()

    async def read_work_at_system(self, system: str) -> tuple[WorkAtSystem, Provenance]:
        """Steps of open orders whose call to this system is under way, or waits. Only with a ledger."""
        return await self._listed.work_at_system(system)

    async def list_undelivered(
        self, receiver: str | None = None, limit: int = 100, cursor: str | None = None
    ) -> UndeliveredList:
        """Events that were given up, from at most `limit` orders."""
        return await undelivered_notifications.list_undelivered(self.client, receiver, limit, cursor)

    async def read_outbox(self, order_id: str) -> OutboxView:
        """The events of one order that have not been delivered yet."""
        return await undelivered_notifications.read_outbox(self.client, order_id)

    async def resend(
        self, order_id: str, receiver: str | None = None, events: Sequence[str] | None = None
    ) -> ResendResult:
        """Sends the events that were given up again, and retries waiting ones at once. None means all receivers or all
        events."""
        return await undelivered_notifications.resend(
            self.client, order_id, receiver, None if events is None else [*events]
        )

    async def resend_to_receiver(self, receiver: str) -> ResentToReceiver:
        """Sends what was given up for a receiver again, in all orders."""
        return await resend_to_receiver.resend_to_receiver(self.client, receiver)

    async def find_blockers(
        self, order_id: str, step: str | None = None, source: Preference = "best"
    ) -> tuple[OrderDetails, Sequence[Blocker]]:
        """Returns the order, and what it waits for now, also in other orders. `step` (an id or a number) asks about one
        step instead. Raises NoWorker if a step is given, and neither a worker nor the ledger answers."""
        details = await self.read(order_id, source=source)
        if step and details.source == "record":
            raise NoWorker(f"Order {order_id}")
        blockers = find_blockers(details.order, details.steps, details.step(step) if step else None)
        return details, await cross_order_blockers.trace_cross_order(self.read, details, blockers)

    async def read_history(
        self, order_id: str, source: Preference = "best", submission: int | None = None
    ) -> OrderDetails:
        """Returns the order without its steps; `order.history` says who did what, when and why. From the ledger, it is
        complete, and has what people entered. `submission` is as for `read`. Raises NoWorker."""
        return await self._source.read_history(order_id, source, submission)

    async def read_attempts(
        self, order_id: str, step: str | None = None, submission: int | None = None
    ) -> list[StoredAttempt]:
        """The attempts at an order's calls, or at those of a step (an id or a number). `submission` is as for `read`.
        Only with a ledger."""
        return await self._source.read_attempts(order_id, step, submission)

    async def read_amendments(self, order_id: str, submission: int | None = None) -> Sequence[AmendmentRecord]:
        """Each amendment, with the order before and after it. `submission` is as for `read`. Only with a ledger."""
        return await self._source.read_amendments(order_id, submission)

    async def read_line_reasons(self, order_id: str) -> Sequence[LineReason]:
        """Why the lines of an order exist: the rules of products and the components that made them. Lines that were
        ordered have none, and neither has an order that the ledger has only just heard of. Only with a ledger."""
        return await self._source.read_line_reasons(order_id)

    async def select_bulk_targets(self, command: BulkCommand) -> BulkSelection:
        return await bulk_actions.select_targets(self.client, command)

    def create_bulk_runner(self, command: BulkCommand, pacing: BulkPacing) -> BulkRunner:
        """The runner performs the action on the targets that `select_bulk_targets` has found, or on some of them."""
        return bulk_actions.create_runner(self.client, command, pacing)

    async def start_bulk_job(
        self, command: BulkCommand, targets: Sequence[BulkTarget], pacing: BulkPacing, about: str = ""
    ) -> str:
        """A job that outlives this client. Returns its id. `about`: what was chosen, in words."""
        return await bulk_jobs.start_job(self.client, self.task_queue, command, targets, pacing, about)

    async def start_matching_bulk_job(
        self, command: BulkCommand, pacing: BulkPacing, job: str | None = None
    ) -> StartedJob:
        """A job on everything that fits the command's criteria now. With an id, the same request counts once."""
        return await bulk_jobs.start_matching_job(self.client, self.task_queue, command, pacing, job)

    async def list_bulk_jobs(
        self, limit: int = job_reading.DEFAULT_LIMIT, cursor: str | None = None, *, only_running: bool = False
    ) -> JobPage:
        """Running ones first, the newest first; then those that ended, as long as Temporal keeps them."""
        return await job_reading.list_jobs(self.client, limit, cursor, only_running=only_running)

    async def read_bulk_job_state(self, listed: ListedJob) -> JobState | None:
        """As it stands now, also whether it is paused, or was stopped. None: no worker tells."""
        return await job_reading.read_state(self.client, listed)

    async def read_bulk_job(self, job: str) -> ListedJob:
        """Needs no worker."""
        return await job_reading.read_listed(self.client, job)

    async def read_bulk_job_details(self, job: str) -> JobDetails:
        """With its progress. Of a job that has ended, without a worker."""
        return await job_reading.read_details(self.client, job)

    async def read_bulk_progress(self, job: str) -> BulkProgress:
        return await job_reading.read_progress(self.client, job)

    async def read_bulk_results(self, job: str, request: BulkResultsRequest) -> BulkResultsPage:
        return await job_reading.read_results(self.client, job, request)

    async def change_bulk_job(self, job: str, change: JobChange, actor: Actor) -> None:
        """Pauses it, continues it, or stops it."""
        await bulk_jobs.change_job(self.client, job, change, actor)

    async def list_systems(self) -> Sequence[SystemStatus]:
        """Every system that this deployment's workers announce, with its switch and the number of waiting calls."""
        return await systems.list_systems(self.client, self.task_queue)

    async def read_system(self, system: str) -> SystemStatus:
        return await systems.read_system(self.client, system, self.task_queue)

    async def read_system_health(
        self, criteria: ReportCriteria, system: str | None = None, *, needs_report: bool = False
    ) -> SystemHealth:
        """The systems, and how they answered in the period, which only a ledger knows."""
        return await system_health.read_system_health(
            self.client, self.task_queue, self.reports, criteria, system, needs_report=needs_report
        )

    async def read_worker_catalogues(self) -> Sequence[WorkerCatalogue]:
        """What each live worker of this deployment has in force, and which edit it refused."""
        return await deployed_catalogue.read_worker_catalogues(self.client, self.task_queue)

    async def list_versions(self) -> Sequence[PublishedVersion]:
        """The published versions of the catalogue that are kept, the newest first."""
        return await published_versions.list_versions(self.client, self.task_queue)

    async def read_published_files(self, reference: str) -> tuple[Publication, CatalogueFiles]:
        """The files of a published version. `reference`: its number, the beginning of its SHA-256, or `current`."""
        publication = await published_versions.find_version(self.client, self.task_queue, reference)
        return publication, await published_versions.read_published_files(self.client, self.task_queue, publication)

    async def read_publication_numbers(self, version: str) -> Sequence[int]:
        """The numbers under which this catalogue version is published, the newest first. Empty if it never was."""
        return await published_versions.read_numbers(self.client, self.task_queue, version)

    async def find_catalogue_version(self, reference: str) -> str:
        """A catalogue version by its number, the beginning of its SHA-256, `current`, or in full."""
        return await published_versions.find_catalogue_version(self.client, self.task_queue, reference)

    async def read_version(self, reference: str) -> tuple[PublishedVersion, CatalogueFiles]:
        """A published version with its files. `reference` is as for `read_published_files`."""
        return await published_versions.read_version(self.client, self.task_queue, reference)

    async def read_last_publication_number(self) -> int:
        """0 if nothing was ever published."""
        return await published_versions.read_last_number(self.client, self.task_queue)

    async def read_version_to_publish(self, reference: str, environment: str | None = None) -> VersionToPublish:
        """A version that is published here. `environment`: what this deployment is called, to publish it elsewhere."""
        return await publish_version.read_version_to_publish(self.client, self.task_queue, reference, environment)

    async def publish(self, command: PublishCommand) -> PublishResult:
        """Puts a version in force for all workers, or withdraws what is published. The workers are asked first."""
        return await publish_version.publish_version(self.client, self.task_queue, command)

    async def switch_system(self, system: str, target_state: Literal["on", "off"], actor: Actor) -> SwitchResult:
        return await systems.switch_system(self.client, self.task_queue, system, target_state, actor)
