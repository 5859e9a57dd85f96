"""Which tickets a market does not take, known before anything is sent; pure."""

from __future__ import annotations

from decimal import Decimal

from engine.domain.candidate import Side
from engine.domain.fixed_point import decimal_price
from engine.domain.market_data.quotes import Quote
from engine.domain.markets.instrument import Instrument
from engine.domain.markets.market import Capabilities, Support
from engine.domain.markets.tick_grid import TickGrid
from engine.domain.order_names import exit_id
from engine.domain.ticket import (
    NO_PROTECTION,
    OrderType,
    Protections,
    Ticket,
    TicketRefusal,
    TicketRefused,
)


def ticket_refusal(
    ticket: Ticket,
    instrument: Instrument,
    capabilities: Capabilities,
    quote: Quote | None,
    now: int,
) -> TicketRefused | None:
    """Return what speaks against a ticket, None where nothing does.

    Sizes are the business of ``ticket_quantity``; what only the venue can know is left to it.
    """
    if ticket.venue != instrument.venue:
        return TicketRefused(
            TicketRefusal.WRONG_MARKET,
            f"the ticket is for {ticket.venue}, this is {instrument.key}",
        )
    what = _unsupported(ticket, instrument, capabilities)
    if what is not None:
        return TicketRefused(TicketRefusal.UNSUPPORTED, f"{instrument.venue} {what}")
    grid = instrument.grid_at(now)
    entry, guarded = ticket.entry, ticket.protections
    prices = (entry.limit_price, entry.stop_price, guarded.take_profit, guarded.stop_loss)
    if (why := off_grid(prices, grid)) is not None:
        return why
    if guarded == NO_PROTECTION:
        return None
    if ticket.reduce_only:
        return TicketRefused(TicketRefusal.PROTECTION, "what only closes needs no protection")
    return _misplaced(ticket, guarded, instrument, quote)


def off_grid(prices: tuple[Decimal | None, ...], grid: TickGrid) -> TicketRefused | None:
    """Return that a price is not on the grid, None where all are."""
    for price in prices:
        if price is not None and not grid.holds(price):
            near = "" if price <= 0 else f", as {grid.round_against(price, Side.LONG):f} is"
            return TicketRefused(TicketRefusal.OFF_GRID, f"{price:f} is no price of its grid{near}")
    return None


def _unsupported(ticket: Ticket, instrument: Instrument, capabilities: Capabilities) -> str | None:
    """Return what of a ticket the market does not have."""
    entry = ticket.entry
    if (why := entry.misfit()) is not None:
        return f"cannot: {why}"
    if entry.type not in capabilities.order_types:
        return f"has no {entry.type} orders"
    if entry.time_in_force not in capabilities.time_in_force:
        return f"has no orders of time in force {entry.time_in_force}"
    name = ticket.ticket_id
    if not name or not name.isascii() or len(exit_id(name, 99)) > capabilities.ids:
        return f"takes ids of {capabilities.ids} ASCII characters, {name!r} is none or too long"
    opens_short = ticket.side is Side.SHORT and not ticket.reduce_only
    if opens_short and not (capabilities.short and instrument.shortable):
        return f"does not sell {instrument.symbol} short"
    return None if ticket.protections == NO_PROTECTION else _unguarded(ticket, capabilities)


def _unguarded(ticket: Ticket, capabilities: Capabilities) -> str | None:
    """Return why the market cannot protect what a ticket enters."""
    guarded = ticket.protections
    if capabilities.bracket is Support.EMULATED:
        return "takes no protection with an order: whoever stands above it guards the position"
    if guarded.take_profit is None or guarded.stop_loss is None:
        return "takes a take profit and a stop loss together, or neither"
    if ticket.entry.type not in {OrderType.MARKET, OrderType.LIMIT}:
        return f"takes no protection with a {ticket.entry.type} order"
    return None


def _misplaced(
    ticket: Ticket, guarded: Protections, instrument: Instrument, quote: Quote | None
) -> TicketRefused | None:
    """Return that a protection does not lie beyond the entry."""
    base, side = ticket.entry.limit_price, ticket.side
    if base is None:
        if quote is None:
            return TicketRefused(
                TicketRefusal.NO_QUOTE, f"no quote of {ticket.symbol} is known to protect it by"
            )
        base = decimal_price(quote.ask if side is Side.LONG else quote.bid)
    stop, target = guarded.stop_loss, guarded.take_profit
    least = instrument.min_stop_distance
    if stop is not None and side * (base - stop) < least:
        where = f"at least {least:f} {'below' if side is Side.LONG else 'above'} {base:f}"
        return TicketRefused(TicketRefusal.PROTECTION, f"a stop loss at {stop:f} must lie {where}")
    if target is not None and side * (target - base) <= 0:
        where = f"{'above' if side is Side.LONG else 'below'} {base:f}"
        return TicketRefused(
            TicketRefusal.PROTECTION, f"a take profit at {target:f} must lie {where}"
        )
    return None
