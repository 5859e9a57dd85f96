"""Historical trades, quotes, bars and auctions of recorded days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request

from engine.domain.fixed_point import json_shares
from engine.domain.session import day_of
from simulator.instants import rfc3339
from simulator.market_data.history.bars import (
    Bars,
    Timeframe,
    daily_bar,
    in_timeframe,
    merged,
    minute_bars,
    timeframe_of,
)
from simulator.market_data.history.recent_minutes import RecentMinutes
from simulator.market_data.history.recorded import Recorded
from simulator.market_data.history.row_facts import exchange
from simulator.market_data.history.rows import Row, bar_rows, quote_rows, trade_rows
from simulator.market_data.history.tapes import Tapes
from simulator.market_data.requests.clock_times import end_of, midnight
from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.paging import Chunk, Mark, page_of
from simulator.market_data.requests.query import Stretch, check_currency, stretch_of
from simulator.market_data.requests.refusal import Refused

_ADJUSTMENTS = ("raw", "split", "dividend", "spin-off", "all")
_OPENING, _CLOSING = "OQ", "6M"


class Historical:
    """Answers about the past of recorded days, as far as it has arrived.

    Parameters
    ----------
    recorded, lately, tapes
        The recorded days, the last minutes of the one that is played, and the tape letter of each
        symbol.
    now
        Simulated time, UTC nanoseconds.
    """

    def __init__(
        self,
        recorded: Recorded,
        recent_minutes: RecentMinutes,
        tapes: Tapes,
        now: Callable[[], int],
    ) -> None:
        self._recorded = recorded
        self._lately = recent_minutes
        self._tapes = tapes
        self._now = now

    def trades(self, request: Request, visit: Visit) -> dict[str, Any]:
        """Answer ``/v2/stocks/trades`` and ``/v2/stocks/{symbol}/trades``."""
        now = self._now()
        asked = stretch_of(request, visit, now)
        if asked.is_recorded:
            printed = self._lately.printed(asked.symbols, asked.start_ns, now)
            asked = asked._replace(symbols=printed)

        def chunk(day: date, symbol: str, following: list[str]) -> Chunk:
            prints = self._lately.prints(day, symbol, asked.start_ns, now)
            if prints is None:
                prints = self._recorded.prints(day, symbol, following)
            rows = _turned(prints.between(asked.start_ns, asked.end_ns, now), asked)
            tape = self._tapes.of(symbol)
            return Chunk(
                symbol,
                prints.batch.ts_event[rows],
                lambda places: trade_rows(prints, rows[places], tape, now),
            )

        return self._answer(request, asked, "trades", self._by_day(asked, now, chunk))

    def quotes(self, request: Request, visit: Visit) -> dict[str, Any]:
        """Answer ``/v2/stocks/quotes`` and ``/v2/stocks/{symbol}/quotes``."""
        now = self._now()
        asked = stretch_of(request, visit, now)

        def chunk(day: date, symbol: str, following: list[str]) -> Chunk:
            quotes = self._recorded.quotes(day, symbol, following)
            first, end = np.searchsorted(quotes.ts_event, (asked.start_ns, asked.end_ns + 1))
            rows = _turned(first + np.flatnonzero(quotes.ts_init[first:end] <= now), asked)
            tape = self._tapes.of(symbol)
            return Chunk(
                symbol,
                quotes.ts_event[rows],
                lambda places: quote_rows(quotes, rows[places], [tape] * len(places)),
            )

        return self._answer(request, asked, "quotes", self._by_day(asked, now, chunk))

    def bars(self, request: Request, visit: Visit) -> dict[str, Any]:
        """Answer ``/v2/stocks/bars`` and ``/v2/stocks/{symbol}/bars``; prices are as traded."""
        now = self._now()
        asked = stretch_of(request, visit, now)
        timeframe = timeframe_of(request.query_params.get("timeframe", ""))
        for word in request.query_params.get("adjustment", "raw").split(","):
            if word not in _ADJUSTMENTS:
                raise Refused(400, f"invalid adjustment: {word}")

        def chunk(day: date, symbol: str, following: list[str]) -> Chunk:
            prints = self._recorded.prints(day, symbol, following)
            minutes = minute_bars(prints, self._tapes.of(symbol), now)
            return _bar_chunk(symbol, in_timeframe(minutes, timeframe, day), asked)

        chunks = (
            self._by_day(asked, now, chunk)
            if timeframe.is_intraday
            else self._of_days(asked, timeframe, now)
        )
        return self._answer(request, asked, "bars", chunks)

    def auctions(self, request: Request, visit: Visit) -> dict[str, Any]:
        """Answer ``/v2/stocks/auctions`` and ``/v2/stocks/{symbol}/auctions``."""
        now = self._now()
        asked = stretch_of(request, visit, now)

        def chunk(day: date, symbol: str, following: list[str]) -> Chunk:
            prints = self._recorded.prints(day, symbol, following)
            rows = prints.standing(midnight(day), end_of(day), now)
            opens, closes = (
                _auction(prints.batch, rows, codes, exchange(self._tapes.of(symbol)))
                for codes in (_OPENING, _CLOSING)
            )
            n = 1 if opens or closes else 0
            row = {"c": closes, "d": day.isoformat(), "o": opens}
            return Chunk(symbol, np.full(n, midnight(day)), lambda places: [row] * len(places))

        return self._answer(request, asked, "auctions", self._by_day(asked, now, chunk))

    def _by_day(
        self, asked: Stretch, now: int, chunk: Callable[[date, str, list[str]], Chunk]
    ) -> Iterator[Chunk]:
        """Yield a chunk per symbol and day, from the page's mark on."""
        mark = _mark_of(asked)
        days = self._days(asked, now)
        for symbol, following in _symbols_from(asked, mark):
            for day in days:
                if mark is None or symbol != mark.symbol or _follows(day, mark, asked):
                    yield chunk(day, symbol, following)

    def _of_days(self, asked: Stretch, timeframe: Timeframe, now: int) -> Iterator[Chunk]:
        """Yield one chunk per symbol: its bars of days, weeks or months."""
        first = timeframe.start(day_of(max(asked.start_ns, 0)))
        days = self._recorded.days_between(first, day_of(now))
        for symbol, following in _symbols_from(asked, _mark_of(asked)):
            tape = self._tapes.of(symbol)
            parts = [
                daily_bar(self._recorded.prints(day, symbol, following), tape, day, now)
                for day in days
                if midnight(timeframe.start(day)) <= asked.end_ns
            ]
            bars = Bars.joined(parts)
            starts = [midnight(timeframe.start(day_of(ts))) for ts in bars.ts.tolist()]
            yield _bar_chunk(symbol, merged(bars, np.array(starts, np.int64)), asked)

    def _days(self, asked: Stretch, now: int) -> list[date]:
        if not asked.is_recorded or asked.end_ns < 0:
            return []
        last = min(day_of(asked.end_ns), day_of(now))
        days = self._recorded.days_between(day_of(max(asked.start_ns, 0)), last)
        return days[::-1] if asked.descending else days

    def _answer(
        self, request: Request, asked: Stretch, name: str, chunks: Iterator[Chunk]
    ) -> dict[str, Any]:
        currency = check_currency(request)
        found, token = page_of(
            chunks if asked.is_recorded else (),
            _mark_of(asked),
            asked.limit,
            descending=asked.descending,
        )
        alone: str | None = request.path_params.get("symbol")
        if alone is not None:
            return {
                name: found.get(alone, []),
                "symbol": alone,
                "next_page_token": token,
                **currency,
            }
        return {name: found, "next_page_token": token, **currency}


def _mark_of(asked: Stretch) -> Mark | None:
    return Mark.of(asked.page_token) if asked.page_token else None


def _symbols_from(asked: Stretch, mark: Mark | None) -> Iterator[tuple[str, list[str]]]:
    """Yield symbols from a mark on, each with those that come after it."""
    for n, symbol in enumerate(asked.symbols):
        if mark is None or symbol >= mark.symbol:
            yield symbol, asked.symbols[n + 1 :]


def _follows(day: date, mark: Mark, asked: Stretch) -> bool:
    """Say whether a day has rows after a mark in the order of the answer."""
    marked = day_of(mark.ts)
    return day <= marked if asked.descending else day >= marked


def _turned(rows: NDArray[np.int64], asked: Stretch) -> NDArray[np.int64]:
    return rows[::-1] if asked.descending else rows


def _bar_chunk(symbol: str, bars: Bars, asked: Stretch) -> Chunk:
    inside = (bars.ts >= asked.start_ns) & (bars.ts <= asked.end_ns)
    rows = _turned(np.flatnonzero(inside), asked)
    return Chunk(symbol, bars.ts[rows], lambda places: bar_rows(bars, rows[places]))


def _auction(batch: Any, rows: NDArray[np.int64], letters: str, venue: str) -> list[Row]:
    """Return auction prints, each price and code once, at its earliest time."""
    wanted = [next((c for c in letters if c in text), "") for text in batch.conditions]
    found: dict[tuple[str, int], Row] = {}
    for row in rows.tolist():
        code = wanted[batch.condition_id[row]]
        price = int(batch.price[row])
        if code and (code, price) not in found:
            found[code, price] = {
                "c": code,
                "p": price / 1_000_000,
                "s": json_shares(int(batch.size[row])),
                "t": rfc3339(int(batch.ts_event[row])),
                "x": venue,
            }
    return list(found.values())
