"""Tickers are always the same, look real, and crowd under the letters that trade most."""

from __future__ import annotations

from collections import defaultdict

import pytest

from catalog.synth.tickers import INDEX_ETFS, tickers


@pytest.mark.parametrize("n", [1, 3, 25, 26, 60, 1_000, 11_000, 20_000])
def test_there_are_as_many_as_asked_for_with_shares_that_sum_to_one(n: int) -> None:
    shares = tickers(n)
    assert len(shares) == n
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares) == sorted(shares)
    assert set(INDEX_ETFS[:n]) <= set(shares)
    assert all(1 <= len(symbol) <= 5 and symbol.replace(".", "").isupper() for symbol in shares)


def test_a_longer_list_holds_the_shorter_one() -> None:
    assert set(tickers(60)) < set(tickers(11_000))
    assert {"AAPL", "NVDA", "TSLA", "MSFT"} < set(tickers(60))


def test_s_trades_43_times_as_much_as_z() -> None:
    by_letter: defaultdict[str, float] = defaultdict(float)
    for symbol, share in tickers(11_000).items():
        by_letter[symbol[0]] += share
    assert len(by_letter) == 26
    assert by_letter["S"] / by_letter["Z"] == pytest.approx(43)


def test_activity_falls_steeply_with_rank() -> None:
    ranked = sorted(tickers(11_000).values(), reverse=True)
    assert sum(ranked[:1_000]) > 0.5
    assert ranked[0] > 300 * ranked[-1]
