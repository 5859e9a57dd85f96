"""Fills → lots, first in first out, and what is held of each symbol at what cost."""

from __future__ import annotations

from bisect import insort
from collections import deque
from decimal import Decimal
from operator import attrgetter

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FILLS, Fill, FillChange
from engine.accounting.books.owners import Owners
from engine.accounting.shares import MICRO, Shares
from engine.domain.candidate import Side
from engine.domain.facts import Fact


class Lot(msgspec.Struct, frozen=True):
    """Shares that one fill opened and, where they are closed, one fill closed.

    Attributes
    ----------
    open_seq, piece : int
        The fill that opened them, and their place among the pieces in which it was closed, from 1.
    trade_id : str
        Of the fill that opened them.
    close_seq, close_ts, close_px
        Of the fill that closed them, None while they are held. Times are UTC ns, prices USD.
    realized_pnl : Decimal or None
        USD before commission and fees, None while they are held.
    """

    open_seq: int
    piece: int
    strategy_id: str | None
    symbol: str
    venue: str
    account: str
    trade_id: str
    side: Side
    quantity: Shares
    open_ts: int
    open_px: Decimal
    close_seq: int | None
    close_ts: int | None
    close_px: Decimal | None
    realized_pnl: Decimal | None


class Holding(msgspec.Struct, frozen=True):
    """One symbol that was traded: what is held of it, and what it brought so far.

    Attributes
    ----------
    quantity : Decimal
        Shares, negative when short, 0 when flat.
    cost : Decimal
        USD paid for the lots held, negative when short.
    avg_px_open : Decimal or None
        Their mean price, rounded to 1e-6 USD; None when flat.
    realized_pnl : Decimal
        USD of the closed lots, before commission and fees.
    commission : Decimal
        USD of all fills of the symbol.
    ts_last : int
        Last fill, UTC ns.
    """

    symbol: str
    venue: str
    account: str
    quantity: Shares
    cost: Decimal
    avg_px_open: Decimal | None
    realized_pnl: Decimal
    commission: Decimal
    ts_last: int


class LotBook(Book[Lot]):
    """Lots of all symbols. A fill first closes the oldest lots against it, the rest opens one."""

    kinds = FILLS

    def __init__(self, owners: Owners) -> None:
        super().__init__()
        self._owners = owners
        self._lots: dict[Key, Lot] = {}
        self._symbols: dict[str, _Symbol] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Take in what a fact did to a fill; a restated one is matched anew from its place on."""
        del fact
        if change is None:
            return
        of = self._symbols.setdefault(change.fill.order.symbol, _Symbol(self._owners))
        if change.before is None:
            of.fills.append(change.fill)
            lots = of.match(change.fill)
        else:
            of.fills.remove(change.before)
            if change.after is not None:
                insort(of.fills, change.after, key=attrgetter("seq"))
            for key in of.keys:
                self._note(*key)
                del self._lots[key]
            of.restart()
            lots = [lot for fill in of.fills for lot in of.match(fill)]
        for lot in lots:
            key = (lot.open_seq, lot.piece)
            of.keys[key] = None
            self._lots[key] = lot
            self._note(*key)

    def row(self, key: Key) -> Lot | None:
        """Return a lot by the fill that opened it and its piece."""
        return self._lots.get(key)

    def holding(self, symbol: str) -> Holding | None:
        """Return what is held of a symbol, None when no fill of it stands."""
        of = self._symbols.get(symbol)
        return of.holding() if of is not None and of.fills else None


class HoldingBook(Book[Holding]):
    """What is held of each symbol, as its lots say."""

    kinds = FILLS

    def __init__(self, lots: LotBook) -> None:
        super().__init__()
        self._lots = lots

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Note which symbol was filled."""
        del fact
        if change is not None:
            self._note(change.fill.order.symbol)

    def row(self, key: Key) -> Holding | None:
        """Return what is held of a symbol."""
        return self._lots.holding(str(key[0]))


class _Symbol:
    """The fills of one symbol that stand, and those of their lots that are held."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self.fills: list[Fill] = []
        self.restart()

    def restart(self) -> None:
        self.keys: dict[Key, None] = {}
        self._held: deque[Lot] = deque()
        self._realized = Decimal(0)
        self._commission = Decimal(0)

    def match(self, fill: Fill) -> list[Lot]:
        """Return the lots that a further fill closes, cuts or opens."""
        side, left = Side(1 if fill.signed_qty > 0 else -1), fill.order.last_qty
        lots: list[Lot] = []
        self._commission += fill.order.commission
        while left and self._held and self._held[0].side is not side:
            lot = self._held.popleft()
            closed = _closed(lot, fill, min(left, lot.quantity))
            lots.append(closed)
            left -= closed.quantity
            self._realized += closed.realized_pnl or 0
            if closed.quantity < lot.quantity:
                rest = msgspec.structs.replace(
                    lot, piece=lot.piece + 1, quantity=lot.quantity - closed.quantity
                )
                self._held.appendleft(rest)
                lots.append(rest)
        if left:
            opened = _opened(fill, side, left, self._owners.of(fill.order.trade_id))
            self._held.append(opened)
            lots.append(opened)
        return lots

    def holding(self) -> Holding:
        last = self.fills[-1].order
        quantity = sum((lot.side * lot.quantity for lot in self._held), Decimal(0))
        cost = sum((lot.side * lot.quantity * lot.open_px for lot in self._held), Decimal(0))
        return Holding(
            symbol=last.symbol,
            venue=last.venue,
            account=last.account,
            quantity=quantity,
            cost=cost,
            avg_px_open=(cost / quantity).quantize(MICRO) if quantity else None,
            realized_pnl=self._realized,
            commission=self._commission,
            ts_last=self.fills[-1].ts_event,
        )


def _opened(fill: Fill, side: Side, quantity: Decimal, strategy_id: str | None) -> Lot:
    return Lot(
        open_seq=fill.seq,
        piece=1,
        strategy_id=strategy_id,
        symbol=fill.order.symbol,
        venue=fill.order.venue,
        account=fill.order.account,
        trade_id=fill.order.trade_id,
        side=side,
        quantity=quantity,
        open_ts=fill.ts_event,
        open_px=fill.order.last_px,
        close_seq=None,
        close_ts=None,
        close_px=None,
        realized_pnl=None,
    )


def _closed(lot: Lot, fill: Fill, quantity: Decimal) -> Lot:
    return msgspec.structs.replace(
        lot,
        quantity=quantity,
        close_seq=fill.seq,
        close_ts=fill.ts_event,
        close_px=fill.order.last_px,
        realized_pnl=lot.side * quantity * (fill.order.last_px - lot.open_px),
    )
