"""Silence is measured where data is due, and nowhere else."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adapters.transport.silence import Silence, in_regular_hours
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK, session

SECOND = NANOS_PER_SECOND


def batch(*symbols: str) -> TradeBatch:
    n = len(symbols)
    ones = np.ones(n, np.int64)
    ids = np.arange(n, dtype=np.int32)
    return TradeBatch(ids, symbols, ones, ones, ones, ones, ids * 0, ("",))


def new_york(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)
    return int(moment.timestamp()) * SECOND


def test_data_is_due_in_regular_hours_of_trading_days_alone() -> None:
    due = {
        "2026-09-18T09:29:59": False,
        "2026-09-18T09:30:00": True,
        "2026-09-18T15:59:59": True,
        "2026-09-18T16:00:00": False,
        "2026-09-19T12:00:00": False,  # a Saturday
        "2026-11-26T12:00:00": False,  # Thanksgiving
        "2026-11-27T12:59:59": True,  # closes at 13:00
        "2026-11-27T13:00:00": False,
    }
    assert {text: in_regular_hours(new_york(text)) for text in due} == due


@given(st.lists(st.integers(1, 20), min_size=1, max_size=60), st.sets(st.integers(0, 600)))
def test_a_socket_is_mute_after_its_bound_once_that_is_seen_twice(
    waits: list[int], spoken: set[int]
) -> None:
    silence, now, last = Silence(30, lambda _: True), 0, 0
    silence.begin(0)
    for _ in range(5_000):  # a busy feed: what comes later makes no difference to its mean
        silence.heard(0)
    for wait in waits:
        for second in sorted(spoken & set(range(now, now + wait))):
            silence.heard(second * SECOND)
            last = second
        now += wait
        silence.is_socket_mute(now * SECOND)
        assert silence.is_socket_mute(now * SECOND) == (now - last > 30)


def test_one_look_is_not_enough_and_a_feed_that_is_used_to_silence_may_be_silent() -> None:
    silence = Silence(5, lambda _: True)
    silence.begin(0)
    for frame in range(31):
        silence.heard(10 * frame * SECOND)
    last = 300
    assert not silence.is_socket_mute((last + 1_000) * SECOND)
    assert not silence.is_socket_mute((last + 1_001) * SECOND), "read first what waits"
    assert silence.is_socket_mute((last + 1_001) * SECOND)
    silence.heard((last + 1_001) * SECOND)
    assert not silence.is_socket_mute((last + 1_002) * SECOND)


def test_the_night_is_no_silence() -> None:
    day = session(date(2026, 9, 18))
    silence = Silence(10 / 24)  # a feed that is not known yet may be silent 24 times as long
    silence.begin(day.open_ns - 3600 * SECOND)
    for before in range(3600, 0, -60):
        assert not silence.is_socket_mute(day.open_ns - before * SECOND)
    assert not silence.is_socket_mute(day.open_ns + 9 * SECOND - 60 * SECOND)
    assert not silence.is_socket_mute(day.open_ns - SECOND)
    assert not silence.is_socket_mute(day.open_ns + 9 * SECOND)
    assert not silence.is_socket_mute(day.open_ns + 10 * SECOND)
    assert silence.is_socket_mute(day.open_ns + 10 * SECOND)


def test_only_watched_symbols_are_missed_and_halted_ones_are_not() -> None:
    silence = Silence(10, lambda _: True)
    silence.watch("AAPL", 5, 0)
    silence.watch("MSFT", 5, 0)
    silence.watch("TSLA", 50, 0)
    silence.heard_of(batch("MSFT", "GOOG"), 4 * SECOND)
    assert silence.mute_symbols(5 * SECOND) == ()
    assert silence.mute_symbols(6 * SECOND) == ("AAPL",)
    assert silence.mute_symbols(10 * SECOND) == ("AAPL", "MSFT")
    silence.unwatch("AAPL")
    silence.heard_of(batch("AAPL"), 10 * SECOND)
    assert silence.mute_symbols(10 * SECOND) == ("MSFT",)
