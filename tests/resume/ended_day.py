"""Beside hops 5 and 6: what must hold of a day however often its trader was killed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from engine.domain.facts import DayEnded, OrderFilled
from engine.domain.session import NANOS_PER_SECOND
from tests.resume.killed_day import RUN, KilledDay
from tests.resume.oracle import Trade, Wire, lasting, sent_twice
from tests.resume.venue import CASH


@dataclass(frozen=True)
class EndedDay:
    """What the venue knows at the end of a day, and the facts of the run."""

    day: KilledDay
    orders: list[Wire]
    fills: list[Wire]
    trades: list[Trade]
    account: Wire
    positions: list[Wire]
    now: int

    @classmethod
    def of(cls, day: KilledDay) -> EndedDay:
        """Ask the venue, as long as it is there."""
        venue = day.venue
        return cls(
            day, venue.orders(), venue.fills(), day.trades(), venue.account(), venue.positions(),
            venue.now,
        )  # fmt: skip

    @property
    def entered(self) -> list[Trade]:
        """The trades of which anything was filled."""
        return [trade for trade in self.trades if trade.fills]

    def attest(self, bound_ns: int, *, is_over: bool) -> None:
        """Hold orders, protection and ledger against each other.

        Parameters
        ----------
        bound_ns : int
            How long shares may be unprotected while a process lives.
        is_over : bool
            Whether the day was traded to its end.
        """
        self._attest_orders()
        self._attest_protection(bound_ns)
        self._attest_ledger(is_over=is_over)

    def _attest_orders(self) -> None:
        assert sent_twice(self.orders) == {}
        assert len({order["client_order_id"] for order in self.orders}) == len(self.orders)

    def _attest_protection(self, bound_ns: int) -> None:
        naked = {
            trade.name: [f"{ns / NANOS_PER_SECOND:.1f} s" for ns in lasted]
            for trade in self.trades
            if (
                lasted := [
                    ns
                    for ns in lasting(trade.unprotected(self.now), self.day.down)
                    if ns > bound_ns
                ]
            )
        }
        assert naked == {}
        assert self.positions == []
        assert all(trade.held == 0 for trade in self.trades)

    def _attest_ledger(self, *, is_over: bool) -> None:
        journal = self.day.journals.open(RUN)
        assert journal.verify().clean
        facts = [fact.payload for fact in journal.facts()]
        told = [payload for payload in facts if isinstance(payload, OrderFilled)]
        assert len({fill.venue_trade_id for fill in told}) == len(told)
        ours, ledger = Counter[str](), Decimal(CASH)
        for fill in told:
            shares = fill.last_qty if fill.order_side == "BUY" else -fill.last_qty
            ours[fill.trade_id] += shares
            ledger -= shares * fill.last_px
        assert dict(ours) == dict.fromkeys((trade.name for trade in self.entered), 0)
        assert round(ledger, 2) == round(Decimal(self.account["cash"]), 2)
        ends = [payload.equity for payload in facts if isinstance(payload, DayEnded)]
        known = [round(Decimal(self.account["equity"]), 2)] if is_over else []
        assert [round(equity, 2) for equity in ends] == known
