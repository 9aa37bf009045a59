"""One mistake in the shipped catalogue gives one finding, in words that a business analyst understands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compiler.load_catalogue import check_definitions
from compiler.source.findings import Finding
from tests.definitions.conftest import DEFINITIONS

OFFER, WAN, SYSTEMS = "offers/home_security.yaml", "offers/managed_wan.yaml", "systems.yaml"
CAMERA, BILLING = "technical/security_camera.yaml", "technical/billing_account.yaml"
VISIT, SHIPMENT = "technical/installation_visit.yaml", "technical/shipment.yaml"
MONITORING, CLASS = "technical/monitoring_subscription.yaml", "classes/recurring_service.yaml"

MISTAKES = [
    (OFFER, "- product: alarm_hub", "- product: alarm_hubb", "did you mean `alarm_hub`?"),
    (OFFER, "attributes.cameras > 0", "attributes.camera > 0", "did you mean `cameras`?"),
    (OFFER, "attributes.cameras > 0", "attributes.cameras = 0", "write `==`"),
    (OFFER, "attributes.cameras > 0", 'attributes.cameras > "0"', "write `0` without quotes"),
    (OFFER, "${attributes.camera_model}", "${attributes.camera-model}", "names are joined by `_`"),
    (OFFER, '"${attributes.camera_model}"', '"${attributes.camera_model"', "not closed by a `}`"),
    (OFFER, '"${attributes.camera_model}"', '"${camera_model}"', "write `attributes.camera_model`"),
    (OFFER, '"${attributes.camera_model}"', "attributes.camera_model", "write `${attributes.camera_model}`"),
    (OFFER, "{hours: 2.5}", "{hours: two}", "must be a number"),
    (OFFER, "{hours: 2.5}", '{hours: "2.5"}', "must be a number"),
    (OFFER, "{hours: 2.5}", "{hours: 2,5}", "decimals are written with a point"),
    (OFFER, "{hours: 2.5}", "{hour: 2.5}", "did you mean `hours`?"),
    (OFFER, "monitoring_subscription.provision: [", "monitoring_subscription.provison: [", "did you mean `provision`?"),
    (OFFER, "alarm_hub.reserve, sec", "alarm_hub.reserve sec", "is a `,` missing"),
    (OFFER, "[alarm_hub.reserve, security_camera", "[alarm_hub.reserve, security-camera", "`security_camera`"),
    (OFFER, "register: [installation_visit.install]", "register: [billing_account.activate]", "in a cycle"),
    (OFFER, "class: recurring", "class: recuring", "did you mean `recurring_service`?"),
    (OFFER, "id: home_security", "id: Home Security", "write for example `home_security`"),
    (OFFER, "kind: commercial_product", "kind: commercial product", "did you mean `commercial_product`?"),
    (OFFER, "kind: commercial_product", "Kind: commercial_product", "must be written `kind`"),
    (OFFER, "name: Home Security Package", "name: Home Security: Package", "quote text with `: ` in it"),
    (OFFER, "type: integer, minimum", "type: int, minimum", "did you mean `integer`?"),
    (OFFER, "default: indoor", "default: Indoor", "did you mean `indoor`?"),
    (OFFER, "default: true, desc", "default: yes, desc", "must be true or false"),
    (OFFER, "  - product: alarm_hub\n", "  - product: alarm_hub\n   when: true\n", "indentation"),
    (OFFER, "  - product: alarm_hub\n", "  -product: alarm_hub\n", "is a blank missing after `-`"),
    (OFFER, "  - product: alarm_hub\n", "\t- product: alarm_hub\n", "use spaces"),
    (OFFER, "code: HS-PKG", "code: 4711", "put it in quotes"),
    (OFFER, "after: [monitoring_subscription.provision]", "after: [provision]", "`monitoring_subscription.provision`?"),
    (OFFER, "after: [monitoring_subscription.provision]", "after: [protected]", "in a cycle"),
    (OFFER, "after: [monitoring_subscription.provision]", "afer: [protected]", "did you mean `after`?"),
    (OFFER, "quantity * attributes.cameras", "quantity x attributes.cameras", "write `*`"),
    (OFFER, "quantity * attributes.cameras", "quantity * 1.5", "write `double(quantity)`"),
    (OFFER, "quantity * attributes.cameras", "${attributes.cameras}", "write it without `${ }`"),
    (OFFER, "actions: [add, delete]", "actions: add, delete", "`[add, delete]`"),
    (CAMERA, "system: inventory\n      post: /res", "system: inventry\n      post: /res", "did you mean `inventory`?"),
    (CAMERA, "system: inventory\n      post: /res", "post: /res", "`system` is missing in `call`"),
    (CAMERA, 'when: "!attributes.surplus"', "when: !attributes.surplus", "quote the text if it begins with `!`"),
    (CAMERA, 'when: "!attributes.surplus"', "when: not attributes.surplus", "write `!` for `not`"),
    (CAMERA, 'action == "delete"', "action == delete", "text needs quotes"),
    (CAMERA, "id: security_camera", "id: security_cam", "did you mean `security_cam`?"),
    (BILLING, "after: [open]", "after: [opn]", "did you mean `open`?"),
    (BILLING, "after: [open]", "after: [activate]", "in a cycle"),
    (BILLING, "    after: [open]\n", "", "add `after: [open]`"),
    (BILLING, "${steps.open.output.id}", "${open.output.id}", "write `steps.open.output`"),
    (BILLING, "${steps.open.output.id}", "${steps.open.id}", "write `steps.open.output.id`"),
    (BILLING, "${days(attributes.free_days)}", "${attributes.free_days}", "must give a duration"),
    (BILLING, "${days(attributes.free_days)}", "${attributes.free_days} days", "must be a duration"),
    (BILLING, "id: billing_account", "id: billing_account\nper: ordre", "did you mean `order`?"),
    (VISIT, "callback: {within: 2d}", "callback: {within: 2}", "needs a unit"),
    (VISIT, "queue: field_force\n", "quue: field_force\n", "did you mean `queue`?"),
    (VISIT, "payload.outcome ==", "payload.outcom ==", "did you mean `outcome`?"),
    (VISIT, "  day_before:\n", "  day-before:\n", "write for example `day_before`"),
    (VISIT, " - days(1)", " - 1", "write `days(1)`"),
    (VISIT, " - days(1)", " - day(1)", "did you mean `days`?"),
    (VISIT, "max_length: 2000", "maximum: 2000", "use `max_length`"),
    (VISIT, "warn: 4h", "warn: -4h", "negative"),
    (WAN, "for_each: attributes.segments", "for_each: attributes.segment", "did you mean `segments`?"),
    (WAN, "${each.vlan}", "${each.vlann}", "did you mean `vlan`?"),
    (WAN, "${each.vlan}", "${each.name}", "must give an integer"),
    (WAN, "Ultra: 1000}", "Ultra: 1 Gbps}", "must be a whole number"),
    (
        WAN,
        "from: attributes.speed\n        table: {B",
        "form: attributes.speed\n        table: {B",
        "`from` is missing",
    ),
    (WAN, 'pattern: "^[0-9]{5}$"', 'pattern: "^[0-9{5}$"', "regular expression"),
    (WAN, "- product: wan_controller ", "- product: wan_site ", "`components`"),
    (SYSTEMS, "bearer: {env: INVENTORY_TOKEN}", "bearer: s3cret", "write `{env: NAME}`"),
    (SYSTEMS, "${env.INVENTORY_URL}", "${INVENTORY_URL}", "write `env.INVENTORY_URL`"),
    (SYSTEMS, "id: inventory\n", "id: inventry\n", "did you mean `inventry`?"),
    (SYSTEMS, "concurrency: 32", "concurrency: 0", "at least 1"),
    (SHIPMENT, "when: has(steps.ship.output)", 'when: steps.ship.output.id != ""', "has(steps.ship.output)"),
    (SHIPMENT, "for: [alarm_hub, security_camera]", "for: [alarm_hub, security_cameras]", "`security_camera`?"),
    (SHIPMENT, "${order.customer.id}", "${order.customer_id}", "did you mean `customer`?"),
    (SHIPMENT, "${steps.ship.output.tracking}", "${attributes.model}", "serves several lines"),
    (VISIT, "maximum: 40, default: 1.0}", "maximum: 40}", "has(attributes.hours)"),
    (MONITORING, "until: response.body.state", "until: response.state", "did you mean `status`?"),
    (CLASS, "- product: billing_account", "- product: billing", "did you mean `billing_account`?"),
    (CLASS, "type: integer", "type: string", "`minimum` and `maximum` do not apply"),
]


def broken(folder: Path, file: str, before: str, after: str) -> list[Finding]:
    """What is said of the shipped catalogue with one thing broken."""
    shutil.copytree(DEFINITIONS, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")
    return check_definitions([folder])


@pytest.mark.parametrize(("file", "before", "after", "words"), MISTAKES, ids=[f"{one[0]}:{one[2]}" for one in MISTAKES])
def test_one_error_gives_one_finding_that_says_what_to_do(
    file: str, before: str, after: str, words: str, tmp_path: Path
) -> None:
    findings = broken(tmp_path / "definitions", file, before, after)
    errors = [finding for finding in findings if finding.severity == "error"]
    assert len(errors) == 1, "\n".join(map(str, findings))
    assert words in errors[0].message, errors[0].message
    assert len(findings) == 1, "\n".join(map(str, findings))


def test_useless_condition_is_a_warning(tmp_path: Path) -> None:
    findings = broken(tmp_path / "definitions", CAMERA, 'action == "delete"', 'action == "deleted"')
    assert [(one.code, one.severity) for one in findings] == [("condition-never", "warning")]
    assert "did you mean `delete`?" in findings[0].message
