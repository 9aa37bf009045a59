"""`new offer`: write the first files of an offer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.text import Text

from cli.commands.authoring.schema import write_schemas
from cli.framework.command import register_command
from cli.framework.confirm import can_prompt
from cli.framework.errors import UsageError
from cli.framework.options import value_option
from cli.framework.session import Session
from compiler.source.findings import InputRejected, did_you_mean

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from scenarios.new_offer.first_scenario import FirstScenario
    from scenarios.new_offer.offer_files import NewFile
    from scenarios.new_offer.offer_idea import OfferIdea

PANEL = "Without a server"
KINDS = ("offer",)
ORDERS = Path("orders")
Answer = TypeVar("Answer")


def register(app: typer.Typer) -> None:
    register_command(app, "new", PANEL)(new)


def new(
    session: Session,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What to write: offer.")],
    offer_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, such as garden_lights.")],
    name: Annotated[str | None, value_option("TEXT", "Its name for people.")] = None,
    code: Annotated[str | None, value_option("SKU", "The SKU that orders can use instead of the id.")] = None,
    attribute: Annotated[
        list[str] | None,
        value_option(
            "NAME:TYPE", "What an order line can say: seats:integer:1..10=1, plan:basic/full, address:string."
        ),
    ] = None,
    needs: Annotated[
        list[str] | None, value_option("PRODUCT", "A technical product of the catalogue that has to be delivered.")
    ] = None,
    value: Annotated[list[str] | None, value_option("NAME=VALUE", "What the first order says.")] = None,
) -> None:
    """Write a new offer: its definition, an order, and a scenario that passes.

    In a terminal it asks for what the options omit. Without --needs it also writes a technical product and the system
    that delivers it, with example answers, so that the offer can be tried before that system exists. With --definitions
    and a new folder it starts a catalogue.
    """
    if kind not in KINDS:
        raise UsageError(f"`new` writes no {kind}; write `new offer ID`")
    from cli.user_input.attribute_declarations import parse_attributes
    from cli.user_input.value_parsing import parse_pairs
    from scenarios.new_offer.offer_idea import OfferIdea

    with _existing_folder(session.definitions_dir):
        catalogue = session.read_catalogue()
        _check_id(offer_id, catalogue)
        for product in needs or ():
            _check_product(product, catalogue)
        idea = OfferIdea(
            offer_id,
            " ".join((name or "").split()) or offer_id.replace("_", " ").capitalize(),
            code,
            parse_attributes(attribute or ()),
            tuple(dict.fromkeys(needs or ())),
            parse_pairs(value or ()),
        )
        if can_prompt(session):
            idea = _ask(session, idea, catalogue, is_named=name is not None)
        _report(session, idea, *_write(session, idea, catalogue))


@contextmanager
def _existing_folder(folder: Path) -> Iterator[None]:
    """Makes the folder if there is none, and removes it again if nothing is written to it."""
    is_new = not folder.exists()
    if is_new:
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise UsageError(f"{folder} cannot be made: {error.strerror}") from None
    try:
        yield
    finally:
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def _check_id(offer_id: str, catalogue: Catalogue) -> None:
    from pydantic import TypeAdapter, ValidationError

    from compiler.language.documents import DefinitionId

    try:
        TypeAdapter(DefinitionId).validate_python(offer_id)
    except ValidationError:
        raise UsageError(
            f"`{offer_id}` cannot be an id: write lower-case letters, digits and _, such as garden_lights"
        ) from None
    taken = {*catalogue.products, *catalogue.workstreams, *catalogue.systems}
    if found := taken & {offer_id, f"{offer_id}_delivery", f"{offer_id}_system"}:
        raise UsageError(f"There is a `{min(found)}` already; choose another id")


def _check_product(product: str, catalogue: Catalogue) -> None:
    technical = [each.id for each in catalogue.products.values() if not each.is_commercial]
    if product not in technical:
        hint = did_you_mean(product, technical) or "."
        raise UsageError(f"There is no technical product `{product}`{hint} There are {', '.join(sorted(technical))}")


def _ask(session: Session, idea: OfferIdea, catalogue: Catalogue, *, is_named: bool) -> OfferIdea:
    """Asks for what was not given. An empty answer means the default, or the end of a list."""
    from dataclasses import replace

    from cli.user_input.attribute_declarations import EXAMPLES, parse_attribute

    if not is_named:
        idea = replace(idea, name=_ask_once(session, f"Name for people ({idea.name})") or idea.name)
    if not idea.code:
        idea = replace(idea, code=_ask_once(session, "SKU (none)") or None)
    if not idea.attributes:
        session.print_note(Text(f"What can an order line say? For example {EXAMPLES}", style="bright_black"))
        declared = dict(_ask_each(session, "Attribute (none)", parse_attribute))
        idea = replace(idea, attributes=declared)
    if not idea.needs:
        technical = sorted(each.id for each in catalogue.products.values() if not each.is_commercial)
        session.print_note(
            Text(f"What has to be delivered? {', '.join(technical)}; or none, for a new one", style="bright_black")
        )

        def checked(product: str) -> str:
            _check_product(product, catalogue)
            return product

        idea = replace(idea, needs=tuple(dict.fromkeys(_ask_each(session, "Technical product (none)", checked))))
    return idea


def _ask_once(session: Session, question: str) -> str:
    try:
        return session.stderr_console.input(f"{question}: ").strip()
    except EOFError:
        raise UsageError("The questions were not answered to the end; nothing was written") from None


def _ask_each(session: Session, question: str, parse: Callable[[str], Answer]) -> list[Answer]:
    """Answers until an empty one. A wrong one is asked again."""
    answers: list[Answer] = []
    while text := _ask_once(session, question):
        try:
            answers.append(parse(text))
        except UsageError as error:
            session.print_note(str(error))
    return answers


def _write(session: Session, idea: OfferIdea, catalogue: Catalogue) -> tuple[list[NewFile], FirstScenario]:
    """Writes the files once all of them are known to be right. Raises UsageError, and has then written nothing."""
    from compiler.source.document import ReadResult
    from compiler.source.files import read_folder
    from compiler.source.yaml_reader import read_documents
    from scenarios.new_offer.first_scenario import write_first_scenario
    from scenarios.new_offer.offer_files import definition_files, order_file

    folder = session.definitions_dir
    try:
        order = order_file(idea, catalogue, ORDERS)
    except LookupError as error:
        attribute = error.args[0]
        raise UsageError(
            f"What does an order say for `{attribute}`? Add --value {attribute}=VALUE: no sample value fits"
        ) from None
    files = [*definition_files(idea, catalogue, folder), order]
    scenario_path = folder / "scenarios" / f"{idea.id}.yaml"
    _refuse_existing([*(file.path for file in files), scenario_path])
    read = read_folder(folder)
    documents = [document for file in files[:-1] for document in read_documents(file.text, str(file.path)).documents]
    [order_document] = read_documents(order.text, str(order.path)).documents
    try:
        scenario = write_first_scenario(
            idea, order_document.data, scenario_path, order.path, ReadResult([*read.documents, *documents])
        )
    except InputRejected as rejected:
        problems = "; ".join(finding.message for finding in rejected.errors)
        raise UsageError(f"Nothing was written, since this would be refused: {problems}") from None
    files.append(scenario.file)
    _write_files(files)
    write_schemas(folder)
    return files, scenario


def _refuse_existing(paths: Sequence[Path]) -> None:
    existing = [str(path) for path in paths if path.exists()]
    if existing:
        raise UsageError(f"{', '.join(existing)} exists already; nothing was written")


def _write_files(files: Sequence[NewFile]) -> None:
    for file in files:
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            file.path.write_text(file.text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{file.path} cannot be written: {error.strerror}") from None


def _report(session: Session, idea: OfferIdea, files: Sequence[NewFile], scenario: FirstScenario) -> None:
    if session.is_json:
        session.print_json(
            {"files": [str(file.path) for file in files], "state": scenario.state, "passes": scenario.passes}
        )
        return
    session.print("Written:", *(Text(f"  {file.path}") for file in files), "")
    if scenario.passes and scenario.state == "completed":
        session.print("The first scenario passes: the order is completed.")
    else:
        session.print(
            f"In the first scenario the order is {scenario.state} at the end. It waits for",
            *(Text(f"  {step}") for step in scenario.open_steps),
            "Add to the scenario's `world` what happens then (docs/scenarios.md).",
        )
    order = next(file.path for file in files if file.path.parent == ORDERS)
    pretend = f" --pretend {idea.new_system}" if idea.new_system else ""
    folder = f" --definitions {session.definitions}" if session.definitions else ""
    session.print(
        "Go on with",
        f"  plan {order}{folder}",
        f"  test {scenario.file.path} --watch{folder}",
        f"  up{pretend}{folder}    and, in another terminal,    start {order}",
    )
