"""The names of Ordo's own activities, as histories record them. A custom activity cannot have one of them.

Only names of activities belong here: ACTIVITY_NAMES is made of all of them.
"""

from __future__ import annotations

CALL_SYSTEM = "call_system"  # SystemCall → SystemCallResult
POLL_SYSTEM = "poll_system"  # SystemCall → SystemCallResult
PROBE_SYSTEM = "probe_system"  # SystemProbe → ProbeResult
SET_QUEUE_RATE = "set_queue_rate"  # QueueRateInput → QueueRateResult

COMPILE_ORDER = "compile_order"  # CompileOrderInput → CompiledOrder
COMPILE_AMENDMENT = "compile_amendment"  # CompileAmendmentInput → CompiledAmendment

SUBSCRIBE_EVENTS = "subscribe_events"  # EventSubscription → None
UNSUBSCRIBE_EVENTS = "unsubscribe_events"  # EventSubscription → None
RETURN_EVENTS = "return_events"  # ReturnedEvents → None
WATCH_ORDER_STEP = "watch_order_step"  # StepWatch → CrossOrderStepStatus

HAND_OVER_EVENTS = "hand_over_events"  # NotificationBatch → None; starts the order's outbox if it is not running
MATCH_EVENTS = "match_events"  # NotificationBatch → MatchedEvents
DELIVER_EVENTS = "deliver_events"  # ReceiverDelivery → DeliveryOutcome

SEND_BULK_UPDATES = "send_bulk_updates"  # BulkBatch → BulkBatchResult
ASK_BULK_STEPS = "ask_bulk_steps"  # StepsAsked → StepsFound

ACTIVITY_NAMES = frozenset(value for name, value in tuple(globals().items()) if name.isupper())
