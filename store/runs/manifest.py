"""What a run directory says of its run."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from engine.domain.facts import Member
from store.journal.process import Process


class RunStatus(StrEnum):
    """How a run stands. Only ``ENDED`` covers everything it was asked for."""

    RUNNING = "Running"
    ENDED = "Ended"
    INTERRUPTED = "Interrupted"
    FAILED = "Failed"
    CRASHED_RECOVERED = "CrashedRecovered"
    QUARANTINED = "Quarantined"


class JournalHead(msgspec.Struct, frozen=True):
    """Number of facts, and the hash of the last: without them a lost tail could not be seen."""

    facts: int
    hash: str


class RunPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run is asked to do, and with which data and code.

    Attributes
    ----------
    start, end : str
        First and last New York date, ISO.
    engine, fills : str
        "pruned" or "full"; step of the fill assumptions.
    letters, symbols : tuple of str
        What the run was narrowed to; empty means everything.
    catalog : str
        Where the data was read; not part of the run's identity, ``data_hash`` is.
    ensemble : tuple of Member
        Its strategies in order of precedence; empty: acceleration alone, or, of a run that an
        earlier version made, that its journal tells.
    """

    start: str
    end: str
    engine: str
    fills: str
    letters: tuple[str, ...]
    symbols: tuple[str, ...]
    starting_balance: Decimal
    params: dict[str, Any]
    params_hash: str
    data_hash: str
    code_hash: str
    engine_version: str
    catalog: str
    ensemble: tuple[Member, ...] = ()

    def derived_id(self) -> str:
        """Return the id that follows from the plan: ``<start>[_<end>]-<8 hex digits>``."""
        # defaults are left out: with acceleration alone it is the id of earlier versions
        identity = msgspec.structs.replace(self, catalog="")
        digest = hashlib.sha256(msgspec.json.encode(identity, order="deterministic")).hexdigest()
        days = self.start if self.start == self.end else f"{self.start}_{self.end}"
        return f"{days}-{digest[:8]}"


class RunManifest(
    RunPlan, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True
):
    """The plan, and what became of it.

    Attributes
    ----------
    name, tags : str, tuple of str
        What people call it; see ``RunLabels``.
    note : str
        Why the run is not ``ENDED``, or "".
    created, ended : str
        Wall clock, ISO UTC.
    decision_digest, fill_digest : str or None
        None as long as, or if, the run did not come to its end.
    counts, metrics, timings, quality : dict
        As the run reports them; an undefined metric is None.
    warnings : tuple of str
        What was found doubtful about the data when it was imported.
    strategies : dict
        Candidates, trades and P&L of each strategy, money exact.
    weights : dict
        Weight of each strategy at the start, in order of precedence.
    ladder : list of dict
        Metrics under other fill assumptions.
    partial : tuple of str
        Tables that do not cover the whole run.
    journal : JournalHead or None
        None until the journal is closed.
    """

    version: int = 1
    run_id: str
    name: str = ""
    tags: tuple[str, ...] = ()
    status: RunStatus
    note: str = ""
    created: str
    ended: str | None = None
    process: Process
    decision_digest: str | None = None
    fill_digest: str | None = None
    counts: dict[str, int] = {}
    strategies: dict[str, Any] = {}
    weights: dict[str, float] = {}
    metrics: dict[str, Any] = {}
    timings: dict[str, float] = {}
    quality: dict[str, int] = {}
    warnings: tuple[str, ...] = ()
    ladder: list[dict[str, Any]] = []
    partial: tuple[str, ...] = ()
    journal: JournalHead | None = None
