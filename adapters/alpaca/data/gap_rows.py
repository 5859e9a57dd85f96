"""Which prints and quotes that were fetched again did not come over the stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adapters.alpaca.wire.market import Frame
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

_COLUMNS = ("symbol_id", "ts_event", "price", "size", "condition_id")
_NEVER = -1
_ALWAYS = int(np.iinfo(np.int64).max)


def first_events(batches: Iterable[TradeBatch]) -> dict[str, int]:
    """Return the exchange time (UTC ns) of each symbol's first print, the earliest of them."""
    first: dict[str, int] = {}
    for batch in batches:
        for number in np.unique(batch.symbol_id):
            symbol = batch.symbols[number]
            earliest = int(batch.ts_event[batch.symbol_id == number].min())
            first[symbol] = min(first.get(symbol, _ALWAYS), earliest)
    return first


def between(batch: TradeBatch, seen: Mapping[str, int], fresh: Mapping[str, int]) -> TradeBatch:
    """Return the prints that lie between what came before a gap and what came after it.

    Prints carry no number that tells them apart, so a symbol's exchange times do: what has the
    time of the last print before the gap, or of the first after it, came over the stream.

    Parameters
    ----------
    seen, fresh : mapping
        Exchange time (UTC ns) of each symbol's last print before, and first print after.
    """
    last = np.array([seen.get(symbol, _NEVER) for symbol in batch.symbols], np.int64)
    first = np.array([fresh.get(symbol, _ALWAYS) for symbol in batch.symbols], np.int64)
    ids = batch.symbol_id
    return batch.rows((batch.ts_event > last[ids]) & (batch.ts_event < first[ids]))


def not_before(frame: Frame, seen: Mapping[str, int], until: int) -> Frame:
    """Return a frame without what was heard before the venue's time went back.

    Parameters
    ----------
    seen : mapping
        Exchange time (UTC ns) of each symbol's last print by then.
    until : int
        Newest exchange time of anything by then, UTC ns.
    """
    trades = None if frame.trades is None else between(frame.trades, seen, {})
    quotes = None if frame.quotes is None else frame.quotes.rows(frame.quotes.ts_event > until)
    return replace(frame, trades=trades or None, quotes=quotes or None)


def not_quoted_since(
    fetched: Iterable[QuoteBatch], heard: Iterable[QuoteBatch]
) -> list[QuoteBatch]:
    """Return the quotes that were fetched of symbols that have not been quoted since."""
    quoted = {batch.symbols[number] for batch in heard for number in np.unique(batch.symbol_id)}
    found: list[QuoteBatch] = []
    for batch in fetched:
        stale = np.array([symbol not in quoted for symbol in batch.symbols], bool)
        found.append(batch.rows(stale[batch.symbol_id]))
    return [quotes for quotes in found if len(quotes)]


def as_if_heard(pages: Sequence[TradeBatch], since: int, until: int) -> TradeBatch | None:
    """Return prints that were fetched as one batch that arrived when it was to be expected.

    Nobody heard them, so each arrives at its exchange time, but within the gap.

    Parameters
    ----------
    pages : sequence of TradeBatch
        Their tables grow from one to the next.
    since, until : int
        Last arrival before the gap and first after it, UTC ns.
    """
    if not sum(map(len, pages)):
        return None
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(page, name) for page in pages]) for name in _COLUMNS
    }
    order = np.argsort(columns["ts_event"], kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    return TradeBatch(
        **columns,
        ts_init=np.clip(columns["ts_event"], since, max(since, until)),
        symbols=pages[-1].symbols,
        conditions=pages[-1].conditions,
    )
