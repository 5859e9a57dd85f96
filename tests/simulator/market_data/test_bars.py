"""Bars by the published rules, against a builder that walks print by print."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog import Catalog
from engine.domain.market_data.conditions import REVERSAL_MARK
from engine.domain.market_data.trades import TradeBatch
from simulator.market_data.history.bar_rules import BarUpdates, bar_updates
from simulator.market_data.history.bars import Bars, daily_bar, minute_bars
from simulator.market_data.history.recorded import NEVER, Recorded
from tests.simulator.market_data.loopback import Loopback
from tests.simulator.market_data.recorded_day import CLOSE, DAY, MINUTE

AFTER = CLOSE + 6 * 60 * MINUTE

type Rules = dict[tuple[str, str, str], tuple[str, str, str]]


@pytest.fixture(scope="session")
def rules(shared: Path) -> Rules:
    """Return the published table: tape, bar type and code to open/close, high/low, volume."""
    path = shared / "fixtures" / "alpaca" / "tables" / "bar_condition_rules.csv"
    with path.open(newline="") as file:
        return {
            (tape, kind, row["condition"]): (row["open_close"], row["high_low"], row["volume"])
            for row in csv.DictReader(file)
            for tape in row["tapes"]
            for kind in row["bar_types"]
        }


def test_every_published_rule_is_ours(rules: Rules) -> None:
    assert len(rules) > 150
    for (tape, kind, code), (open_close, high_low, volume) in rules.items():
        found = bar_updates(code, tape, daily=kind == "D")
        expected = {
            "G": BarUpdates.OPEN_CLOSE,
            "Y": BarUpdates.YELLOW,
            "R": BarUpdates.NOTHING,
        }[open_close]
        expected |= BarUpdates.HIGH_LOW if high_low == "G" else BarUpdates.NOTHING
        expected |= BarUpdates.VOLUME if volume == "G" else BarUpdates.NOTHING
        assert found == expected, (tape, kind, code)


def walked(prints: list[tuple[int, int, int, str]], tape: str, kind: str, rules: Rules) -> Any:
    """Return one bar from prints (time, price, size, codes), as the rules are worded."""
    strictness = "GYR"
    opened = closed = high = low = volume = count = weight = value = 0
    for _, price, size, codes in prints:
        each = [rule_of(code, tape, kind, rules) for code in codes]
        open_close, high_low, in_volume = (
            max((rule[n] for rule in each), key=strictness.index, default="G") for n in range(3)
        )
        if open_close in "GY" and not opened:
            opened = price
        if open_close == "G" or (open_close == "Y" and not closed):
            closed = price
        if high_low == "G":
            high, low = max(high, price), min(low or price, price)
        if in_volume == "G":
            volume, count = volume + size, count + 1
            if high_low == "G":
                weight, value = weight + size, value + price * size
    if not (opened and closed and high and low and volume):
        return None
    return opened, high, low, closed, volume, count, round(value / weight / 1e6, 6)


def rule_of(code: str, tape: str, kind: str, rules: Rules) -> tuple[str, str, str]:
    """Return the rule of a code, that of another tape where the table has none for this one."""
    return next(rules[each, kind, code] for each in (tape, *"ABCO") if (each, kind, code) in rules)


class Fine(Catalog):
    """A catalog whose prints have fractions of a share."""

    def trades(self, day: date, symbols: Sequence[str], start_ns: int, end_ns: int) -> TradeBatch:
        """Return prints, each with a fraction that goes by what its cancel says too."""
        batch = super().trades(day, symbols, start_ns, end_ns)
        return replace(batch, size=batch.size + batch.price * 123_457 % 1_000_000)


def told(bars: Bars, n: int) -> Any:
    exact = (bars.open, bars.high, bars.low, bars.close, bars.volume, bars.trade_count)
    return (*(int(column[n]) for column in exact), round(float(bars.vwap[n]), 6))


@pytest.mark.parametrize("kind", ["M", "D"])
def test_bars_are_those_of_a_walk_print_by_print(market: Catalog, rules: Rules, kind: str) -> None:
    market = Fine(market.root)
    tapes = market.tapes(DAY)
    recorded = Recorded(market, DAY)
    compared = 0
    for symbol, tape in sorted(tapes.items()):
        batch = market.trades(DAY, [symbol], 0, NEVER)
        gone = {
            (int(batch.ts_event[n]), int(batch.price[n]), int(batch.size[n]), code[1:])
            for n in range(len(batch))
            if (code := batch.conditions[batch.condition_id[n]]).startswith(REVERSAL_MARK)
        }
        prints = sorted(
            (
                row
                for n in range(len(batch))
                if not (code := batch.conditions[batch.condition_id[n]]).startswith(REVERSAL_MARK)
                and (row := (int(batch.ts_event[n]), int(batch.price[n]), int(batch.size[n]), code))
                not in gone
            ),
            key=lambda row: row[0],
        )
        view = recorded.prints(DAY, symbol)
        if kind == "D":
            ours = daily_bar(view, tape, DAY, AFTER)
            expected = {0: walked(prints, tape, kind, rules)}
        else:
            ours = minute_bars(view, tape, AFTER)
            minutes: dict[int, list[Any]] = {}
            for row in prints:
                minutes.setdefault(row[0] // MINUTE * MINUTE, []).append(row)
            expected = {ts: walked(rows, tape, kind, rules) for ts, rows in minutes.items()}
        expected = {ts: bar for ts, bar in expected.items() if bar}
        assert [told(ours, n) for n in range(len(ours))] == list(expected.values()), symbol
        compared += len(expected)
    assert compared > (1000 if kind == "M" else 50)


def test_longer_bars_add_up_to_the_minutes_they_are_built_from(served: Loopback) -> None:
    def bars(timeframe: str) -> list[dict[str, Any]]:
        answer = served.get("/v2/stocks/AAPL/bars", timeframe=timeframe, limit=10_000)
        found: list[dict[str, Any]] = answer.json()["bars"]
        return found

    minutes = bars("1Min")
    assert len(minutes) > 100
    for timeframe, most in (("5Min", 80), ("15T", 27), ("1Hour", 8), ("4H", 4)):
        longer = bars(timeframe)
        assert 0 < len(longer) <= most + 60
        assert sum(bar["v"] for bar in longer) == sum(bar["v"] for bar in minutes)
        assert max(bar["h"] for bar in longer) == max(bar["h"] for bar in minutes)
        assert min(bar["l"] for bar in longer) == min(bar["l"] for bar in minutes)
        assert longer[0]["o"] == minutes[0]["o"]
        assert longer[-1]["c"] == minutes[-1]["c"]
    (day,) = bars("1Day")
    (week,), (month,) = bars("1Week") or [day], bars("1Month") or [day]
    assert day["v"] == week["v"] == month["v"]
    assert day["t"] == "2018-09-18T04:00:00Z"


def test_weeks_and_months_begin_where_calendars_say(served: Loopback) -> None:
    starts = {
        timeframe: served.get(
            "/v2/stocks/AAPL/bars", timeframe=timeframe, start="2018-01-01", end="2018-12-31"
        ).json()["bars"][0]["t"]
        for timeframe in ("1Week", "1Month", "3Month", "12M")
    }
    assert starts == {
        "1Week": "2018-09-17T04:00:00Z",
        "1Month": "2018-09-01T04:00:00Z",
        "3Month": "2018-07-01T04:00:00Z",
        "12M": "2018-01-01T05:00:00Z",
    }
