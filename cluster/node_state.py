"""How a process of the cluster is, as it says itself some times a second."""

from __future__ import annotations

import msgspec

BEAT_SECS = 0.5
"""How often a node says how it is."""
SILENT_SECS = 2.0
"""A node that has said nothing new for so long is taken for dead."""
FORGOTTEN_SECS = 60.0
"""How long what a dead node said last can still be read."""


class SlotState(msgspec.Struct, frozen=True):
    """One slot of a shard.

    Attributes
    ----------
    slot : str
    closed_ns : int
        End of the last bucket that was reported, UTC ns; 0 before the first.
    prints : int
        Taken so far: its load.
    symbols : int
    is_replaying : bool
        It is not where the day is yet.
    flaw : str
        What looks wrong with this part of the tape alone; entries hang on the whole of it.
    """

    slot: str
    closed_ns: int
    prints: int
    symbols: int
    is_replaying: bool
    flaw: str = ""


class NodeState(msgspec.Struct, frozen=True):
    """One process.

    Attributes
    ----------
    name : str
        ``relay``, ``shard-1``, ``hub``: unique in a cluster.
    life : str
        Another one after each start: a name that comes back with another life has begun anew.
    role : str
        ``relay``, ``shard`` or ``hub``.
    host : str
    pid : int
    version : str
        Of tradectl.
    beat : int
        Counts what it has said; whoever reads goes by its own clock from one to the next.
    ts : int
        Its clock, UTC ns.
    run_id : str
        What it works on, empty while it waits.
    epoch : int
        Of the hub that it obeys, or is.
    letters : str
        What it was started for, such as ``A-C``; ``auto`` where the hub is to say.
    is_draining : bool
        It wants to be rid of its slots.
    slots : tuple of SlotState
    memory_bytes : int
        Resident.
    cpu_secs : float
        Processor time so far.
    lag_ns : int
        From a bucket's closing instant to its report, of the last bucket; -1 unknown.
    issues : dict of str to str
        What is wrong, by name.
    """

    name: str
    life: str
    role: str
    host: str
    pid: int
    version: str
    beat: int
    ts: int
    run_id: str = ""
    epoch: int = 0
    letters: str = "auto"
    is_draining: bool = False
    slots: tuple[SlotState, ...] = ()
    memory_bytes: int = 0
    cpu_secs: float = 0.0
    lag_ns: int = -1
    issues: dict[str, str] = {}
