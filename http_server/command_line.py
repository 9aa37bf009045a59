"""The arguments of a server's command: where it listens, and where Temporal is."""

from __future__ import annotations

import argparse

from workflows.contract.order_messages import TASK_QUEUE


def add_server_arguments(parser: argparse.ArgumentParser, *, port: int) -> None:
    """`port`: where the server listens unless the user says otherwise."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument(
        "--port", type=int, default=port, help="port to listen on; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument("--address", help="Temporal's address (default: the Temporal profile, else localhost:7233)")
    parser.add_argument("--namespace", help="Temporal's namespace (default: the Temporal profile, else default)")
    parser.add_argument("--task-queue", default=TASK_QUEUE, help="the workers' task queue (default: %(default)s)")
