"""Facts → fills as they stand, after what the venue restated or took back."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.domain.errors import JournalError
from engine.domain.facts import Fact, FillBusted, FillCorrected, OrderFilled

FILLS = (OrderFilled, FillCorrected, FillBusted)
"""Payloads that make, restate or take back a fill."""

_SIGN = {"BUY": 1, "SELL": -1}


class Fill(msgspec.Struct, frozen=True):
    """An ``OrderFilled`` with its place and times (UTC ns).

    ``restated_seq`` is the correction whose values stand in it, None for a fill as first reported.
    """

    seq: int
    ts_event: int
    ts_init: int
    order: OrderFilled
    restated_seq: int | None = None

    @property
    def signed_qty(self) -> Decimal:
        """Shares bought, negative when sold."""
        return _SIGN[self.order.order_side] * self.order.last_qty

    @property
    def cash(self) -> Decimal:
        """What the fill brought in after commission, USD; negative when it cost."""
        return -self.signed_qty * self.order.last_px - self.order.commission


class FillChange(msgspec.Struct, frozen=True):
    """What one fact did to one fill: made it (no ``before``), restated it, or took it back."""

    before: Fill | None
    after: Fill | None

    @property
    def fill(self) -> Fill:
        """The fill as it is, or was."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of the two is always there
        return found


type _Name = tuple[str, str]
"""Order and the venue's id of the fill: no venue promises that ids differ between orders."""


class FillBook:
    """Every fill that stands, by order and venue id."""

    def __init__(self) -> None:
        self._fills: dict[_Name, Fill] = {}

    def fills(self) -> Iterator[Fill]:
        """Yield the fills that stand, in order of their first report."""
        yield from self._fills.values()

    def post(self, fact: Fact) -> FillChange | None:
        """Take one fact in and return what it did, None when it concerns no fill.

        Raises
        ------
        JournalError
            A fill is neither bought nor sold, is empty or reported twice, or one that does not
            stand is restated.
        """
        match fact.payload:
            case OrderFilled() as order:
                return FillChange(None, self._made(fact, order))
            case FillCorrected() as correction:
                before = self._standing(fact.seq, correction)
                _expect_shares(fact.seq, correction.last_qty)
                order = msgspec.structs.replace(
                    before.order,
                    last_qty=correction.last_qty,
                    last_px=correction.last_px,
                    commission=correction.commission,
                )
                after = msgspec.structs.replace(before, order=order, restated_seq=fact.seq)
                self._fills[_name(correction)] = after
                return FillChange(before, after)
            case FillBusted() as bust:
                before = self._standing(fact.seq, bust)
                del self._fills[_name(bust)]
                return FillChange(before, None)
            case _:
                return None

    def _made(self, fact: Fact, order: OrderFilled) -> Fill:
        if order.order_side not in _SIGN:
            raise JournalError(
                f"fact {fact.seq}: expected a fill to BUY or SELL, found {order.order_side!r}"
            )
        _expect_shares(fact.seq, order.last_qty)
        known = self._fills.get(_name(order))
        if known is not None:
            raise JournalError(
                f"fact {fact.seq}: fill {order.venue_trade_id} of order {order.client_order_id} "
                f"is fact {known.seq} already; expected every fill once"
            )
        fill = Fill(fact.seq, fact.ts_event, fact.ts_init, order)
        self._fills[_name(order)] = fill
        return fill

    def _standing(self, seq: int, restated: FillCorrected | FillBusted) -> Fill:
        fill = self._fills.get(_name(restated))
        if fill is None:
            raise JournalError(
                f"fact {seq}: expected fill {restated.venue_trade_id} of order "
                f"{restated.client_order_id} to stand, found none"
            )
        return fill


def _expect_shares(seq: int, quantity: Decimal) -> None:
    if quantity <= 0:
        raise JournalError(f"fact {seq}: expected a fill of more than 0 shares, found {quantity}")


def _name(payload: OrderFilled | FillCorrected | FillBusted) -> _Name:
    return payload.client_order_id, payload.venue_trade_id
