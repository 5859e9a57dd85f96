"""How much a ticket is over, from the amount that somebody asked for; pure."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.domain.candidate import Side
from engine.domain.fixed_point import decimal_price
from engine.domain.market_data.quotes import Quote
from engine.domain.markets.instrument import Instrument
from engine.domain.session import NANOS_PER_SECOND
from engine.domain.ticket import Ticket, TicketRefusal, TicketRefused, Unit

_PERCENT = Decimal(100)


class SizingRules(msgspec.Struct, frozen=True, kw_only=True):
    """What may come on top of the price that is seen.

    Attributes
    ----------
    stale_quote_secs : float
        A quote that is older is none.
    slippage, taker_fee : Decimal
        Shares of the price, >= 0: how much worse a market order may fill, and what the venue takes.
    """

    stale_quote_secs: float = 2.0
    slippage: Decimal = Decimal("0.001")
    taker_fee: Decimal = Decimal(0)


def ticket_quantity(
    ticket: Ticket,
    instrument: Instrument,
    quote: Quote | None,
    rules: SizingRules,
    *,
    now: int,
    free: Decimal,
    held: Decimal,
) -> Decimal | TicketRefused:
    """Return what a ticket is over in base, in whole size steps.

    An amount of money is divided by the worst price that its order allows, fee included: a limit's
    own, else the touch made worse by the slippage. So what is bought never costs more.

    Parameters
    ----------
    now : int
        UTC ns, to tell how old the quote is.
    free : Decimal
        Quote currency that may be spent.
    held : Decimal
        Base, negative when short.
    """
    amount, closes = ticket.amount, ticket.reduce_only
    if amount.currency not in {None, instrument.quote}:
        return TicketRefused(
            TicketRefusal.UNSUPPORTED,
            f"{instrument.key} is paid in {instrument.quote}, not in {amount.currency}",
        )
    price = _worst_price(ticket, quote, rules, now)
    if closes and held * ticket.side >= 0:
        return TicketRefused(TicketRefusal.NOT_HELD, f"nothing of {ticket.symbol} is to be closed")
    if amount.unit is Unit.ALL and not closes:
        return TicketRefused(TicketRefusal.NOT_HELD, "all of it can only be closed")
    value = Decimal(0) if amount.value is None else amount.value
    if amount.unit is Unit.ALL:
        wanted = abs(held)
    elif amount.unit is Unit.PERCENT and closes:
        wanted = abs(held) * value / _PERCENT
    elif amount.unit is Unit.BASE:
        wanted = value
    elif price is None:
        return TicketRefused(TicketRefusal.NO_QUOTE, _no_quote(ticket.symbol, quote, rules, now))
    else:
        money = free * value / _PERCENT if amount.unit is Unit.PERCENT else value
        wanted = money / (price * (1 + rules.taker_fee))
    quantity = instrument.floored(wanted)
    if closes and quantity > abs(held):
        detail = f"{quantity:f} {ticket.symbol} is more than the {abs(held):f} held"
        return TicketRefused(TicketRefusal.NOT_HELD, detail)
    if amount.unit is Unit.BASE and quantity != wanted:
        step = f"{ticket.symbol} trades in steps of {instrument.size_step:f}, not {wanted:f}"
        return TicketRefused(TicketRefusal.TOO_SMALL, step)
    if why := instrument.too_small(quantity, price):
        return TicketRefused(TicketRefusal.TOO_SMALL, why)
    return quantity


def _worst_price(
    ticket: Ticket, quote: Quote | None, rules: SizingRules, now: int
) -> Decimal | None:
    """Return what one unit costs at most, or brings at least; None while no quote is fresh."""
    stated = ticket.entry.limit_price or ticket.entry.stop_price
    if stated is not None:
        return stated
    if quote is None or now - quote.ts_init > rules.stale_quote_secs * NANOS_PER_SECOND:
        return None
    touch = decimal_price(quote.ask if ticket.side is Side.LONG else quote.bid)
    return touch * (1 + rules.slippage) if ticket.side is Side.LONG else touch


def _no_quote(symbol: str, quote: Quote | None, rules: SizingRules, now: int) -> str:
    if quote is None:
        return f"no quote of {symbol} is known: wait for one, or name shares"
    age = (now - quote.ts_init) / NANOS_PER_SECOND
    return (
        f"the last quote of {symbol} is {age:.1f} s old, expected at most "
        f"{rules.stale_quote_secs:g} s: wait for one, or name shares"
    )
