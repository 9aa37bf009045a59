"""Checks order lines against their products, and adds the child lines of components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import RankedRule, without_constraints
from compiler.decomposition.apply_rule import RuleApplication
from compiler.decomposition.compile_context import CompileContext, location_suffix, quantity_problem
from compiler.decomposition.line_graph import LineNode, line_suffix
from compiler.decomposition.named_values import compute_product_lets
from compiler.decomposition.rule_decision import rule_decision
from compiler.language.attributes import validate_value
from compiler.language.order import OrderLine, Previous, complete_from_previous, line_request_digest
from compiler.language.steps import ACTIONS_NEEDING_ATTRIBUTES, ACTIONS_WITH_PREVIOUS, LineAction
from compiler.plan.plan import PlannedLine, PreviousState
from compiler.source.findings import did_you_mean
from compiler.values import format_value


@dataclass(slots=True)
class OrderLineBuilder:
    """Builds an order's own lines and the lines of components, depth first."""

    context: CompileContext

    def build(self, lines: list[OrderLine]) -> None:
        """Adds the lines to the context's graph. Errors become findings."""
        for line in lines:
            self._add_order_line(line, None)
        self._check_id_collisions()

    def _add_order_line(self, order_line: OrderLine, parent: LineNode | None) -> None:
        product = self._find_product(order_line)
        if product is None:
            for child in order_line.lines or ():
                self._add_order_line(child, None)
            return
        request = complete_from_previous(order_line) if self.context.keeps_previous else order_line
        line = PlannedLine(
            id=order_line.id,
            product=product.id,
            name=product.name,
            quantity=product.typed_quantity(request.quantity),
            action=order_line.action,
            attributes={},
            sources=(parent.line.id,) if parent else (),
            requested_start=order_line.requested_start,
            requested_completion=order_line.requested_completion,
            external_ids=dict(order_line.external_ids),
            request_digest=line_request_digest(request),
            relies_on=tuple(dict.fromkeys(order_line.relies_on)),
            on_relied_failure=order_line.on_relied_failure or product.on_relied_failure,
        )
        node = self._add_node(
            line,
            product,
            parent,
            order_line.attributes,
            order_line.previous,
            keeps_previous=self.context.keeps_previous,
        )
        self._check_quantities(node, order_line)
        self._warn_of_defaults(node, order_line)
        if order_line.lines:
            for child in order_line.lines:
                self._add_order_line(child, node)
        else:
            self._add_components(node)

    def _find_product(self, order_line: OrderLine) -> Product | None:
        catalogue = self.context.index.catalogue
        product = catalogue.find_product(order_line.product)
        if product is not None and product.is_commercial:
            return product
        if product is None:
            ids = {**{id_: id_ for id_ in catalogue.products}, **catalogue.product_ids_by_code}
            sold = [name for name, id_ in ids.items() if catalogue.products[id_].is_commercial]
            near = did_you_mean(order_line.product, sold)
            code, problem = "reference-unknown", f"the catalogue has no product `{order_line.product[:100]}`{near}"
        else:
            code, problem = "order-technical", f"`{product.id}` is a technical product: order the offer that brings it"
        path = (*self.context.validation.line_paths[order_line.id], "product")
        self.context.reject_at(path, code, f"line `{order_line.id}`: {problem}")
        return None

    def _add_node(
        self,
        line: PlannedLine,
        product: Product,
        parent: LineNode | None,
        attributes: Mapping[str, Any],
        previous: Previous | PreviousState | None,
        *,
        keeps_previous: bool = False,
    ) -> LineNode:
        """Adds an order line, with its attributes checked and completed.

        With `keeps_previous`, attributes that the line does not mention stay as in `previous`. Others have defaults.
        """
        graph = self.context.graph
        node = LineNode(line, product, line_suffix(line.id), (len(graph.order_lines),), (parent,) if parent else ())
        required = line.action in ACTIONS_NEEDING_ATTRIBUTES
        before = None
        if previous is not None and line.action in ACTIONS_WITH_PREVIOUS:
            before = PreviousState(
                self._validate_attributes(node, previous.attributes, previous=True),
                product.typed_quantity(previous.quantity),
            )
        kept = before.attributes if before and keeps_previous else {}
        complete = self._validate_attributes(node, attributes, kept, required=required)
        node.line = replace(line, attributes=complete, previous=before)
        compute_product_lets(node, self.context)
        graph.order_lines.append(node)
        if parent:
            parent.children.append(node)
        return node

    def _check_quantities(self, node: LineNode, order_line: OrderLine) -> None:
        """Quantities are whole, unless the product says that they may be fractions, or are always 1."""
        before = [order_line.previous.quantity] if order_line.previous else []
        given = [("quantity",), ("previous", "quantity")]
        for path, quantity in zip(given, [order_line.quantity, *before], strict=False):
            if not self.context.allows_quantity(node.product, quantity):
                message = f"{node.label}: `{'.'.join(path)}` {quantity_problem(node.product, quantity)}"
                self.context.reject(node, "quantity-invalid", message, *path)
                node.is_invalid = True

    def _warn_of_defaults(self, node: LineNode, order_line: OrderLine) -> None:
        """Warns about a modify line without `previous`. It cannot say what stays, so the rest may be reset."""
        if not self.context.keeps_previous or order_line.action is not LineAction.MODIFY or order_line.previous:
            return
        defaults = self.context.index.attribute_defaults(node.product)
        reset = {name: value for name, value in sorted(defaults.items()) if order_line.attributes.get(name) is None}
        if "quantity" not in order_line.model_fields_set:
            reset["quantity"] = order_line.quantity
        if reset:
            values = ", ".join(f"`{name}` is {format_value(value)}" for name, value in reset.items())
            message = (
                f"{node.label}: there is no `previous`, so what this modify line does not give gets its default: "
                f"{values}; give `previous`, and what the line does not mention stays as it was"
            )
            self.context.warn(node, "previous-missing", message)

    def _validate_attributes(
        self,
        node: LineNode,
        given: Mapping[str, Any],
        kept: Mapping[str, Any] | None = None,
        *,
        required: bool = False,
        previous: bool = False,
    ) -> dict[str, Any]:
        """The attributes. If an attribute is not given, it is as in `kept`, or else has its default.

        `previous`: these are the attributes before the order, so only their types are checked.
        """
        declared = node.product.attributes
        path = ("previous", "attributes") if previous else ("attributes",)
        prefix = "previous." if previous else ""
        for name in given:
            if name not in declared:
                near = did_you_mean(name, declared) or (f"; it has {', '.join(sorted(declared))}" if declared else "")
                message = f"{node.label}: `{node.product.id}` has no attribute `{name[:100]}`{near}"
                self.context.reject(node, "attribute-unknown", message, *path, name, key=True)
        complete = {}
        defaults = self.context.index.attribute_defaults(node.product)
        for name, attribute in sorted(declared.items()):
            value = given.get(name)
            if value is not None:
                checked = without_constraints(attribute) if previous else attribute
                complete[name], problems = validate_value(checked, value)
                for problem in problems:
                    message = f"{node.label}: `{prefix}{name}` {problem}"
                    self.context.reject(node, "attribute-misfit", message, *path, name)
                node.is_invalid |= bool(problems)
            elif kept and name not in given and name in kept:
                complete[name] = kept[name]
            elif name in defaults:
                complete[name] = defaults[name]
            elif required and attribute.required:
                if kept and name in given:
                    message = f"{node.label}: `{name}` cannot be taken away: `{node.product.id}` needs it"
                    self.context.reject(node, "attribute-missing", message, *path, name)
                else:
                    message = f"{node.label}: `{node.product.id}` needs the attribute `{name}`"
                    self.context.reject(node, "attribute-missing", message)
                node.is_invalid = True
        return complete

    def _add_components(self, parent: LineNode) -> None:
        if parent.is_invalid or not parent.product.components:
            return
        bindings = self.context.bindings(parent)
        for position, rule in enumerate(parent.product.components):
            target = self.context.index.catalogue.products[rule.product]
            application = RuleApplication(self.context, parent, RankedRule(rule, position), target, bindings)
            added = []
            contributions = application.apply()
            for contribution in contributions:
                line = PlannedLine(
                    id=f"{parent.line.id}.{rule.as_ or target.id}",
                    product=target.id,
                    name=target.name,
                    quantity=target.typed_quantity(contribution.quantity),
                    action=parent.line.action,
                    attributes={},
                    sources=(parent.line.id,),
                    requested_start=parent.line.requested_start,
                    requested_completion=parent.line.requested_completion,
                )
                node = self._add_node(line, target, parent, contribution.attributes, contribution.previous)
                if not self.context.allows_quantity(target, contribution.quantity):
                    where = location_suffix(rule.location)
                    problem = quantity_problem(target, contribution.quantity)
                    self.context.reject(node, "quantity-invalid", f"{node.label}: its quantity{where} {problem}")
                    node.is_invalid = True
                added.append(node)
            if self.context.decision_log.enabled:
                ids = tuple(node.line.id for node in added)
                if ids or not self.context.decision_log.lines_only:
                    self.context.decision_log.record(rule_decision("component", application, contributions, ids))
            for node in added:
                self._add_components(node)

    def _check_id_collisions(self) -> None:
        first: dict[str, LineNode] = {}
        for node in self.context.graph.order_lines:
            other = first.setdefault(node.line.id, node)
            if other is not node:
                message = (
                    f"two order lines would have the id `{node.line.id}`: {_origin(other)} and {_origin(node)}; "
                    "give one of them another id, or the component another `as`"
                )
                self.context.reject(node, "id-collision", message)


def _origin(node: LineNode) -> str:
    if not node.parents:
        return f"the order's own `{node.product.id}`"
    return f"`{node.product.id}` in line `{node.parents[0].line.id}`"
