"""The socket of a server, opened before its event loop runs, so that a taken port is reported in one line."""

from __future__ import annotations

import socket


class CannotListen(Exception):
    """The address cannot be used. The message says why, and which options choose another."""


def open_socket(host: str, port: int) -> socket.socket:
    """`port` 0 takes a free one. Raises CannotListen."""
    # The protocol is named because asyncio sets TCP_NODELAY only on sockets that name it.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise CannotListen(
            f"cannot listen on {host}:{port}: {reason}. Set another address with --host and --port"
        ) from error
    return listening


def socket_url(host: str, listening: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}"
