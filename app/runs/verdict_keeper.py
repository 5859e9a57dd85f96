"""What a run of the database has decided, kept through kills, and as a table once it ends."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from app.runs.verdict_file import kept_decisions, verdict_lines, verdict_parquet
from engine.decision import BucketDecision, Verdict
from store.atomic import write_atomically

_encode = msgspec.json.Encoder(decimal_format="string").encode

_log = logging.getLogger(__name__)


class VerdictKeeper:
    """Decisions of one run, a line each, in a file that lasts until the run is over.

    A line is with the system before an order leaves, so a kill loses none. Trading does not end
    over it: when a line cannot be written, that is logged, and the table lacks it after a restart.

    Parameters
    ----------
    folder : Path
        Where the table goes, too.
    is_new : bool
        The run begins: what another of its name has left there, of another database, is removed.
    """

    def __init__(self, folder: Path, run_id: str, *, is_new: bool) -> None:
        self._table = verdict_parquet(run_id, folder)
        self._lines = verdict_lines(run_id, folder)
        self._failed = False
        self._kept_ns = 0
        if is_new:
            for left in (self._lines, self._table):
                left.unlink(missing_ok=True)

    def play_again(self) -> None:
        """Expect what was kept to be decided once more, as a session does that is resumed."""
        kept = self.decided()
        self._kept_ns = max((each.ts_event for each in kept), default=0)

    def decided(self) -> list[BucketDecision]:
        """Return what earlier processes of the run have decided; a line cut short is cut off."""
        try:
            decisions, whole = kept_decisions(self._lines)
            os.truncate(self._lines, whole)
        except FileNotFoundError:
            return []
        return decisions

    def add(self, decision: BucketDecision) -> None:
        """Keep a decision on something."""
        if self._failed or not (decision.verdicts or decision.incomplete):
            return
        if decision.ts_event <= self._kept_ns:
            return
        try:
            self._lines.parent.mkdir(parents=True, exist_ok=True)
            with self._lines.open("ab") as file:
                file.write(_encode(decision) + b"\n")
        except OSError as error:
            self._failed = True
            _log.error("verdicts are not kept through a kill any more: %s", error)

    def table(self, verdicts: Iterable[Verdict], *, is_whole: bool) -> None:
        """Write the table of the day so far; of a whole day nothing else is needed any more."""
        from app.backtest.report import verdicts_table

        table = verdicts_table(verdicts)
        self._table.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._table, lambda file: pq.write_table(table, file))
        if is_whole:
            self._lines.unlink(missing_ok=True)
