"""What a shard has to know of the day before it works a slot of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from engine.domain.facts import Member, ParamsChanged


class HubClaim(msgspec.Struct, frozen=True):
    """Which hub is in charge of which run.

    Attributes
    ----------
    epoch : int
        Of its claim on the run's journal; a later hub has a higher one.
    version : str
        Of tradectl; shards of another are refused, and say so.
    wire : int
        Of the shape of messages, ``coding.VERSION``.
    """

    run_id: str
    epoch: int
    version: str
    wire: int


class DaySetup(msgspec.Struct, frozen=True):
    """The day as the hub began it.

    Attributes
    ----------
    feed : str
        By the venue's name for it: the relay serves it under that name.
    parameters : dict
        The run's first version, as JSON values.
    changed : tuple of ParamsChanged
        Its further versions by the time the setup was written.
    withdrawn : tuple of int
        Numbers of those that were taken back.
    members : tuple of Member
        The strategies, in order of precedence.
    weighs : bool
        Whether strengths of signals that are not qualified count; see ``split_report``.
    slots : tuple of str
        Names of all slots of the day.
    tapes : dict of str to str
        Tape letter by symbol, of all that are listed.
    is_granted : bool
        Whether time is granted by a simulator: then rows say themselves when they arrived.
    """

    run_id: str
    epoch: int
    day: date
    feed: str
    parameters: dict[str, Any]
    changed: tuple[ParamsChanged, ...]
    withdrawn: tuple[int, ...]
    members: tuple[Member, ...]
    weighs: bool
    slots: tuple[str, ...]
    tapes: dict[str, str]
    is_granted: bool
