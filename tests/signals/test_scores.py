"""The strip of every symbol's score says what the kernel has judged, symbol by symbol."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import parameters_from
from engine.domain.session import session
from engine.signals import kernel
from engine.signals.columns import ColumnScanner
from engine.signals.scores import SCALE, UNKNOWN
from tests.signals.tapes import DAY, batch

_PARAMS = parameters_from({}, ["direction=both", "warm_premarket=false"])
_SECS, _PRINTS, _SYMBOLS = 900, 20_000, 12


def _tape() -> TradeBatch:
    """Return a tape on which some symbols come late, one never moves and one has a single print."""
    chance = np.random.default_rng(5)
    k = np.minimum(chance.geometric(0.3, _PRINTS) - 1, _SYMBOLS - 1)
    k[-1] = _SYMBOLS
    at = np.sort(chance.integers(0, _SECS * 10**9, _PRINTS))
    walk = np.cumsum(chance.normal(0, 0.01, _PRINTS))
    price = np.where(k == 0, 20.0, np.round(50 + 5 * k + walk, 2))
    names = np.array([f"S{n:02}" for n in range(_SYMBOLS + 1)])
    columns = {"symbol": names[k], "ts_event": session(DAY).open_ns + at, "price": price}
    return batch(pd.DataFrame(columns | {"size": 100, "conditions": "@"}))


_TAPE = _tape()


def test_every_score_is_the_kernels_at_every_close() -> None:
    closes: list[np.ndarray] = []
    scanner = ColumnScanner(
        _PARAMS,
        session(DAY),
        {},
        every_bucket=True,
    )
    assert len(scanner.scores()) == 0
    start, end_ns = 0, session(DAY).open_ns + _SECS * 10**9 + _PARAMS.grace_ns
    while (closes_at := scanner.closes_at) <= end_ns:
        end = int(np.searchsorted(_TAPE.ts_init, closes_at))
        scanner.step(_TAPE.rows(slice(start, end)))
        scanner.advance(closes_at)
        closes.append(scanner.scores())
        start = end
    (output,) = scanner.take_output()
    rows = output.rows
    assert rows["phase"].max() >= kernel.NEAR_MISS
    judged = {
        (int(row["bucket"]), int(row["symbol_id"])): float(row["ac_z"])
        for row in rows
        if np.isfinite(row["ac_z"])
    }
    assert len(judged) > 1_000
    for bucket, scores in enumerate(closes):
        expected = [
            np.clip(np.rint(judged[bucket, k] * SCALE), -127, 127)
            if (bucket, k) in judged
            else UNKNOWN
            for k in range(len(scores))
        ]
        assert scores.tolist() == expected
    assert {np.sign(score) for score in judged.values()} >= {-1.0, 1.0}
