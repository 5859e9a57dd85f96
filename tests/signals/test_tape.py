"""What strategies see of the tape, against plain pandas; the same however the input was cut."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import session
from engine.signals.columns import ColumnScanner
from engine.signals.whole_tape.history import (
    History,
    highest,
    lowest,
    matrix,
    mean,
    opening_high,
    opening_low,
)
from engine.signals.whole_tape.tape import Tape, tapes
from engine.signals.whole_tape.tape_block import TAPE_BUCKETS
from engine.signals.whole_tape.tape_reader import TapeReader
from tests.signals import oracle
from tests.signals.tapes import DAY, EAGER, batch, random_tapes

NEEDS = (
    mean("volume", 60),
    mean("last", 7),
    highest("high", 12),
    highest("volume", 5),
    lowest("low", 33),
    matrix("last", 4),
    opening_high(24),
    opening_low(24),
)
HOURS = session(DAY)
WIDTH = 5_000_000_000
_SIGMA = 7
"""Place of the deviation among the figures."""

Seen = dict[tuple[int, str], tuple[float, ...]]


def figures(tape: Tape) -> NDArray[np.float64]:
    """Return everything a strategy can see, shape (figures, n)."""
    plain = (
        tape.high, tape.low, tape.last, tape.volume, tape.traded, tape.vwap, tape.age,
        tape.sigma_bps, tape.session_volume,
    )  # fmt: skip
    kept = (
        tape.mean("volume", 60), tape.mean("last", 7), tape.highest("high", 12),
        tape.highest("volume", 5), tape.lowest("low", 33), tape.opening_high(24),
        tape.opening_low(24), tape.opening_price, tape.vwap_slope,
    )  # fmt: skip
    return np.vstack([*plain, *kept, tape.matrix("last", 4)], dtype=np.float64)


def seen(prints: TradeBatch, cuts: list[int]) -> tuple[list[str], list[bytes], Seen]:
    """Return the symbols, the bits of every bucket, and the figures by bucket and symbol."""
    reader, bits, by_symbol = TapeReader(), list[bytes](), Seen()
    history, symbols = History(NEEDS), list[str]()
    scanner = ColumnScanner(EAGER, HOURS, {}, tape_buckets=TAPE_BUCKETS)
    asked = 0

    def read() -> None:
        nonlocal asked
        block = reader.block([scanner.tape_part()], asked)
        for tape in tapes(block, history):
            shown = figures(tape)
            bits.append(shown.tobytes())
            symbols[:] = tape.symbols
            by_symbol.update(
                {(tape.ts_event, name): tuple(shown[:, k]) for k, name in enumerate(tape.symbols)}
            )
        asked = scanner.closed

    end = int(prints.ts_init[-1]) + 20 * WIDTH
    for rows in (slice(*cut) for cut in pairwise([0, *cuts, len(prints)])):
        batch = prints.rows(rows)
        while len(batch) and batch.ts_init[-1] >= (
            stop := scanner.closing_instant(asked + TAPE_BUCKETS - 1)
        ):
            cut = int(np.searchsorted(batch.ts_init, stop))
            scanner.step(batch.rows(slice(None, cut)))
            scanner.advance(stop)
            read()
            batch = batch.rows(slice(cut, None))
        scanner.step(batch)
        if scanner.closed > asked:
            read()
    while scanner.closes_at <= end:
        scanner.advance(min(end, scanner.closing_instant(asked + TAPE_BUCKETS - 1)))
        read()
    return symbols, bits, by_symbol


@settings(max_examples=20)
@given(tape=random_tapes(), data=st.data())
def test_any_cutting_shows_the_same_tape_bit_by_bit(
    tape: pd.DataFrame, data: st.DataObject
) -> None:
    prints = batch(tape)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(prints)), max_size=20)))
    symbols, bits, _ = seen(prints, [])
    assert symbols
    assert seen(prints, cuts)[:2] == (symbols, bits)


def test_the_tape_equals_plain_pandas() -> None:
    rng = np.random.default_rng(5)
    n = 4_000
    ts = np.sort(HOURS.open_ns + rng.integers(0, 300 * WIDTH, n))
    trades = pd.DataFrame(
        {
            "symbol": rng.choice(["AAA", "BBB", "QQQ"], n, p=[0.85, 0.13, 0.02]),
            "ts_event": ts,
            "price": np.round(50 + np.cumsum(rng.choice([-0.01, 0, 0.01], n)), 2),
            "size": rng.choice([1, 50, 400], n),
            "conditions": rng.choice(["", "@I", "M"], n, p=[0.8, 0.15, 0.05]),
        }
    )
    symbols, _, ours = seen(batch(trades), [])
    assert set(symbols) == {"AAA", "BBB", "QQQ"}
    compared = 0
    for symbol, own in trades.groupby("symbol"):
        frame = _expected(oracle.buckets(own, HOURS.open_ns, HOURS.close_ns))
        for row in frame.head(250).itertuples():
            found = ours[int(cast("int", row.ts)), str(symbol)]
            expected = list(row[2:])
            # the scanner keeps returns in whole units of 1e-4 bps
            assert found[_SIGMA] == pytest.approx(expected.pop(_SIGMA), abs=1e-3, nan_ok=True)
            others = found[:_SIGMA] + found[_SIGMA + 1 :]
            np.testing.assert_allclose(others, expected, rtol=1e-9, atol=1e-9)
            compared += 1
    assert compared == 750


def _expected(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the oracle's figures of each bucket, ``ts`` and then in the order of ``figures``."""
    high, low = frame.high.fillna(frame["last"]), frame.low.fillna(frame["last"])
    sigma = oracle.oscillators(frame, sigma_window=EAGER.sigma_window).sigma_bps
    closed = frame.ts >= HOURS.open_ns + 24 * WIDTH
    opening = frame[frame.ts <= HOURS.open_ns + 24 * WIDTH]
    columns = {
        "ts": frame.ts,
        "high": high,
        "low": low,
        "last": frame["last"],
        "volume": frame.volume,
        "traded": ~frame.carried,
        "vwap": frame.vwap,
        "age": np.arange(1, len(frame) + 1),
        "sigma_bps": sigma,
        "session_volume": frame.session_volume,
        "mean_volume": frame.volume.rolling(60, min_periods=1).mean(),
        "mean_last": frame["last"].rolling(7, min_periods=1).mean(),
        "highest_high": high.rolling(12, min_periods=1).max(),
        "highest_volume": frame.volume.rolling(5, min_periods=1).max(),
        "lowest_low": low.rolling(33, min_periods=1).min(),
        "opening_high": np.where(closed, opening.high.max(), np.nan),
        "opening_low": np.where(closed, opening.low.min(), np.nan),
        "opening_price": frame["last"].iloc[0],
        "vwap_slope": frame.vwap - frame.vwap.shift(EAGER.window_buckets),
        **{f"back_{k}": frame["last"].shift(k) for k in (3, 2, 1, 0)},
    }
    return pd.DataFrame(columns)
