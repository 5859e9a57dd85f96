"""Facts → the close of each trading day."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FILLS, FillChange
from engine.accounting.ledger import Ledger
from engine.domain.facts import DayEnded, Fact, RunStarted, TradeClosed


class DayClose(msgspec.Struct, frozen=True, kw_only=True):
    """What a day came to, from the close of the day before to its own; USD.

    Attributes
    ----------
    day : str
        ISO date.
    seq, ts_event : int
        Of the ``DayEnded`` that closed it.
    opening_equity, equity : Decimal
        At the close before, or the starting balance, and as the engine stated it at this close.
    moved : Decimal
        Cash that came in or went out by neither fills nor fees.
    net_pnl : Decimal
        ``equity - opening_equity - moved``.
    commission, fees : Decimal
        Booked since the close before.
    fills, trades : int
        Fills reported and trades closed since then, ``wins`` of them with a profit.
    """

    day: str
    venue: str
    account: str
    seq: int
    ts_event: int
    opening_equity: Decimal
    equity: Decimal
    cash: Decimal
    moved: Decimal
    net_pnl: Decimal
    commission: Decimal
    fees: Decimal
    fills: int
    trades: int
    wins: int


class DayBook(Book[DayClose]):
    """Reads the ledger at the end of each day."""

    kinds = (RunStarted, TradeClosed, DayEnded, *FILLS)

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self._days: dict[str, DayClose] = {}
        self._equity = ledger.equity
        self._venue = self._account = ""
        self._start_over()

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Count what happens in a day, and close it."""
        if change is not None:
            self._fills += change.before is None
            return
        match fact.payload:
            case RunStarted() as started:
                self._equity = started.starting_balance
                self._venue, self._account = started.venue, started.account
            case TradeClosed(realized_pnl=profit):
                self._trades += 1
                self._wins += profit > 0
            case DayEnded() as ended:
                self._close(fact, ended)
            case _:
                pass

    def row(self, key: Key) -> DayClose | None:
        """Return the close of a day."""
        return self._days[str(key[0])]

    def closes(self) -> tuple[DayClose, ...]:
        """Return the days that were closed, in order."""
        return tuple(self._days.values())

    def _close(self, fact: Fact, ended: DayEnded) -> None:
        ledger, moved = self._ledger, self._ledger.moved - self._moved
        self._days[ended.day] = DayClose(
            day=ended.day,
            venue=self._venue,
            account=self._account,
            seq=fact.seq,
            ts_event=fact.ts_event,
            opening_equity=self._equity,
            equity=ended.equity,
            cash=ledger.cash,
            moved=moved,
            net_pnl=ended.equity - self._equity - moved,
            commission=ledger.commission - self._commission,
            fees=ledger.fees - self._fees,
            fills=self._fills,
            trades=self._trades,
            wins=self._wins,
        )
        self._equity = ended.equity
        self._start_over()
        self._note(ended.day)

    def _start_over(self) -> None:
        self._moved, self._commission = self._ledger.moved, self._ledger.commission
        self._fees = self._ledger.fees
        self._fills = self._trades = self._wins = 0
