"""A long, disorderly account: partial fills, reversals, corrections, busts, fees."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from engine.domain.account import ACCELERATION
from engine.domain.facts import (
    AnyPayload,
    CashMoved,
    DayEnded,
    DayStarted,
    ExitReason,
    Fee,
    FeeCharged,
    FillBusted,
    FillCorrected,
    Movement,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRole,
    OrderSubmitted,
    OrderUpdated,
    TradeClosed,
    TradeMeasured,
)
from tests.accounting.streams import ALPACA, BALANCE, plan, run_started

SYMBOLS = ("AAA", "BBB", "CCC")


def busy_account(seed: int, orders: int) -> Iterator[AnyPayload]:
    """Yield the facts of one day with so many orders, most of them in a handful of pieces."""
    account = _Account(Random(seed))
    yield run_started()
    yield DayStarted("2018-01-02", "h" * 64, BALANCE)
    for number in range(orders):
        yield from account.order(number)
        yield from account.something_else()
    yield DayEnded("2018-01-02", BALANCE)


class _Account:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._standing: list[OrderFilled] = []

    def order(self, number: int) -> Iterator[AnyPayload]:
        """Yield an order of either side, planned or not, from its submission to its end."""
        random, quantity = self._random, self._random.randint(1, 40)
        trade_id = f"T{number // 2}"
        role = OrderRole.EXIT if number % 2 else OrderRole.ENTRY
        symbol, side = random.choice(SYMBOLS), random.choice(("BUY", "SELL"))
        order_id = f"{trade_id}-{role}"
        if role is OrderRole.ENTRY and random.random() < 0.8:
            yield plan(trade_id, symbol, 1 if side == "BUY" else -1, quantity, self._price())
        yield OrderSubmitted(
            order_id,
            trade_id,
            symbol,
            *ALPACA,
            role,
            1,
            side,
            "LIMIT",
            Decimal(quantity),
            self._price(),
            None,
        )
        yield OrderAccepted(order_id, trade_id, symbol, *ALPACA)
        if random.random() < 0.1:
            yield OrderUpdated(
                order_id, trade_id, symbol, *ALPACA, Decimal(quantity), self._price(), None
            )
        left, piece = quantity, 0
        while left and random.random() < 0.9:
            piece += 1
            taken = random.randint(1, left)
            left -= taken
            yield self._fill(order_id, trade_id, symbol, role, side, piece, taken)
        if left:
            yield OrderCanceled(order_id, trade_id, symbol, *ALPACA)
        elif role is OrderRole.EXIT:
            yield self._closed(trade_id, symbol)
            yield TradeMeasured(
                trade_id, ACCELERATION, symbol, *ALPACA, -random.random(), random.random()
            )

    def something_else(self) -> Iterator[AnyPayload]:
        """Yield now and then a correction, a bust, a fee or a movement of cash."""
        random = self._random
        if self._standing and random.random() < 0.1:
            one = random.choice(self._standing)
            yield FillCorrected(
                one.client_order_id,
                one.trade_id,
                one.symbol,
                *ALPACA,
                one.venue_trade_id,
                Decimal(random.randint(1, 40)),
                self._price(),
                self._cents(3),
            )
        if self._standing and random.random() < 0.05:
            one = self._standing.pop(random.randrange(len(self._standing)))
            yield FillBusted(
                one.client_order_id,
                one.trade_id,
                one.symbol,
                *ALPACA,
                one.venue_trade_id,
                "erroneous",
            )
        if random.random() < 0.1:
            trade_id = random.choice((None, f"T{random.randint(0, 9)}"))
            fee = random.choice(list(Fee))
            yield FeeCharged(*ALPACA, fee, "2018-01-02", self._cents(9), trade_id, None)
        if random.random() < 0.05:
            amount = self._cents(900) * random.choice((1, -1))
            yield CashMoved(*ALPACA, random.choice(list(Movement)), amount, "")

    def _fill(
        self, order_id: str, trade_id: str, symbol: str, role: OrderRole, side: str, *piece: int
    ) -> OrderFilled:
        number, quantity = piece
        filled = OrderFilled(
            client_order_id=order_id,
            trade_id=trade_id,
            symbol=symbol,
            venue=ALPACA[0],
            account=ALPACA[1],
            role=role,
            order_side=side,
            venue_trade_id=str(number),
            last_qty=Decimal(quantity),
            last_px=self._price(),
            commission=self._cents(5),
            liquidity_side="TAKER",
        )
        self._standing.append(filled)
        return filled

    def _closed(self, trade_id: str, symbol: str) -> TradeClosed:
        reason = self._random.choice(list(ExitReason))
        px, zero = self._price(), Decimal(0)
        one = Decimal(1)
        return TradeClosed(
            trade_id, ACCELERATION, symbol, *ALPACA, 1, one, px, px, zero, zero, reason
        )

    def _price(self) -> Decimal:
        return Decimal(self._random.randint(20_001, 5_000_000)) / 10_000

    def _cents(self, most: int) -> Decimal:
        return Decimal(self._random.randint(1, 100 * most)) / 100
