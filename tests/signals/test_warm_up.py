"""A scanner that was warmed, or held up, says what one says that never was."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.candidate import BucketReport
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import session
from engine.pipeline import observe
from engine.signals import Scanner
from engine.signals.warm_up import warm_up
from tests.signals.tapes import DAY, EAGER, batch, random_tapes


def quotes_of(prints: TradeBatch, seed: int) -> QuoteBatch:
    """Return quotes around some prints, each a moment before or after its print."""
    chance = np.random.default_rng(seed)
    moved = prints.ts_init + chance.integers(-(10**9), 10**9, len(prints))
    order = np.argsort(moved, kind="stable")
    price, size = prints.price[order], np.full(len(prints), 100)
    return QuoteBatch(
        prints.symbol_id[order],
        prints.symbols,
        moved[order],
        moved[order],
        price,
        price + 10_000,
        size,
        size,
    )


def cut[Batch: (TradeBatch, QuoteBatch)](whole: Batch, at: list[int]) -> list[Batch]:
    """Return a batch in pieces."""
    edges = [0, *sorted(min(place, len(whole)) for place in at), len(whole)]
    pieces = [whole.rows(slice(first, end)) for first, end in pairwise(edges)]
    return [piece for piece in pieces if len(piece)]


def as_live(scanner: Scanner, quotes: QuoteBatch, prints: TradeBatch) -> list[BucketReport]:
    """Feed a scanner as a live host does: every bucket at its instant."""
    first, last = (
        pick(int(each.ts_init[end]) for each in (quotes, prints))
        for pick, end in ((min, 0), (max, -1))
    )
    reports, fed = observe(scanner, (), (), first), first
    while fed <= last:
        now = scanner.closes_at
        early = [(fed <= each.ts_init) & (each.ts_init < now) for each in (quotes, prints)]
        reports += observe(
            scanner,
            [quotes.rows(early[0])] if early[0].any() else (),
            [prints.rows(early[1])] if early[1].any() else (),
            now,
        )
        fed = now
    return reports


@settings(max_examples=20)
@given(
    frame=random_tapes(),
    at=st.lists(st.integers(0, 400), max_size=5),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_a_warmed_scanner_goes_on_as_one_that_was_never_restarted(
    frame: pd.DataFrame, at: list[int], share: float, seed: int
) -> None:
    prints = batch(frame)
    quotes = quotes_of(prints, seed)
    hours = session(DAY)
    ends = int(prints.ts_init[-1]) + 60 * 10**9
    killed = int(prints.ts_init[int(share * (len(prints) - 1))])

    undisturbed = Scanner(EAGER, hours, {})
    before = as_live(undisturbed, quotes, prints)
    before += observe(undisturbed, (), (), ends)

    warmed = Scanner(EAGER, hours, {})
    early, heard = quotes.ts_init < killed, prints.ts_init < killed
    reports = list(warm_up(warmed, cut(quotes.rows(early), at), cut(prints.rows(heard), at)))
    reports += list(warm_up(warmed, cut(quotes.rows(~early), at), cut(prints.rows(~heard), at)))
    reports += observe(warmed, (), (), ends)

    assert before
    assert repr(reports) == repr(before)
    assert warmed.digest() == undisturbed.digest()


def test_a_host_that_was_held_up_says_of_each_bucket_what_it_would_have_said_in_time() -> None:
    opens = session(DAY).open_ns
    times = [opens + second * 10**9 for second in range(40)]
    columns = {"price": [20 + second % 7 / 100 for second in range(40)], "size": 100}
    prints = batch(pd.DataFrame({"symbol": "AAA", "ts_event": times, "conditions": "", **columns}))
    quotes = quotes_of(prints, 1)
    in_time, held_up = (Scanner(EAGER, session(DAY), {}) for _ in range(2))
    ends = opens + 50 * 10**9
    before = as_live(in_time, quotes, prints) + observe(in_time, (), (), ends)
    assert len(before) > 8
    assert repr(observe(held_up, cut(quotes, [5]), cut(prints, [9]), ends)) == repr(before)
