"""The plan of one trade, in exact numbers; the bridge turns it into three orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

import msgspec

from engine.domain.account import instrument_key
from engine.domain.candidate import Side
from engine.domain.facts import (
    BracketPlanned,
    Contribution,
    EnsembleRule,
    OrderRejected,
    OrderRole,
)
from engine.domain.order_names import order_id


class BracketPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry with its take profit and stop loss; prices on the venue's tick grid.

    Attributes
    ----------
    trade_id : str
        As ``engine.domain.order_names`` makes it of symbol, bucket, strategy and account.
    strategy_id, contributions, ensemble_rule
        Who owns the trade, whose signals led to it (the owner's first), and by which rule.
    venue, account, currency : str
        Where it is to be traded, and what its prices are in; see ``TradingAccount``.
    quantity : Decimal
        Shares, > 0; whole ones where the market demands it.
    entry_limit : Decimal or None
        USD; None for a market entry.
    reference_price : Decimal
        USD, as printed or quoted: the touch where a fresh quote is known, else the last print.
    take_profit, stop_loss : Decimal
        USD; for a long ``stop_loss < reference_price <= entry_limit < take_profit``, else mirrored.
    notional : Decimal
        USD, the quantity at the worst price the entry allows.
    max_hold_secs : int or None
        Seconds after the entry at which the time stop falls due; None when off.
    trailing_stop_percent : Decimal or None
        Percent of the best price since the entry; None when off.
    candidate_ts : int
        End of the candidate's bucket, UTC ns.
    score : float
        The owner's, in standard deviations of its own noise, >= 0.
    """

    trade_id: str
    strategy_id: str
    ensemble_rule: EnsembleRule
    contributions: tuple[Contribution, ...]
    symbol: str
    venue: str
    account: str
    currency: str
    side: Side
    quantity: Decimal
    entry_type: str
    entry_limit: Decimal | None
    reference_price: Decimal
    take_profit: Decimal
    stop_loss: Decimal
    notional: Decimal
    max_hold_secs: int | None
    trailing_stop_percent: Decimal | None
    score: float
    confidence: float
    candidate_ts: int

    @classmethod
    def of(cls, planned: BracketPlanned) -> Self:
        """Return the plan that a fact tells of."""
        fields = msgspec.structs.asdict(planned)
        del fields["params_version"]
        fields["side"] = Side(planned.side)
        return cls(**fields)

    @property
    def instrument(self) -> str:
        """The key of what is traded: ``AAPL.ALPACA``."""
        return instrument_key(self.symbol, self.venue)

    def fact(self, params_version: int) -> BracketPlanned:
        """Return the fact that is durable before any order of this plan leaves."""
        fields = msgspec.structs.asdict(self)
        fields["side"] = int(self.side)
        return BracketPlanned(**fields, params_version=params_version)

    def never_sent(self, reason: str) -> OrderRejected:
        """Return the fact that the entry of this plan did not leave and will not."""
        return OrderRejected(
            client_order_id=order_id(OrderRole.ENTRY, self.trade_id),
            trade_id=self.trade_id,
            symbol=self.symbol,
            venue=self.venue,
            account=self.account,
            reason=reason,
        )


class Approved[T](msgspec.Struct, frozen=True):
    """What ``decide`` has let through; only an ``Approved[BracketPlan]`` may become an order."""

    value: T
