"""Sums of sizes and of price × size are exact, whatever they come to and fractions included."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.fixed_point import MAX_NOTIONAL, MAX_PRICE, MAX_SIZE, SIZE_SCALE, exact_shares
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import session
from engine.signals import Scanner
from engine.signals.columns import ColumnScanner
from engine.signals.digest import CandidateDigest
from engine.signals.kernel.notional import micro_usd
from engine.signals.tables import exact_array
from tests.signals.tapes import DAY, EAGER, batch, random_tapes, run, symbol_state

OPEN = session(DAY).open_ns
SECOND = 1_000_000_000
CODES = ("", "B", "!", "!B", "M")
"""Everything, volume alone, either taken back, and nothing."""


def prints(rows: list[tuple[int, int, int, int]]) -> TradeBatch:
    """Return prints of AAA given as (second of event, price, size, place in ``CODES``)."""
    second, price, size, code = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    arrival = OPEN + np.maximum.accumulate(second) * SECOND
    ids = np.zeros(len(rows), np.int32)
    ts = OPEN + second * SECOND
    return TradeBatch(ids, ("AAA",), ts, arrival, price, size, code.astype(np.int32), CODES)


def session_sums(scanner: ColumnScanner) -> tuple[int, int, int, int]:
    """Return volume, notional, and both as far as they make the VWAP: 1e-6 share, 1e-12 USD."""
    x: Any = symbol_state(scanner, "AAA")
    wide = (
        (int(x[f"{high}_high"]) << 64) + int(x[f"{low}_notional"])
        for high, low in (("session", "session"), ("vwap", "vwap"))
    )
    all_usd, vwap_usd = wide
    return int(x["session_volume"]), all_usd, int(x["vwap_volume"]), vwap_usd


@st.composite
def wide_tapes(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    """Draw prints from a millionth of a share to 100 bn USD each: up to 1e13 USD a day and more."""
    rows: list[tuple[int, int, int, int]] = []
    for _ in range(draw(st.integers(1, 150))):
        price = draw(st.integers(1, MAX_PRICE) | st.sampled_from([MAX_PRICE, 100_000_000]))
        most = min(MAX_SIZE * SIZE_SCALE, MAX_NOTIONAL * SIZE_SCALE // price)
        size = draw(st.one_of(st.integers(1, most), st.just(most), st.integers(1, 2 * SIZE_SCALE)))
        code = draw(st.sampled_from([0, 0, 1, 4]))
        row = (draw(st.integers(0, 900)), price, min(size, most), code)
        rows.append(row)
        if draw(st.integers(0, 9)) == 0:
            rows.append((*row[:3], row[3] + 2) if row[3] < 2 else row)
    return sorted(rows, key=lambda row: row[0]) if draw(st.booleans()) else rows


@settings(max_examples=60)
@given(tape=wide_tapes())
def test_sums_are_those_of_whole_numbers_beyond_any_word(
    tape: list[tuple[int, int, int, int]],
) -> None:
    scanner = ColumnScanner(EAGER, session(DAY), {})
    scanner.step(prints(tape))
    scanner.finish()
    standing, clock = [], -1
    for second, price, size, code in tape:
        clock = max(clock, second)
        if code in (2, 3):
            closed = (clock * SECOND - EAGER.grace_ns) // EAGER.bucket_ns
            same = (second, price, size, code - 2)
            if second // 5 >= closed and same in standing:
                standing.remove(same)
        elif code != 4:
            standing.append((second, price, size, code))
    expected = [(size, price * size, code == 0) for _, price, size, code in standing]
    assert session_sums(scanner) == (
        sum(size for size, _, _ in expected),
        sum(usd for _, usd, _ in expected),
        sum(size for size, _, priced in expected if priced),
        sum(usd for _, usd, priced in expected if priced),
    )


@given(
    pico=st.integers(0, 10**12) | st.integers(10**19, 10**20) | st.integers(0, 10**25),
    is_whole=st.booleans(),
)
def test_a_notional_is_read_as_the_number_next_to_it(pico: int, *, is_whole: bool) -> None:
    pico -= is_whole * (pico % 10**6)
    read = micro_usd(np.int64(pico >> 64), np.uint64(pico & (1 << 64) - 1))
    exact = Fraction(pico, 10**6)
    if is_whole and pico < 8 * 10**24:
        assert read == float(exact), "as when sizes were whole shares"
    assert abs(Fraction(read) - exact) <= exact * Fraction(1, 1 << 51)


def test_ten_trillion_dollars_are_told_to_the_last_millionth_of_a_share() -> None:
    price, size = 100_000_000, MAX_SIZE * SIZE_SCALE
    rise = [(5 * k, price + 10_000 * k, 1, 0) for k in range(80)]
    heavy = [(5 * 80 + k % 5, price + 800_000, size - 8_000_000_000_000, 0) for k in range(105)]
    tape = prints([*rise, *heavy, (410, price + 800_000, 250_000, 0)])
    scanner = ColumnScanner(EAGER, session(DAY), {}, every_bucket=True)
    scanner.step(tape)
    scanner.finish()
    (output,) = scanner.take_output()
    row = output.rows[output.rows["bucket"] == 82][0]
    volume = sum(tape.size.tolist())
    usd = sum(p * s for p, s in zip(tape.price.tolist(), tape.size.tolist(), strict=True))
    assert usd > 10**25, "1e13 USD"
    assert int(row["session_volume"]) == volume
    assert exact_shares(volume) % 1 == exact_shares(250_080), "whole ones and the rest"
    np.testing.assert_allclose(row["vwap"], usd / volume / 1e6, rtol=1e-15)
    since = [n for n in range(len(tape)) if tape.ts_event[n] >= OPEN + 34 * 5 * SECOND]
    run_usd = sum(int(tape.price[n]) * int(tape.size[n]) for n in since)
    assert abs(row["run_notional"] * 1e12 / run_usd - 1) < 1e-6


@settings(max_examples=20)
@given(tape=random_tapes(), units=st.integers(1, SIZE_SCALE - 1), data=st.data())
def test_cuts_and_corrections_of_fractional_sizes_leave_the_same_day(
    tape: pd.DataFrame, units: int, data: st.DataObject
) -> None:
    tape["size"] = np.round(tape["size"] + units / SIZE_SCALE, 6)
    whole = batch(tape)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    assert run(whole, EAGER, DAY)[0].digest() == run(whole, EAGER, DAY, cuts)[0].digest()


def test_a_digest_hashes_whole_shares_as_their_number_and_tells_fractions_apart() -> None:
    def digest(volume: pa.Array[Any]) -> str:
        made = CandidateDigest()
        made.update(pa.table({"volume": volume}), pa.table({"ts": pa.array([], pa.int64())}))
        return made.hexdigest()

    whole = np.array([0, 7, 1_200], np.int64)
    assert digest(exact_array(whole * SIZE_SCALE)) == digest(pa.array(whole))
    near = [digest(exact_array(np.array([n], np.int64))) for n in (7, 7_000_000, 7_000_001, 70)]
    assert len({*near, digest(pa.array([-7])), digest(pa.array([7]))}) == 4


def test_a_print_of_a_quarter_share_has_a_price_like_any_other() -> None:
    scanner = Scanner(EAGER, session(DAY), {})
    scanner.step(prints([(0, 61_500_000, 250_000, 0), (1, 61_700_000, 150_500_000, 0)]))
    scanner.advance(OPEN + 6 * SECOND)
    (closed,) = scanner.closed_prices(0)
    assert (closed.high[0], closed.low[0], closed.last[0]) == (61_700_000, 61_500_000, 61_700_000)
