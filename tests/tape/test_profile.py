"""A tape that stays broken does not become the rule, and a market that goes quiet does."""

from __future__ import annotations

import numpy as np
import pytest

from engine.signals.columns import ClosedPrices
from engine.tape import Flaw, TapeMeasure
from engine.tape.health import Connections, health_lines
from engine.tape.measure import Heard
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


def _expected(before: list[tuple[int, np.ndarray]], after: tuple[int, np.ndarray]) -> list[Heard]:
    """Return what was expected and heard in each bucket of a run that learned a day so far.

    Parameters
    ----------
    before, after : (int, array)
        Buckets, and each symbol's chance of printing in one of them.
    """
    random, monitor = np.random.default_rng(5), TapeMonitor(OPENS_NS)

    def bucket(chance: np.ndarray) -> ClosedPrices:
        heard = random.random(_SYMBOLS) < chance
        price = np.where(heard, random.integers(1, 1_000, _SYMBOLS), 0)
        return ClosedPrices(price, price, price)

    for buckets, chance in before:
        monitor.learn([bucket(chance) for _ in range(buckets)], LIMITS)
    found: list[Heard] = []
    for number in range(after[0]):
        now = OPENS_NS + (1_500 + number) * WIDTH_NS
        monitor.close([bucket(after[1])], [], [], now, LIMITS)
        assert monitor.measure is not None
        found += monitor.measure.heard[:1]
    return found


_USUAL, _NOTHING = np.full(_SYMBOLS, 0.3), np.zeros(_SYMBOLS)
_SOME = np.where(np.arange(_SYMBOLS) < 20, 0.3, 0.0)


@pytest.mark.parametrize(
    "before",
    [
        [(1_000, _NOTHING)],
        [(1_000, _NOTHING), (5, _USUAL), (300, _NOTHING)],
        [(20, _USUAL), (300, _NOTHING)],
        [(200, _USUAL), (50, _NOTHING)],
        [(200, _USUAL), (300, _SOME)],
    ],
    ids=["began late", "young and away", "hardly known and away", "away", "little was fetched"],
)
def test_what_is_expected_after_a_time_in_which_nobody_listened_is_what_was_usual(
    before: list[tuple[int, np.ndarray]],
) -> None:
    told = _expected(before, (40, _USUAL))
    assert len(told) > 25
    for each in told:
        assert 60 < each.expected < 120
        assert 60 < each.heard < 120


def test_a_screen_never_says_that_more_was_heard_than_there_is_to_hear() -> None:
    measure = TapeMeasure(0, silent_ns=0, heard=(Heard(1, 85, 9.0, 3.0),))
    healthy = Connections("live", "live", 0)
    (line,) = [each for each in health_lines(measure, LIMITS, healthy, {}) if each.what == "tape"]
    assert "85 symbols heard, many more than" in line.sentence
    quiet = TapeMeasure(0, silent_ns=0, heard=(Heard(1, 1, 0.2, 0.1),))
    (line,) = [each for each in health_lines(quiet, LIMITS, healthy, {}) if each.what == "tape"]
    assert "1 symbol heard, 1 expected" in line.sentence
