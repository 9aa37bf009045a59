"""Types of keys whose text names something else: a product, a system, a step.

At run time each is a plain text. In the JSON Schema it carries a mark, `x-refers-to`, with the kind of thing that it
names. The schema of a catalogue, completion, navigation and rename in editors all come from these marks.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

REFERENCE_MARK = "x-refers-to"

TechnicalProductName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "technical_product"})]
CommercialProductName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "commercial_product"})]
ProductName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "product"})]
"""A commercial or technical product."""
ProductClassName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "product_class"})]
SystemName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "system"})]
RetryName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "retry"})]
StepReferenceText = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "step"})]
"""`step`, `workstream.step` or `workstream`."""
StepOrInstance = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "step_or_instance"})]
"""`step`, `workstream.step`, or the id of an instance (`camera.ship@1`)."""
OwnStepName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "own_step"})]
"""A step of the same workstream."""
ReceiverName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "receiver"})]
QueueName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "queue"})]
"""A list of tasks. Nothing declares it: it exists where it is named."""
ReceiverOrQueueName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "receiver_or_queue"})]
EventName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "event"})]
"""An event that steps wait for."""
EventTypeName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "event_type"})]
"""A type of order events, or a pattern of them."""
ActivityName = Annotated[str, Field(json_schema_extra={REFERENCE_MARK: "activity"})]
"""A Python activity."""
