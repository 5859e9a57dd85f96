"""What is planted looks like what SIGNALS hunts, and goes on as its sidecar says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from catalog.synth import planted_accelerations
from engine.domain.errors import NotFoundError
from engine.domain.session import NANOS_PER_SECOND, session
from tests.synth.accelerator import qualified_buckets
from tests.synth.tapes import DAY, having, is_auction, is_reversal

if TYPE_CHECKING:
    from datetime import date

    from catalog import Catalog
    from catalog.synth import SynthReport

HOURS = session(DAY)
MINUTE = 60 * NANOS_PER_SECOND


@pytest.fixture(scope="module")
def planted(catalog: Catalog, report: SynthReport) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = planted_accelerations(catalog, DAY).to_pylist()
    assert len(rows) == report.accelerations == 30
    return rows


@pytest.fixture(scope="module")
def priced(tape: pd.DataFrame) -> pd.DataFrame:
    negotiated = having(tape, "4") | having(tape, "W") | having(tape, "7")
    return tape[~negotiated & ~is_reversal(tape) & ~is_auction(tape)].sort_values("ts_event")


def move(priced: pd.DataFrame, row: dict[str, Any], start: int, end: int) -> float:
    """Return a planted symbol's move in percent between two instants, in its direction."""
    own = priced[priced.symbol == row["symbol"]]
    first = own[own.ts_event <= start].price.iloc[-5:].mean()
    last = own[own.ts_event <= end].price.iloc[-5:].mean()
    return row["direction"] * 100 * (last / first - 1)


def test_default_gates_find_most_of_the_planted_and_little_else(
    tape: pd.DataFrame, planted: list[dict[str, Any]]
) -> None:
    by_symbol = {row["symbol"]: row for row in planted}
    found: set[str] = set()
    elsewhere = 0
    for symbol, prints in tape.groupby("symbol"):
        row = by_symbol.get(str(symbol))
        is_short = row is not None and row["direction"] < 0
        seen = prints.assign(price=2 * prints.price.iloc[0] - prints.price) if is_short else prints
        for end in qualified_buckets(seen, HOURS):
            if row is not None and row["start_ns"] < end < row["peak_ns"] + MINUTE:
                found.add(row["symbol"])
            else:
                elsewhere += 1
    assert len(found) >= 0.6 * len(planted)
    assert elsewhere < len(found)


def test_the_price_moves_by_the_magnitude_and_volume_swells(
    tape: pd.DataFrame, priced: pd.DataFrame, planted: list[dict[str, Any]]
) -> None:
    for row in planted:
        assert 1 < row["magnitude_pct"] < 6
        assert 1 * MINUTE <= row["peak_ns"] - row["start_ns"] <= 3 * MINUTE
        moved = move(priced, row, row["start_ns"], row["peak_ns"])
        assert moved == pytest.approx(row["magnitude_pct"], abs=0.8)
        own = tape[tape.symbol == row["symbol"]]
        around = own.ts_event.between(row["peak_ns"] - MINUTE // 2, row["peak_ns"] + MINUTE // 2)
        before = own.ts_event.between(row["start_ns"] - 10 * MINUTE, row["start_ns"])
        assert around.sum() > 5 * before.sum() / 10


def test_what_follows_is_what_the_sidecar_says(
    catalog: Catalog, priced: pd.DataFrame, planted: list[dict[str, Any]]
) -> None:
    halted = {status.symbol for status in catalog.statuses(DAY)}
    outcomes = {row["outcome"] for row in planted}
    assert outcomes == {"followed", "failed", "stalled"}
    for row in planted:
        if row["symbol"] in halted:
            continue
        later = min(row["peak_ns"] + 15 * MINUTE, HOURS.close_ns)
        after = move(priced, row, row["peak_ns"], later)
        assert after == pytest.approx(row["aftermath_pct"], abs=2.0)


def test_some_stand_still_from_just_before_entries_end(planted: list[dict[str, Any]]) -> None:
    late = [row for row in planted if HOURS.close_ns - row["peak_ns"] <= 35 * MINUTE]
    assert len(late) >= 2
    assert {row["outcome"] for row in late} == {"stalled"}


def test_a_day_that_is_not_synthetic_has_no_sidecar(catalog: Catalog, other_day: date) -> None:
    with pytest.raises(NotFoundError, match=f"no synthetic day is stored for {other_day}"):
        planted_accelerations(catalog, other_day)


@pytest.fixture
def other_day() -> date:
    return DAY.replace(day=17)
