"""Open trades that are watched on the tape: which prints pass their stop or target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from cluster.orders import Watch
from engine.domain.market_data.eligibility import moves_orders
from engine.domain.market_data.trades import TradeBatch

STOP, TARGET = "stop", "target"


class Passed(NamedTuple):
    """The first print at or beyond a level of a trade."""

    trade_id: str
    level: str
    price: int
    ts_event: int
    ts_init: int


class TradeWatches:
    """The trades that are watched in one slot; of each level the first print alone is told.

    Prints count that could fill an order. They cost nothing while nothing is watched.
    """

    def __init__(self, tapes: Mapping[str, str]) -> None:
        self._tapes = tapes
        self._trades: dict[str, tuple[Watch, set[str]]] = {}
        self._table: tuple[str, ...] = ()
        self._numbers: dict[str, int] = {}

    def watch_only(self, orders: Iterable[Watch]) -> None:
        """Watch some trades and no others; those whose levels have moved are watched anew."""
        known, self._trades = self._trades, {}
        for order in orders:
            before = known.get(order.trade_id)
            is_same = before is not None and before[0] == order
            self._trades[order.trade_id] = before if before and is_same else (order, set())
        self._table, self._numbers = (), {}

    def look(self, prints: TradeBatch) -> Iterator[Passed]:
        """Yield the levels that some prints pass for the first time."""
        if not self._trades:
            return
        if prints.symbols is not self._table:
            watched = {each.symbol for each, _ in self._trades.values()}
            self._table = prints.symbols
            self._numbers = {name: k for k, name in enumerate(self._table) if name in watched}
        numbers = self._numbers
        mine = prints.rows(np.isin(prints.symbol_id, list(numbers.values())))
        if not len(mine):
            return
        mine = mine.rows(moves_orders(mine, self._tapes))
        for order, told in self._trades.values():
            own = mine.symbol_id == numbers.get(order.symbol, -1)
            for level, at in ((STOP, order.stop), (TARGET, order.target)):
                is_above = (order.side > 0) is (level == TARGET)
                beyond = mine.price >= at if is_above else mine.price <= at
                rows = np.flatnonzero(own & beyond)
                if level not in told and len(rows):
                    told.add(level)
                    row = rows[0]
                    times = int(mine.ts_event[row]), int(mine.ts_init[row])
                    yield Passed(order.trade_id, level, int(mine.price[row]), *times)
