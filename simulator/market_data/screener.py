"""The day's most active symbols and its movers, counted from the tape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request

from engine.domain.fixed_point import PRICE_SCALE, json_shares
from engine.domain.market_data.conditions import TAPES, Updates, updates_table
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import day_of
from simulator.instants import rfc3339
from simulator.market_data.history.recorded import Recorded
from simulator.market_data.history.tapes import Tapes
from simulator.market_data.requests.clock_times import MINUTE_NS
from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.query import one_of, whole_number
from simulator.market_data.requests.refusal import Refused

_MOST_ACTIVES, _MOST_MOVERS, _USUAL = 100, 50, 10


@dataclass(slots=True)
class _Day:
    """Sums over a day so far, by symbol; prices in 1e-6 USD, volume in 1e-6 share."""

    volume: dict[str, int] = field(default_factory=dict)
    trades: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)


class Screener:
    """Answers about the market as a whole; counted anew once a simulated minute.

    Notes
    -----
    Movers are measured from the last eligible price of the recorded day before, and from the
    first of the day where there is none.
    """

    def __init__(self, recorded: Recorded, tapes: Tapes, now: Callable[[], int]) -> None:
        self._recorded = recorded
        self._tapes = tapes
        self._now = now
        self._counted: tuple[int, _Day] | None = None
        self._closes: tuple[Any, dict[str, int]] | None = None
        self._lock = Lock()

    def most_actives(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v1beta1/screener/stocks/most-actives``."""
        by = one_of(request.query_params, "by", ("volume", "trades"), "volume")
        top = whole_number(request.query_params, "top", _USUAL, _MOST_ACTIVES)
        at, day = self._today()
        ranked = getattr(day, by)
        symbols = sorted(ranked, key=lambda name: (-ranked[name], name))[:top]
        rows = [
            {
                "symbol": name,
                "trade_count": day.trades[name],
                "volume": json_shares(day.volume[name]),
            }
            for name in symbols
        ]
        return {"last_updated": rfc3339(at), "most_actives": rows}

    def movers(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v1beta1/screener/{market_type}/movers``."""
        market = request.path_params["market_type"]
        if market not in ("stocks", "crypto"):
            raise Refused(400, f"invalid market type: {market}")
        top = whole_number(request.query_params, "top", _USUAL, _MOST_MOVERS)
        at, day = self._today()
        before = self._yesterday(at) if market == "stocks" else {}
        moves: list[dict[str, Any]] = []
        for name, last in day.last.items() if market == "stocks" else ():
            base = before.get(name, day.first[name])
            moves.append(
                {
                    "change": round((last - base) / PRICE_SCALE, 4),
                    "percent_change": round(100 * (last - base) / base, 2),
                    "price": last / PRICE_SCALE,
                    "symbol": name,
                }
            )
        moves.sort(key=lambda move: (-move["percent_change"], move["symbol"]))
        return {
            "gainers": [move for move in moves[:top] if move["change"] > 0],
            "last_updated": rfc3339(at),
            "losers": [move for move in moves[: -top - 1 : -1] if move["change"] < 0],
            "market_type": market,
        }

    def _today(self) -> tuple[int, _Day]:
        now = self._now() // MINUTE_NS * MINUTE_NS
        with self._lock:
            if self._counted is None or self._counted[0] != now:
                self._counted = now, self._count(day_of(now), now)
            return self._counted

    def _yesterday(self, at: int) -> dict[str, int]:
        today = day_of(at)
        earlier = [day for day in self._recorded.days if day < today]
        if not earlier:
            return {}
        with self._lock:
            if self._closes is None or self._closes[0] != earlier[-1]:
                self._closes = earlier[-1], self._count(earlier[-1], at).last
            return self._closes[1]

    def _count(self, day: Any, until: int) -> _Day:
        found = _Day()
        market = self._recorded.market
        for letter in market.letters(day) if day in self._recorded.days else ():
            for batch in market.trade_batches(day, letter):
                arrived = int(np.searchsorted(batch.ts_init, until, side="right"))
                self._add(found, batch.rows(slice(0, arrived)))
                if arrived < len(batch):
                    break
        return found

    def _add(self, found: _Day, batch: TradeBatch) -> None:
        tape_ids = np.array([TAPES.index(self._tapes.of(s)) for s in batch.symbols], np.int64)
        bits = updates_table(batch.conditions)[tape_ids[batch.symbol_id], batch.condition_id]
        sign = np.where(bits & Updates.REVERSAL, -1, 1) * ((bits & Updates.VOLUME) > 0)
        _accumulate(found.volume, batch, sign * batch.size)
        _accumulate(found.trades, batch, sign.astype(np.int64))
        moving = np.flatnonzero((bits & (Updates.LAST | Updates.REVERSAL)) == Updates.LAST)
        ids = batch.symbol_id[moving]
        last = np.full(len(batch.symbols), -1, np.int64)
        last[ids] = moving
        first = np.full(len(batch.symbols), -1, np.int64)
        first[ids[::-1]] = moving[::-1]
        for n in np.flatnonzero(last >= 0).tolist():
            name = batch.symbols[n]
            found.last[name] = int(batch.price[last[n]])
            found.first.setdefault(name, int(batch.price[first[n]]))


def _accumulate(sums: dict[str, int], batch: TradeBatch, values: NDArray[np.int64]) -> None:
    total = np.zeros(len(batch.symbols), np.int64)
    np.add.at(total, batch.symbol_id, values)
    for n, name in enumerate(batch.symbols):
        if total[n]:
            sums[name] = sums.get(name, 0) + int(total[n])
