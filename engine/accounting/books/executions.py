"""Fills that stand → one row each."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FILLS, Fill, FillChange
from engine.accounting.books.owners import Owners
from engine.accounting.shares import Shares
from engine.domain.facts import Fact, OrderRole


class Execution(msgspec.Struct, frozen=True):
    """One fill that stands. Times are UTC ns, prices and commission USD.

    ``restated_seq`` is the correction whose values these are, None for a fill as first reported. A
    fill that the venue took back is no row: the cash account and the facts still tell of it.
    """

    seq: int
    ts_event: int
    ts_init: int
    trade_id: str
    strategy_id: str | None
    symbol: str
    venue: str
    account: str
    role: OrderRole
    order_side: str
    last_qty: Shares
    last_px: Decimal
    commission: Decimal
    liquidity_side: str
    client_order_id: str
    venue_trade_id: str
    restated_seq: int | None


class ExecutionBook(Book[Execution]):
    """Rows of fills by the fact of their first report."""

    kinds = FILLS

    def __init__(self, owners: Owners) -> None:
        super().__init__()
        self._owners = owners
        self._fills: dict[int, Fill] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Keep what a fact did to a fill."""
        del fact
        if change is None:
            return
        fill = change.fill
        self._note(fill.seq, fill.ts_event)
        if change.after is None:
            del self._fills[fill.seq]
        else:
            self._fills[fill.seq] = fill

    def row(self, key: Key) -> Execution | None:
        """Return a fill by the fact of its first report."""
        fill = self._fills.get(int(key[0]))
        return None if fill is None else _told(fill, self._owners.of(fill.order.trade_id))


def _told(fill: Fill, strategy_id: str | None) -> Execution:
    order = fill.order
    return Execution(
        seq=fill.seq,
        ts_event=fill.ts_event,
        ts_init=fill.ts_init,
        trade_id=order.trade_id,
        strategy_id=strategy_id,
        symbol=order.symbol,
        venue=order.venue,
        account=order.account,
        role=order.role,
        order_side=order.order_side,
        last_qty=order.last_qty,
        last_px=order.last_px,
        commission=order.commission,
        liquidity_side=order.liquidity_side,
        client_order_id=order.client_order_id,
        venue_trade_id=order.venue_trade_id,
        restated_seq=fill.restated_seq,
    )
