"""The command lines of a cluster's processes, and what each is given of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.cluster.node_process import NodeCommand
from cluster.streams.address import PASSWORD_VARIABLE, ServerAddress

BROKER_KEYS = ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY")
"""Shards have no use for them: they hear the relay and send nothing."""


def relay_command(
    venue: str,
    feed: str,
    listen: str,
    database: str,
    *options: str,
    streams: ServerAddress,
    environment: Mapping[str, str] | None = None,
) -> NodeCommand:
    """Return the process of a relay, which says where it listens.

    Parameters
    ----------
    listen : str
        ``HOST:PORT``.
    database : str
        Beside it is what the relay keeps.
    options : str
        Further ones, as typed.
    environment : mapping, optional
        What it has beside ours.
    """
    return NodeCommand(
        name="relay",
        arguments=(
            *("live", "--role", "relay", "--json", "--venue", venue, "--feed", feed),
            *("--listen", listen, "--database", database, "--redis", streams.shown),
            *options,
        ),
        environment={PASSWORD_VARIABLE: streams.password, **(environment or {})},
    )


def shard_command(
    name: str, relay: str, keys: Path, catalog: str, *, streams: ServerAddress
) -> NodeCommand:
    """Return the process of a shard that takes what its hub gives it.

    Parameters
    ----------
    relay, keys
        Where the relay is, and the file with what opens it.
    catalog : str
        Where the days before are.
    """
    return NodeCommand(
        name=name,
        arguments=(
            *("live", "--role", "shard", "--json", "--name", name, "--catalog", catalog),
            *("--relay", relay, "--relay-keys", str(keys), "--redis", streams.shown),
        ),
        environment={PASSWORD_VARIABLE: streams.password},
        without=BROKER_KEYS,
    )


def hub_command(
    shards: int, relay: str, keys: Path, *options: str, streams: ServerAddress
) -> NodeCommand:
    """Return the process of a hub that waits for so many shards."""
    return NodeCommand(
        name="hub",
        arguments=(
            *("live", "--role", "hub", "--json", "--no-view", "--shards", str(shards)),
            *("--relay", relay, "--relay-keys", str(keys), "--redis", streams.shown),
            *options,
        ),
        environment={PASSWORD_VARIABLE: streams.password},
    )
