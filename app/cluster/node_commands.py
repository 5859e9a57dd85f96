"""The command lines of a cluster's processes, and what each is given of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.cluster.node_process import NodeCommand
from cluster.streams.address import PASSWORD_VARIABLE, ServerAddress

BROKER_KEYS = ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY")
"""Shards have no use for them: they hear the relay and send nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayCommand:
    """How a relay is started.

    Attributes
    ----------
    venue, feed : str
    listen : str
        ``HOST:PORT``.
    database : str
        Beside it is what the relay keeps.
    options : tuple of str
        Further ones, as typed.
    environment : mapping
        What it has beside ours.
    """

    venue: str
    feed: str
    listen: str
    database: str
    options: tuple[str, ...] = ()
    environment: Mapping[str, str]

    def command(self) -> NodeCommand:
        """Return the process; it says where it listens."""
        return NodeCommand(
            name="relay",
            arguments=(
                *("live", "--role", "relay", "--json"),
                *("--venue", self.venue, "--feed", self.feed),
                *("--listen", self.listen, "--database", self.database),
                *self.options,
            ),
            environment=self.environment,
        )


def shard_command(
    name: str,
    relay: str,
    keys: Path,
    streams: ServerAddress,
    *,
    letters: str = "auto",
    catalog: str = "",
) -> NodeCommand:
    """Return the process of a shard."""
    return NodeCommand(
        name=name,
        arguments=(
            *("live", "--role", "shard", "--json", "--name", name, "--letters", letters),
            *("--relay", relay, "--relay-keys", str(keys), "--redis", streams.shown),
            *(("--catalog", catalog) if catalog else ()),
        ),
        environment={PASSWORD_VARIABLE: streams.password},
        without=BROKER_KEYS,
    )
