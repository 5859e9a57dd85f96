"""What the market did after a candidate was turned down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.accounting.books.trades import Trade
from engine.accounting.excursion import standing
from engine.domain.candidate import Feature, Side
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData, letter_of
from engine.domain.session import NANOS_PER_SECOND, session


class Rejection(msgspec.Struct, frozen=True):
    """A symbol that was not entered at the close of one bucket.

    Attributes
    ----------
    ts_event, ts_init : int
        End of the bucket, and the instant at which it was judged, UTC ns.
    price : int
        Last eligible price then, 1e-6 USD.
    strategy_id, score
        Whose candidate it was, and how strong, in deviations of its noise, >= 0; NaN if unknown.
    stopped_by, detail : str
        The gate or feature, or the reason of the refusal, and the numbers behind it.
    features : tuple of Feature
        What the candidate rested on, in its strategy's own order.
    """

    symbol: str
    side: Side
    ts_event: int
    ts_init: int
    price: int
    strategy_id: str
    score: float
    stopped_by: str
    detail: str
    features: tuple[Feature, ...] = ()


class Missed(msgspec.Struct, frozen=True):
    """A rejection, and how far the market then went, in percent of its price.

    Attributes
    ----------
    best_pct : float
        Largest move in the rejected direction, >= 0, reached ``best_after_secs`` after.
    worst_before_pct : float
        Largest move against it before that, <= 0: what a stop would have had to bear.
    """

    rejection: Rejection
    best_pct: float
    best_after_secs: float
    worst_before_pct: float


def untraded(
    rejections: Iterable[Rejection], trades: Sequence[Trade], horizon_ns: int, halts: Halts
) -> Iterator[Rejection]:
    """Yield each strategy's first rejection of every stretch in which a symbol was never entered.

    One in a halt is no miss: nobody could have entered.

    Parameters
    ----------
    rejections : iterable of Rejection
        In order of time.
    trades : sequence of Trade
        A rejection is no miss when its symbol is in a trade, or enters one within the horizon.
    horizon_ns : int
        Rejections of one strategy's candidates of the same symbol and side this close together are
        one.
    """
    last: dict[tuple[str, str, Side], int] = {}
    for rejection in rejections:
        key = rejection.strategy_id, rejection.symbol, rejection.side
        ts = rejection.ts_init
        if halts.is_halted(rejection.symbol, ts):
            continue
        if key in last and ts < last[key] + horizon_ns:
            continue
        entered = any(
            trade.symbol == rejection.symbol
            and trade.entry_ts < ts + horizon_ns
            and (trade.exit_ts is None or ts <= trade.exit_ts)
            for trade in trades
        )
        if not entered:
            last[key] = ts
            yield rejection


def follow(
    market: MarketData, day: date, rejections: Sequence[Rejection], horizon_ns: int
) -> list[Missed]:
    """Return what became of rejections within the horizon and the session, best first."""
    close_ns = session(day).close_ns
    found: list[Missed] = []
    for letter in sorted({letter_of(rejection.symbol) for rejection in rejections}):
        own = [rejection for rejection in rejections if letter_of(rejection.symbol) == letter]
        prints = _prints(market, day, letter, {rejection.symbol for rejection in own})
        for rejection in own:
            ts, price = prints[rejection.symbol]
            end_ns = min(rejection.ts_init + horizon_ns, close_ns)
            first, last = np.searchsorted(ts, [rejection.ts_init, end_ns])
            found.append(_followed(rejection, ts[first:last], price[first:last]))
    return sorted(found, key=lambda missed: -missed.best_pct)


def _prints(
    market: MarketData, day: date, letter: str, symbols: set[str]
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return arrival times (UTC ns) and prices (1e-6 USD) of what symbols really traded at.

    Those are the standing prints, less those in a halt.
    """
    names = sorted(symbols)
    tapes, halts = market.tapes(day), Halts(market.statuses(day))
    pieces: list[NDArray[np.int64]] = [np.empty((0, 3), np.int64)]
    for batch in market.trade_batches(day, letter):
        ids = [names.index(name) if name in symbols else -1 for name in batch.symbols]
        wanted = np.array(ids, np.int64)
        kept = batch.rows(np.flatnonzero(wanted[batch.symbol_id] >= 0))
        kept = kept.rows(standing(kept, tapes) & ~halts.covers(kept))
        pieces.append(np.column_stack([wanted[kept.symbol_id], kept.ts_init, kept.price]))
    rows = np.concatenate(pieces)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    edges = np.searchsorted(rows[:, 0], np.arange(len(names) + 1))
    return {
        name: (rows[edges[k] : edges[k + 1], 1], rows[edges[k] : edges[k + 1], 2])
        for k, name in enumerate(names)
    }


def _followed(rejection: Rejection, ts: NDArray[np.int64], price: NDArray[np.int64]) -> Missed:
    if not len(ts):
        return Missed(rejection, 0.0, 0.0, 0.0)
    moves = rejection.side * 100 * (price / rejection.price - 1)
    best = int(moves.argmax())
    return Missed(
        rejection,
        best_pct=max(float(moves[best]), 0.0),
        best_after_secs=float(ts[best] - rejection.ts_init) / NANOS_PER_SECOND,
        worst_before_pct=min(float(moves[: best + 1].min()), 0.0),
    )
