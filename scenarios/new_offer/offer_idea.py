"""What somebody says of an offer that does not exist yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.language.attributes import Attribute


@dataclass(frozen=True, slots=True)
class OfferIdea:
    id: str
    name: str
    code: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """What an order line of it can say."""
    needs: tuple[str, ...] = ()
    """Technical products of the catalogue that it decomposes into. Without any, it gets a new one."""
    order_values: Mapping[str, Any] = field(default_factory=dict)
    """Attribute → its value in the first order, where no sample value fits."""

    @property
    def new_product(self) -> str | None:
        """The id of the technical product that is made for it."""
        return None if self.needs else f"{self.id}_delivery"

    @property
    def new_system(self) -> str | None:
        """The id of the system that the new technical product calls."""
        return None if self.needs else f"{self.id}_system"


def inherited_attributes(idea: OfferIdea, catalogue: Catalogue) -> dict[str, Attribute]:
    """The attributes that the needed products require and the idea does not name: an order has to give them."""
    found: dict[str, Attribute] = {}
    for product in idea.needs:
        for name, declared in catalogue.products[product].attributes.items():
            if declared.required and declared.default is None and name not in idea.attributes:
                found.setdefault(name, declared.model_copy(update={"merge": None}))
    return found


def all_attributes(idea: OfferIdea, catalogue: Catalogue) -> dict[str, Attribute]:
    """Of the new offer: its own, and those that the needed products require."""
    return {**idea.attributes, **inherited_attributes(idea, catalogue)}
