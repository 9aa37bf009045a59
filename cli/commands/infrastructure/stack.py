"""`demo` and `up`: the whole stack on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.session import Session
from compiler.source.findings import did_you_mean

if TYPE_CHECKING:
    from stack.options import Ports, PretendOptions, StackOptions

PANEL = "Everything in one go"

TemporalPortOption = Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of Temporal.")]
UiPortOption = Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of Temporal's Web UI.")]
GatewayPortOption = Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of the gateway.")]
SandboxPortOption = Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of the sandbox systems.")]
ConsolePortOption = Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of the console.")]
PretendOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pretend",
        metavar="NAME",
        help="Pretend a system: it answers by the `example` of its definition. Or a receiver: it accepts every event. "
        "`all`: every system that has an example, and every receiver. May be repeated.",
    ),
]
PretendPortOption = Annotated[int, typer.Option(metavar="PORT", min=1, max=65535, help="Port of the pretend systems.")]
TimeScaleOption = Annotated[
    str | None,
    typer.Option(metavar="1d=1m", help="How fast time passes for pretend systems: here, a day takes a minute."),
]
FreePortsOption = Annotated[
    bool, typer.Option("--free-ports", help="Use another port, which is free, in place of each one that is taken.")
]
DataDirOption = Annotated[Path, typer.Option(metavar="DIR", help="The folder for data, secrets and logs.")]


def register(app: typer.Typer) -> None:
    register_command(app, "demo", PANEL)(demo)
    register_command(app, "up", PANEL)(up)


def demo(
    session: Session,
    story: Annotated[
        str | None, typer.Option("--story", metavar="NAME", help="Show a story in which something goes wrong.")
    ] = None,
    list_stories: Annotated[bool, typer.Option("--list-stories", help="List the stories and exit.")] = False,
    exit_when_done: Annotated[
        bool,
        typer.Option("--exit", help="Exit when the order has ended, also in a terminal."),
    ] = False,
    data: DataDirOption = Path(".ordo"),
    temporal_port: TemporalPortOption = 7233,
    ui_port: UiPortOption = 8233,
    gateway_port: GatewayPortOption = 8080,
    sandbox_port: SandboxPortOption = 8100,
    console_port: ConsolePortOption = 8070,
    pretend: PretendOption = None,
    time_scale: TimeScaleOption = None,
    pretend_port: PretendPortOption = 8090,
) -> int:
    """Run the whole stack and a sample order in a minute.

    Starts Temporal, the sandbox systems, a worker, the gateway and the console. Then it submits the sample order, or
    shows a story.
    """
    ports = _ports(
        (temporal_port, ui_port, gateway_port, sandbox_port, console_port), pretend_port if pretend else None
    )
    stack = _stack_options(session, data, ports, _pretend_options(session, pretend, time_scale))
    stay = session.is_terminal and not exit_when_done
    if story is not None or list_stories:
        return _run_story(session, story if not list_stories else None, stack, stay)
    from stack.demo import demo as run

    return run(stack, session.console, keep_running=stay)


def _run_story(session: Session, name: str | None, stack: StackOptions, keep_running: bool) -> int:
    """`name`: None lists them."""
    from stack.stories import STORIES
    from stack.stories.run import demo_story

    if name is None:
        for story in STORIES.values():
            session.print(f"{story.name:<10}  {story.title}")
        return 0
    if name not in STORIES:
        raise UsageError(
            f"There is no story `{name}`{did_you_mean(name, STORIES)}; the stories are {', '.join(STORIES)}"
        )
    return demo_story(STORIES[name], stack, session.console, keep_running=keep_running)


def up(
    session: Session,
    data: DataDirOption = Path(".ordo"),
    temporal_port: TemporalPortOption = 7233,
    ui_port: UiPortOption = 8233,
    gateway_port: GatewayPortOption = 8080,
    sandbox_port: SandboxPortOption = 8100,
    console_port: ConsolePortOption = 8070,
    pretend: PretendOption = None,
    time_scale: TimeScaleOption = None,
    pretend_port: PretendPortOption = 8090,
    free_ports: FreePortsOption = False,
) -> int:
    """Start the whole stack and keep it up until Ctrl-C.

    The stack is Temporal with its Web UI, a worker, the gateway, the console and the sandbox systems. Orders survive
    restarts.
    """
    from stack.up import up as run

    ports = _ports(
        (temporal_port, ui_port, gateway_port, sandbox_port, console_port), pretend_port if pretend else None
    )
    if free_ports:
        ports = ports.with_free_ports()
    return run(_stack_options(session, data, ports, _pretend_options(session, pretend, time_scale)), session.print)


def _ports(numbers: tuple[int, int, int, int, int], pretend: int | None) -> Ports:
    """`numbers`: of Temporal, its Web UI, the gateway, the sandbox systems and the console."""
    from stack.options import Ports

    return Ports(*numbers, pretend)


def _stack_options(session: Session, data: Path, ports: Ports, pretend: PretendOptions | None) -> StackOptions:
    from stack.options import StackOptions

    return StackOptions(definitions=session.definitions_dir, data=data, ports=ports, pretend=pretend)


def _pretend_options(session: Session, names: list[str] | None, time_scale: str | None) -> PretendOptions | None:
    """Raises UsageError if a system cannot be pretended, and CatalogueInvalid."""
    from scenarios.pretend.clock import parse_time_scale
    from scenarios.pretend.pretended_systems import NotPretendable, read_systems
    from stack.options import PretendOptions

    if not names:
        if time_scale is not None:
            raise UsageError("--time-scale is about pretend systems: name them with --pretend, or give --pretend all")
        return None
    try:
        read_systems(session.definitions_dir, names)
        if time_scale is not None:
            parse_time_scale(time_scale)
    except (NotPretendable, ValueError) as error:
        raise UsageError(str(error)) from None
    return PretendOptions(tuple(names), time_scale)
