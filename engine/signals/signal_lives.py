"""The lives of a strategy's candidates: raised, updated and faded, as rows by bucket."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.candidate import FadeReason, Phase
from engine.signals.signals import Checked
from engine.signals.tables import price_array
from engine.signals.tape import Tape

FEATURES = pa.list_(
    pa.struct(
        [
            ("name", pa.string()),
            ("value", pa.float64()),
            ("threshold", pa.float64()),
            ("passed", pa.bool_()),
        ]
    )
)
SIGNAL_ROWS = pa.schema(
    [
        ("ts_event", pa.int64()),
        ("ts_init", pa.int64()),
        ("strategy_id", pa.string()),
        ("symbol", pa.string()),
        ("side", pa.int8()),
        ("phase", pa.string()),
        ("fade_reason", pa.string()),
        ("qualified", pa.bool_()),
        ("score", pa.float64()),
        ("strength", pa.float64()),
        ("confidence", pa.float64()),
        ("notional", pa.float64()),
        ("last", pa.decimal64(18, 6)),
        ("volume", pa.int64()),
        ("session_volume", pa.int64()),
        ("sigma_bps", pa.float64()),
        ("vwap", pa.float64()),
        ("vwap_slope", pa.float64()),
        ("features", FEATURES),
    ]
)
"""One row per raised, updated or faded candidate of a strategy."""


class SignalLives:
    """Leads the lives of one strategy's candidates on, bucket by bucket.

    Parameters
    ----------
    publish : int
        Buckets between two updates.
    last_bucket : int
        The session's last, counted from 1: what lives then fades.
    """

    def __init__(self, strategy_id: str, publish: int, last_bucket: int) -> None:
        self.strategy_id = strategy_id
        self._publish = publish
        self._last_bucket = last_bucket
        self._alive = np.zeros(0, np.int8)
        self._raised_at = np.zeros(0, np.int64)

    def rows(self, tape: Tape, signals: Checked) -> pa.Table:
        """Return the rows of a bucket, in order of symbols."""
        self._grow(len(tape))
        alive, side = self._alive, signals.side
        ends = tape.bucket >= self._last_bucket
        fades = (alive != 0) & (~signals.lives | (side != alive) | ends)
        raised = (alive == 0) & signals.qualified & (not ends)
        updated = (alive != 0) & ~fades & ((tape.bucket - self._raised_at) % self._publish == 0)
        told = np.flatnonzero(fades | raised | updated)
        table = self._table(tape, signals, told, fades, raised) if len(told) else _NO_ROWS
        alive[fades] = 0
        alive[raised] = side[raised]
        self._raised_at[raised] = tape.bucket
        return table

    def _grow(self, n: int) -> None:
        more = n - len(self._alive)
        if more:
            self._alive = np.concatenate([self._alive, np.zeros(more, np.int8)])
            self._raised_at = np.concatenate([self._raised_at, np.zeros(more, np.int64)])

    def _table(
        self,
        tape: Tape,
        signals: Checked,
        told: NDArray[np.intp],
        fades: NDArray[np.bool_],
        raised: NDArray[np.bool_],
    ) -> pa.Table:
        names = [tape.symbols[k] for k in told.tolist()]
        order = sorted(range(len(names)), key=names.__getitem__)
        at, names = told[order], [names[k] for k in order]
        n = len(at)
        phases = np.where(fades[at], Phase.FADED, np.where(raised[at], Phase.RAISED, Phase.UPDATED))
        reason = FadeReason.SIGNAL_ENDED
        if tape.bucket >= self._last_bucket:
            reason = FadeReason.SESSION_ENDED
        features = [
            [
                {"name": name, "value": held.values[k], "threshold": held.threshold, "passed": held.passed[k]}
                for name, held in signals.features.items()
            ]
            for k in at.tolist()
        ]
        columns = [
            np.full(n, tape.ts_event), np.full(n, tape.ts_init), [self.strategy_id] * n, names,
            np.where(fades[at], self._alive[at], signals.side[at]), phases.tolist(),
            [reason if phase == Phase.FADED else None for phase in phases.tolist()],
            signals.qualified[at] & ~fades[at], signals.score[at], signals.strength[at],
            signals.confidence[at], signals.notional[at], price_array(tape.fixed_last[at]),
            tape.sizes[at], tape.session_sizes[at], tape.sigma_bps[at], tape.vwap[at],
            tape.vwap_slope[at], features,
        ]  # fmt: skip
        return pa.table(
            {
                field.name: column if isinstance(column, pa.Array) else pa.array(column, field.type)
                for field, column in zip(SIGNAL_ROWS, columns, strict=True)
            },
            schema=SIGNAL_ROWS,
        )


_NO_ROWS = SIGNAL_ROWS.empty_table()
