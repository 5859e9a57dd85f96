"""The latest trade, quote and bar of a symbol, and its snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
from starlette.requests import Request

from engine.domain.session import day_of
from simulator.market_data.history.bars import Bars, daily_bar, minute_bars
from simulator.market_data.history.recent_minutes import RecentMinutes
from simulator.market_data.history.recorded import Recorded
from simulator.market_data.history.rows import Row, bar_rows, quote_rows, trade_rows
from simulator.market_data.history.tapes import Tapes
from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.query import (
    LATEST_FEEDS,
    RECORDED_FEEDS,
    check_currency,
    one_of,
    symbols_of,
)
from simulator.market_data.requests.refusal import Refused

_LONGEST_SILENCE_DAYS = 5
"""So many recorded days back a latest row is looked for."""

_EPOCH = date(1970, 1, 1)

type _Finder = Callable[[str, int, list[str]], Row | None]


class Latest:
    """Answers about the latest rows that have arrived; parameters are those of ``Historical``."""

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
        """Answer ``/v2/stocks/trades/latest`` and ``/v2/stocks/{symbol}/trades/latest``."""
        return self._answer(request, visit, "trade", self._trade)

    def quotes(self, request: Request, visit: Visit) -> dict[str, Any]:
        """Answer ``/v2/stocks/quotes/latest`` and ``/v2/stocks/{symbol}/quotes/latest``."""
        symbols, now, _ = self._asked(request, visit)
        known = self._last_quotes(symbols, now)

        def quote(symbol: str, now: int, following: list[str]) -> Row | None:
            return known.get(symbol) or self._earlier_quote(symbol, now, following)

        return self._answer(request, visit, "quote", quote)

    def bars(self, request: Request, visit: Visit) -> dict[str, Any]:
        """Answer ``/v2/stocks/bars/latest`` and ``/v2/stocks/{symbol}/bars/latest``."""
        return self._answer(request, visit, "bar", self._minute_bar)

    def snapshots(self, request: Request, visit: Visit) -> dict[str, Any]:
        """Answer ``/v2/stocks/snapshots``: every symbol at the top level."""
        symbols, now, _ = self._asked(request, visit)
        found = {
            name: self._snapshot(name, now, symbols[n + 1 :]) for n, name in enumerate(symbols)
        }
        return {name: snapshot for name, snapshot in found.items() if snapshot}

    def snapshot(self, request: Request, visit: Visit) -> dict[str, Any]:
        """Answer ``/v2/stocks/{symbol}/snapshot``."""
        (symbol, *_), now, currency = self._asked(request, visit)
        found = self._snapshot(symbol, now, [])
        if not found:
            raise Refused(404, f"no snapshot found for {symbol}")
        return {"symbol": symbol, **found, **currency}

    def _asked(self, request: Request, visit: Visit) -> tuple[list[str], int, dict[str, str]]:
        """Return symbols, the last moment that may be shown, and the currency field."""
        symbols = symbols_of(request)
        feed = one_of(request.query_params, "feed", LATEST_FEEDS, None)
        feed, until = visit.latest_feed(feed or None, self._now())
        currency = check_currency(request)
        return symbols, until if feed in RECORDED_FEEDS else 0, currency

    def _answer(self, request: Request, visit: Visit, name: str, finder: _Finder) -> dict[str, Any]:
        symbols, now, currency = self._asked(request, visit)
        alone: str | None = request.path_params.get("symbol")
        if alone is not None:
            row = finder(alone, now, [])
            if row is None:
                raise Refused(404, f"no {name} found for {alone}")
            return {"symbol": alone, name: row, **currency}
        rows = {symbol: finder(symbol, now, symbols[n + 1 :]) for n, symbol in enumerate(symbols)}
        return {f"{name}s": {symbol: row for symbol, row in rows.items() if row}, **currency}

    def _snapshot(self, symbol: str, now: int, following: list[str]) -> dict[str, Row]:
        found = {
            "latestTrade": self._trade(symbol, now, following),
            "latestQuote": self._quote(symbol, now, following),
            "minuteBar": self._minute_bar(symbol, now, following),
        }
        days = self._recorded.days_between(_EPOCH, day_of(now))[-_LONGEST_SILENCE_DAYS:]
        daily = [
            bars for bars in (self._daily(symbol, day, now, following) for day in days) if bars
        ]
        for name, bars in zip(("dailyBar", "prevDailyBar"), daily[::-1], strict=False):
            found[name] = bar_rows(bars, np.array([0]))[0]
        return {name: row for name, row in found.items() if row is not None}

    def _daily(self, symbol: str, day: date, now: int, following: list[str]) -> Bars | None:
        prints = self._recorded.prints(day, symbol, following)
        bars = daily_bar(prints, self._tapes.of(symbol), day, now)
        return bars if len(bars) else None

    def _trade(self, symbol: str, now: int, following: list[str]) -> Row | None:
        for day in self._days_back(now):
            prints = self._recorded.prints(day, symbol, following)
            rows = prints.standing(0, now, now)
            if len(rows):
                return trade_rows(prints, rows[-1:], self._tapes.of(symbol), now)[0]
        return None

    def _quote(self, symbol: str, now: int, following: list[str]) -> Row | None:
        known = self._last_quotes([symbol], now)
        return known.get(symbol) or self._earlier_quote(symbol, now, following)

    def _last_quotes(self, symbols: list[str], now: int) -> dict[str, Row]:
        """Return the last quotes of the day that is played, as far as there are any."""
        found: dict[str, Row] = {}
        for batch, rows in self._lately.last_quotes(symbols, now):
            names = [batch.symbols[number] for number in batch.symbol_id[rows].tolist()]
            told = quote_rows(batch, rows, [self._tapes.of(name) for name in names])
            found |= zip(names, told, strict=True)
        return found

    def _earlier_quote(self, symbol: str, now: int, following: list[str]) -> Row | None:
        """Return the last quote of the days before the one that is played."""
        for day in self._days_back(now):
            if day == self._lately.day:
                continue
            quotes = self._recorded.quotes(day, symbol, following)
            rows = np.flatnonzero(quotes.ts_init <= now)
            if len(rows):
                return quote_rows(quotes, rows[-1:], [self._tapes.of(symbol)])[0]
        return None

    def _minute_bar(self, symbol: str, now: int, following: list[str]) -> Row | None:
        for day in self._days_back(now):
            prints = self._recorded.prints(day, symbol, following)
            bars = minute_bars(prints, self._tapes.of(symbol), now)
            if len(bars):
                return bar_rows(bars, np.array([len(bars) - 1]))[0]
        return None

    def _days_back(self, now: int) -> list[date]:
        return self._recorded.days_between(_EPOCH, day_of(now))[: -_LONGEST_SILENCE_DAYS - 1 : -1]
