"""Commands that came in, and what was answered."""

from __future__ import annotations

from enum import StrEnum

from engine.domain.commands import AnyCommand
from engine.domain.facts.payload import Payload


class Channel(StrEnum):
    """The door through which a command came in."""

    COMMAND_LOG = "command_log"
    """Whoever reaches the database writes there; nobody is asked who they are."""
    PARAMETER_DESK = "parameter_desk"
    """Kept versions of the parameters, each with whether its author stepped up."""


class CommandReceived(Payload, frozen=True, tag="command_received"):
    """Somebody asked for something.

    ``source`` and ``who`` are what they say of themselves: to be read, and no right follows from
    them. ``channel`` and ``stepped_up``, whether the operator proved who they are, are set by
    whoever receives the command, whatever it says itself.
    """

    command_id: str
    source: str
    who: str
    command: AnyCommand
    channel: Channel
    stepped_up: bool


class CommandAccepted(Payload, frozen=True, tag="command_accepted"):
    command_id: str


class CommandRefused(Payload, frozen=True, tag="command_refused"):
    command_id: str
    reason: str


class CommandDone(Payload, frozen=True, tag="command_done"):
    command_id: str
    outcome: str
