"""The plan of one trade, in exact numbers; the bridge turns it into three orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

import msgspec

from engine.domain.candidate import Side
from engine.domain.facts import BracketPlanned


class BracketPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry with its take profit and stop loss; prices on the venue's tick grid.

    Attributes
    ----------
    trade_id : str
        ``YYYYMMDD-SYMBOL-HHMMSS``, the New York time of the candidate's bucket.
    quantity : int
        Whole shares, at least one.
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
    """

    trade_id: str
    symbol: str
    side: Side
    quantity: int
    entry_type: str
    entry_limit: Decimal | None
    reference_price: Decimal
    take_profit: Decimal
    stop_loss: Decimal
    notional: Decimal
    max_hold_secs: int | None
    trailing_stop_percent: Decimal | None
    ac_z: float
    confidence: float
    candidate_ts: int

    @classmethod
    def of(cls, planned: BracketPlanned) -> Self:
        """Return the plan that a fact tells of."""
        fields = msgspec.structs.asdict(planned)
        del fields["params_version"]
        return msgspec.convert(fields, cls)

    def fact(self, params_version: int) -> BracketPlanned:
        """Return the fact that is durable before any order of this plan leaves."""
        return BracketPlanned(
            trade_id=self.trade_id,
            symbol=self.symbol,
            side=int(self.side),
            quantity=self.quantity,
            entry_type=self.entry_type,
            entry_limit=self.entry_limit,
            reference_price=self.reference_price,
            take_profit=self.take_profit,
            stop_loss=self.stop_loss,
            notional=self.notional,
            ac_z=self.ac_z,
            confidence=self.confidence,
            candidate_ts=self.candidate_ts,
            max_hold_secs=self.max_hold_secs,
            trailing_stop_percent=self.trailing_stop_percent,
            params_version=params_version,
        )


class Approved[T](msgspec.Struct, frozen=True):
    """What ``decide`` has let through; only an ``Approved[BracketPlan]`` may become an order."""

    value: T
