"""`plan offer NAME`: everything that an offer can become."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.framework.errors import UsageError
from cli.framework.session import Session
from compiler.source.findings import did_you_mean

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue, Product
    from compiler.language.steps import LineAction

MAX_OFFERS_NAMED = 10


def plan_offer(
    session: Session, name: str, catalogue: Catalogue, diagram_format: str | None, action: LineAction | None
) -> None:
    """Prints the offer as a tree, JSON or a picture. Raises UsageError if there is no such product."""
    from compiler.explain_offer import explain_offer, offer_to_json

    structure = explain_offer(_find_product(name, catalogue), catalogue, action)
    if diagram_format is not None:
        from views.plan.drawing.formats import render_picture
        from views.plan.picture.offer_picture import offer_picture

        session.print(render_picture(offer_picture(structure, catalogue.version), diagram_format))
    elif session.is_json:
        session.print_json(offer_to_json(structure, catalogue.version))
    else:
        from views.plan.offer_tree import render_offer

        session.print(*render_offer(structure, catalogue.version))


def _find_product(name: str, catalogue: Catalogue) -> Product:
    """The product with this id or code; technical products, too."""
    product = catalogue.find_product(name)
    if product is not None:
        return product
    if Path(name).exists():
        raise UsageError(
            f"{name} is a file, and `plan offer` takes the id or code of an offer; for an order: plan {name}"
        )
    offers = sorted(one.id for one in catalogue.products.values() if one.is_commercial)
    near = did_you_mean(name, {*catalogue.products, *catalogue.product_ids_by_code})
    more = ", …" if len(offers) > MAX_OFFERS_NAMED else ""
    hint = near or f"; its offers are {', '.join(offers[:MAX_OFFERS_NAMED])}{more}"
    raise UsageError(f"The catalogue has no offer `{name}`{hint}")
