"""What must hold of a day however often its processes were killed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.domain.facts import DayEnded, OrderFilled
from engine.domain.session import NANOS_PER_SECOND
from store import Journals
from tests.resume.oracle import Span, Trade, Wire, lasting, sent_twice, trades
from tests.resume.venue import CASH, Venue


@dataclass(frozen=True)
class EndedDay:
    """What the venue knows at the end of a day, and the facts of the run.

    Attributes
    ----------
    down : sequence of (int, int)
        From when to when nobody traded, simulated UTC ns.
    """

    journals: Journals
    run: str
    down: Sequence[Span]
    orders: list[Wire]
    fills: list[Wire]
    trades: list[Trade]
    account: Wire
    positions: list[Wire]
    now: int

    @classmethod
    def of(cls, venue: Venue, journals: Journals, run: str, down: Sequence[Span]) -> EndedDay:
        """Ask the venue, as long as it is there."""
        orders, fills = venue.orders(), venue.fills()
        return cls(
            journals, run, down, orders, fills, trades(orders, venue.groups(), fills),
            venue.account(), venue.positions(), venue.now,
        )  # fmt: skip

    @property
    def entered(self) -> list[Trade]:
        """The trades of which anything was filled."""
        return [trade for trade in self.trades if trade.fills]

    def findings(self, bound_ns: int, *, is_over: bool) -> list[str]:
        """Hold orders, protection and ledger against each other; return what does not hold.

        Parameters
        ----------
        bound_ns : int
            How long shares may be unprotected while a process lives.
        is_over : bool
            Whether the day was traded to its end.
        """
        return [
            *self._of_orders(),
            *self._of_protection(bound_ns),
            *self._of_the_ledger(is_over=is_over),
        ]

    def _of_orders(self) -> Iterator[str]:
        for what, names in sent_twice(self.orders).items():
            yield f"{what} was sent {len(names)} times: {', '.join(names)}"
        names = Counter(order["client_order_id"] for order in self.orders)
        yield from (f"{name} is there {n} times" for name, n in names.items() if n > 1)

    def _of_protection(self, bound_ns: int) -> Iterator[str]:
        for trade in self.trades:
            for ns in lasting(trade.unprotected(self.now), self.down):
                if ns > bound_ns:
                    secs = ns / NANOS_PER_SECOND
                    yield f"{trade.symbol} of {trade.name} was unprotected for {secs:.1f} s"
            if trade.held:
                yield f"{trade.held} shares of {trade.name} are held at the end"
        for position in self.positions:
            yield f"{position['qty']} shares of {position['symbol']} are held at the end"

    def _of_the_ledger(self, *, is_over: bool) -> Iterator[str]:
        journal = self.journals.open(self.run)
        checked = journal.stored.verify()
        if not checked.clean:
            yield f"the chain of facts is broken: {checked.broken}"
        facts = [fact.payload for fact in journal.facts()]
        told = [payload for payload in facts if isinstance(payload, OrderFilled)]
        if len({fill.venue_trade_id for fill in told}) != len(told):
            yield "a fill is recorded twice"
        ours, ledger = defaultdict[str, Decimal](Decimal), Decimal(CASH)
        for fill in told:
            shares = fill.last_qty if fill.order_side == "BUY" else -fill.last_qty
            ours[fill.trade_id] += shares
            ledger -= shares * fill.last_px
        if dict(ours) != (known := dict.fromkeys((trade.name for trade in self.entered), 0)):
            yield f"shares by trade are {dict(ours)} in the journal, {known} at the venue"
        if round(ledger, 2) != (cash := round(Decimal(self.account["cash"]), 2)):
            yield f"cash is {ledger:.2f} USD in the journal, {cash} USD at the venue"
        ends = [payload.equity for payload in facts if isinstance(payload, DayEnded)]
        equity = [round(Decimal(self.account["equity"]), 2)] if is_over else []
        if [round(each, 2) for each in ends] != equity:
            yield f"the day ended with {ends} USD in the journal, {equity} USD at the venue"
