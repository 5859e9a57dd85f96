"""A tape that stays broken does not become the rule, and a market that goes quiet does."""

from __future__ import annotations

import numpy as np

from engine.signals.columns import ClosedPrices
from engine.tape import Flaw
from engine.tape.monitor import TapeMonitor
from tests.tape.scenes import LIMITS, OPENS_NS, WIDTH_NS

_SYMBOLS = 300
_MINUTE = 12


def _thin(chances: list[tuple[int, np.ndarray]]) -> list[bool]:
    """Return at each close whether the tape is thin, symbols printing by chance for a while."""
    random, monitor = np.random.default_rng(3), TapeMonitor(OPENS_NS)
    told, now = [], OPENS_NS
    for buckets, chance in chances:
        for _ in range(buckets):
            now += WIDTH_NS
            heard = random.random(_SYMBOLS) < chance
            price = np.where(heard, random.integers(1, 1_000, _SYMBOLS), 0)
            bucket = ClosedPrices(price, price, price)
            told.append(Flaw.THIN in monitor.close([bucket], [], [], now, LIMITS))
    return told


def test_forty_symbols_of_three_hundred_are_thin_for_as_long_as_it_lasts() -> None:
    usual = np.full(_SYMBOLS, 0.5)
    broken = np.where(np.arange(_SYMBOLS) < 40, 0.5, 0.0)
    hours = 100 * _MINUTE
    told = _thin([(5 * _MINUTE, usual), (hours, broken), (_MINUTE, usual)])
    assert not any(told[: 5 * _MINUTE])
    assert all(told[5 * _MINUTE : 5 * _MINUTE + hours])
    assert not told[-1]


def test_a_market_that_goes_quiet_is_learned_and_a_slow_decline_is_never_thin() -> None:
    usual = np.full(_SYMBOLS, 0.6)
    sudden = _thin([(10 * _MINUTE, usual), (40 * _MINUTE, usual / 3)])
    assert any(sudden)
    assert not any(sudden[-5 * _MINUTE :])
    decline = [(_MINUTE, usual * share) for share in np.linspace(1, 0.25, 30)]
    assert not any(_thin([(10 * _MINUTE, usual), *decline]))
