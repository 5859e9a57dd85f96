"""How much a ticket is over: what is bought never costs more than was said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.decision.tickets.size import SizingRules, ticket_quantity
from engine.domain.candidate import Side
from engine.domain.fixed_point import decimal_price
from engine.domain.market_data.quotes import Quote
from engine.domain.markets.instrument import ALPACA_STOCKS, Instrument
from engine.domain.ticket import (
    Amount,
    Entry,
    OrderType,
    Ticket,
    TicketRefusal,
    TicketRefused,
    Unit,
)
from tests.markets.bitcoin import BITCOIN

NOW = 1_789_740_000_000_000_000
SECOND = 10**9
INSTRUMENTS = st.sampled_from([BITCOIN, ALPACA_STOCKS.find("AAPL")])
SHARES = st.decimals("0", "0.05", places=5)
MONEY = st.decimals("0.01", "1000000", places=2)


def ticket(
    instrument: Instrument, amount: Amount, side: Side = Side.LONG, **changes: Any
) -> Ticket:
    usual: dict[str, Any] = {"ticket_id": "T", "venue": instrument.venue, "side": side}
    return Ticket(**(usual | {"symbol": instrument.symbol, "amount": amount} | changes))


@given(
    instrument=INSTRUMENTS,
    ask=st.integers(1_000, 100_000_000_000),
    money=MONEY,
    slippage=SHARES,
    fee=SHARES,
    limit=st.none() | st.decimals("0.5", "90000", places=1),
)
def test_an_amount_of_money_is_the_most_steps_that_it_pays_at_the_worst_price(
    instrument: Instrument,
    ask: int,
    money: Decimal,
    slippage: Decimal,
    fee: Decimal,
    limit: Decimal | None,
) -> None:
    entry = Entry() if limit is None else Entry(type=OrderType.LIMIT, limit_price=limit)
    found = ticket_quantity(
        ticket(instrument, Amount(money, Unit.QUOTE), entry=entry),
        instrument,
        Quote(ask, ask, 1, 1, NOW),
        SizingRules(slippage=slippage, taker_fee=fee),
        now=NOW,
        free=Decimal(0),
        held=Decimal(0),
    )
    price = decimal_price(ask) * (1 + slippage) if limit is None else limit
    worst = price * (1 + fee)
    if isinstance(found, TicketRefused):
        assert found.reason is TicketRefusal.TOO_SMALL
        least = max(instrument.min_quantity, instrument.size_step)
        step = instrument.size_step * worst
        assert money < least * worst or money - step < instrument.min_notional * (1 + fee)
        return
    assert found * worst <= money < (found + instrument.size_step) * worst
    assert found % instrument.size_step == 0
    assert found * price >= instrument.min_notional


@given(age=st.floats(0, 10), side=st.sampled_from(list(Side)))
def test_a_quote_counts_until_it_is_stale(age: float, side: Side) -> None:
    assume(abs(age - 2.0) > 1e-6)
    quote = Quote(100_000_000, 100_020_000, 1, 1, NOW - round(age * SECOND))
    stock = ALPACA_STOCKS.find("AAPL")
    found = ticket_quantity(
        ticket(stock, Amount(Decimal(1_000), Unit.QUOTE), side),
        stock,
        quote,
        SizingRules(stale_quote_secs=2.0, slippage=Decimal(0)),
        now=NOW,
        free=Decimal(0),
        held=Decimal(0),
    )
    if age > 2:
        assert isinstance(found, TicketRefused)
        assert found.reason is TicketRefusal.NO_QUOTE
        assert f"{age:.1f} s old" in found.detail
    else:  # a seller gets the bid, a buyer pays the ask
        assert found == (9 if side is Side.LONG else 10)


@given(
    held=st.decimals("-500", "500", places=0),
    side=st.sampled_from(list(Side)),
    amount=st.sampled_from(
        [Amount(None, Unit.ALL), Amount(Decimal(50), Unit.PERCENT), Amount(Decimal(7), Unit.BASE)]
    ),
)
def test_what_only_closes_is_at_most_what_is_held_on_the_other_side(
    held: Decimal, side: Side, amount: Amount
) -> None:
    stock = ALPACA_STOCKS.find("AAPL")
    found = ticket_quantity(
        ticket(stock, amount, side, reduce_only=True),
        stock,
        None,
        SizingRules(),
        now=NOW,
        free=Decimal(0),
        held=held,
    )
    if isinstance(found, TicketRefused):
        assert held * side >= 0 or amount.unit is not Unit.ALL
    else:
        assert held * side < 0
        assert 0 < found <= abs(held)
        assert amount.unit is not Unit.ALL or found == abs(held)
