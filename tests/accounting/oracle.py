"""Accounting by the plainest means: a list of fills, and shares one by one."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from engine.domain.facts import (
    AnyPayload,
    CashMoved,
    FeeCharged,
    FillBusted,
    FillCorrected,
    OrderFilled,
    RunStarted,
)


@dataclass
class Oracle:
    """What an account holds after all of its facts, worked out from scratch.

    ``realized`` is by symbol and before costs; ``shares`` are those held, each with its price,
    negative when short.
    """

    fills: list[OrderFilled]
    cash: Decimal
    costs: Decimal
    moved: Decimal
    realized: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    shares: dict[str, deque[Decimal]] = field(default_factory=lambda: defaultdict(deque))

    def __post_init__(self) -> None:
        for fill in self.fills:
            for _ in range(int(fill.last_qty)):
                self._trade_one(
                    fill.symbol, fill.last_px if fill.order_side == "BUY" else -fill.last_px
                )

    def _trade_one(self, symbol: str, price: Decimal) -> None:
        held = self.shares[symbol]
        if held and (held[0] > 0) != (price > 0):
            self.realized[symbol] -= held.popleft() + price
        else:
            held.append(price)


def look(payloads: Iterable[AnyPayload]) -> Oracle:
    """Return what an account holds after these facts."""
    standing: dict[tuple[str, str], OrderFilled] = {}
    cash = costs = moved = Decimal(0)
    for payload in payloads:
        match payload:
            case RunStarted():
                cash = payload.starting_balance
            case FeeCharged():
                costs += payload.amount
            case CashMoved():
                moved += payload.amount
            case OrderFilled():
                standing[payload.client_order_id, payload.venue_trade_id] = payload
            case FillCorrected():
                name = (payload.client_order_id, payload.venue_trade_id)
                standing[name] = msgspec.structs.replace(
                    standing[name],
                    last_qty=payload.last_qty,
                    last_px=payload.last_px,
                    commission=payload.commission,
                )
            case FillBusted():
                del standing[payload.client_order_id, payload.venue_trade_id]
            case _:
                pass
    fills = list(standing.values())
    costs += sum(fill.commission for fill in fills)
    paid = sum(
        (fill.last_qty * fill.last_px * (1 if fill.order_side == "BUY" else -1) for fill in fills),
        Decimal(0),
    )
    return Oracle(fills, cash - paid - costs + moved, costs, moved)
