"""A realistic catalogue of any size, for measuring load times."""

from __future__ import annotations

from pathlib import Path

_OFFER = """\
kind: commercial_product
id: {offer}
name: Offer number {number}
code: SKU-{number:05}
attributes:
  units:   {{type: integer, minimum: 0, maximum: 16, default: 2}}
  speed:   {{type: string, enum: [fast, ultra], default: fast}}
  install: {{type: boolean, default: true}}
  site_id: {{type: string}}
decomposes_to:
  - {{product: {offer}_device, when: attributes.units > 0, quantity: quantity * attributes.units}}
  - product: {offer}_access
    attributes:
      bandwidth: {{from: attributes.speed, table: {{fast: 50 Mbps, ultra: 100 Mbps}}}}
  - {{product: {offer}_visit, when: attributes.install && attributes.units > {threshold}}}
  - {{product: {offer}_service, attributes: {{level: "${{attributes.speed}}"}}}}
  - product: {offer}_account
dependencies:
  {offer}_visit.take: [{offer}_device.finish, {offer}_access.finish]
  {offer}_account.take: [{offer}_service.finish]
"""

_PRODUCT_TEMPLATE = """\
---
kind: technical_product
id: {product}
name: {name} of offer {number}
attributes:
{attributes}
steps:
  take:
    name: Take
    call: {{system: inventory, post: /reservations, body: {{sku: "{sku}", quantity: "${{quantity}}"}}}}
    undo: {{call: {{system: inventory, delete: "/reservations/${{output.id}}"}}}}
  make:
    name: Make
    after: [take]
    call:
      system: logistics
      post: /shipments
      body: {{reservation: "${{steps.take.output.id}}", customer: "${{order.customer.id}}"}}
    retry: standard
  wait:
    after: [make]
    event: {{name: done, key: "${{steps.make.output.tracking}}", within: 5d}}
    sla: {{duration: 3d, warn: 12h}}
  finish:
    name: Finish
    after: [wait]
    {finish}
"""

_PARTS = (
    ("device", "Device", "  units: {type: integer, default: 1}", "device-${string(attributes.units)}"),
    ("access", "Access", "  bandwidth: {type: string, required: true}", "access-${attributes.bandwidth}"),
    ("visit", "Visit", "  site_id: {type: string, default: none}", "visit-${attributes.site_id}"),
    ("service", "Service", "  level: {type: string, required: true}", "service-${attributes.level}"),
    ("account", "Account", "  install: {type: boolean, default: false}", "account-${string(attributes.install)}"),
)
_FINISH_STEPS = (
    "milestone: true",
    'manual: {queue: field_ops, instructions: "Finish ${order.id}", form: {outcome: {type: string, required: true}}}',
    'call: {system: logistics, get: "/state/${steps.make.output.id}"}\n'
    "    fail_when: [{if: response.status == 204, code: gone}]",
    "wait: {for: 2h}",
)

_SYSTEMS = """\
kind: system
id: inventory
base_url: http://localhost:9/inventory
---
kind: system
id: logistics
base_url: http://localhost:9/logistics
"""


def write_catalogue(folder: Path, offers: int = 1000) -> None:
    """Writes `offers` files, each with one offer and its five technical products of four steps."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "systems.yaml").write_text(_SYSTEMS)
    for number in range(1, offers + 1):
        offer = f"offer_{number}"
        parts = [_OFFER.format(offer=offer, number=number, threshold=number % 7)]
        for position, (part, name, attributes, sku) in enumerate(_PARTS):
            finish = _FINISH_STEPS[(number + position) % len(_FINISH_STEPS)]
            parts.append(
                _PRODUCT_TEMPLATE.format(
                    product=f"{offer}_{part}",
                    name=name,
                    number=number,
                    attributes=attributes,
                    sku=sku.replace("{number}", str(number)),
                    finish=finish,
                )
            )
        (folder / f"{offer}.yaml").write_text("".join(parts))
