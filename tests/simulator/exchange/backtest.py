"""What a backtest sent to its venue, and the same sent to the look-alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from heapq import merge
from typing import Any, ClassVar
from unittest.mock import patch

import engine.runtime.backtest.run
from engine.domain.facts import Fact, OrderFilled
from engine.domain.market_data.eligibility import fillable, moves_orders
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.quotes import Quote
from engine.domain.market_data.recorded import MarketData
from engine.domain.session import session
from engine.runtime.bridge.hub_strategy import HubStrategy
from engine.runtime.bridge.values import decimal_of, shares_of
from simulator.exchange import Exchange, FillMode, Order, Print, listed
from tests.runtime.runs import EAGER, Ran, run

type Fill = tuple[str, Decimal, Decimal, int]
"""Client order id in the backtest, price, shares, UTC ns."""


@dataclass(frozen=True)
class Sent:
    """A command as the strategy gave it."""

    ts: int
    word: str
    client_order_ids: tuple[str, ...]
    body: dict[str, Any] = field(default_factory=dict)


class Overheard(HubStrategy):
    """Writes down what it tells its venue."""

    sent: ClassVar[list[Sent]] = []

    def submit_order_list(self, *args: Any, **options: Any) -> None:
        """Take down a bracket."""
        entry, stop, target = args[0]
        self._take("submit", [entry, target, stop], body_of(entry) | legs_of(stop, target))
        super().submit_order_list(*args, **options)

    def submit_order(self, *args: Any, **options: Any) -> None:
        """Take down an exit."""
        self._take("submit", [args[0]], body_of(args[0]))
        super().submit_order(*args, **options)

    def modify_order(self, *args: Any, **change: Any) -> None:
        """Take down a new price."""
        names = {"price": "limit_price", "trigger_price": "stop_price"}
        body = {names[name]: str(decimal_of(value)) for name, value in change.items()}
        self.sent.append(Sent(self.clock.timestamp_ns(), "replace", (args[0].value,), body))
        super().modify_order(*args, **change)

    def cancel_order(self, *args: Any, **options: Any) -> None:
        """Take down a cancel."""
        self.sent.append(Sent(self.clock.timestamp_ns(), "cancel", (args[0].value,)))
        super().cancel_order(*args, **options)

    def _take(self, word: str, orders: Sequence[Any], body: dict[str, Any]) -> None:
        ids = tuple(order.client_order_id.value for order in orders)
        self.sent.append(Sent(self.clock.timestamp_ns(), word, ids, body))


def body_of(order: Any) -> dict[str, Any]:
    """Return a nautilus order as the body of a POST."""
    price = getattr(order, "price", None)
    return {
        "symbol": order.instrument_id.symbol.value,
        "qty": str(shares_of(order.quantity)),
        "side": order.side.name.lower(),
        "type": order.order_type.name.lower(),
        "time_in_force": "day",
        "client_order_id": order.client_order_id.value,
    } | ({} if price is None else {"limit_price": str(decimal_of(price))})


def legs_of(stop: Any, target: Any) -> dict[str, Any]:
    """Return the legs of a bracket for the body of its POST."""
    return {
        "order_class": "bracket",
        "take_profit": {"limit_price": str(decimal_of(target.price))},
        "stop_loss": {"stop_price": str(decimal_of(stop.trigger_price))},
    }


def backtest(market: MarketData, day: date, fills: str, *settings: str) -> tuple[Ran, list[Sent]]:
    """Run one day and return it with what was sent to the venue."""
    Overheard.sent = []
    with patch.object(engine.runtime.backtest.run, "HubStrategy", Overheard):
        ran = run(market, [day], settings=(*EAGER, *settings), fills=fills)
    return ran, Overheard.sent


def fills_of(facts: Sequence[Fact]) -> list[Fill]:
    """Return the fills of a backtest."""
    return [
        (
            fact.payload.client_order_id,
            fact.payload.last_px,
            fact.payload.last_qty,
            fact.ts_event,
        )
        for fact in facts
        if isinstance(fact.payload, OrderFilled)
    ]


class Copy:
    """Sends the same to the look-alike, which sees the market of the stocks that were traded."""

    def __init__(self, mode: FillMode, symbols: Sequence[str]) -> None:
        self.quotes: dict[str, Quote] = {}
        self.prints: dict[str, Print] = {}
        self.exchange = Exchange(
            mode,
            listed(symbols),
            seed=1,
            last_quote=self.quotes.get,
            last_print=self.prints.get,
        )
        self.account = self.exchange.accounts.open(Decimal(1_000_000), 0)
        self.names: dict[str, str] = {}
        self.current: dict[str, str] = {}
        self.refused: list[tuple[Sent, Any]] = []
        self.fills: list[Fill] = []

    def play(self, rows: Iterator[Any], sent: Sequence[Sent]) -> list[Fill]:
        """Play market and commands; a command goes out after the market of its instant."""
        commands = ((each.ts, 9, "", 0, each) for each in sent)
        both: Iterator[Any] = merge(rows, commands, key=lambda each: each[:4])
        for ts, kind, symbol, _, row in both:
            match kind:
                case 0:
                    self.exchange.feed.status(row)
                case 1:
                    bid, ask, bid_size, ask_size = row
                    self.exchange.feed.quote(symbol, bid, ask, bid_size, ask_size, ts)
                    self.quotes[symbol] = Quote(bid, ask, bid_size, ask_size, ts)
                case 2:
                    price, size = row
                    self.exchange.feed.print(symbol, price, size, ts)
                    self.prints[symbol] = Print(price, size, ts)
                case _:
                    self.exchange.advance(ts - 1)
                    self._note()
                    self._send(row)
                    self.exchange.advance(ts)
            self._note()
        return self.fills

    def _send(self, sent: Sent) -> None:
        exchange, account = self.exchange, self.account.id
        if sent.word == "submit":
            answer = exchange.submit(account, sent.body, sent.ts)
            if isinstance(answer, Order):
                self._name(answer, sent.client_order_ids)
        else:
            order_id = self.current.get(sent.client_order_ids[0], "")
            if sent.word == "cancel":
                answer = exchange.cancel(account, order_id, sent.ts)
            else:
                answer = exchange.replace(account, order_id, sent.body, sent.ts)
                if isinstance(answer, Order):
                    self.names[answer.id] = sent.client_order_ids[0]
        if not isinstance(answer, Order):
            self.refused.append((sent, answer))

    def _name(self, order: Order, names: Sequence[str]) -> None:
        for order_id, name in zip([order.id, *order.leg_ids], names, strict=True):
            self.names[order_id] = name
            self.current[name] = order_id

    def _note(self) -> None:
        for event in self.exchange.take_events():
            order = event.order
            if event.event == "replaced" and order.replaced_by is not None:
                self.current[self.names[order.id]] = order.replaced_by
            if event.price is not None and event.qty is not None:
                fill = self.names[order.id], event.price, event.qty, event.ts
                self.fills.append(fill)


def market_rows(market: MarketData, day: date, symbols: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield what a venue sees of some stocks: at an instant halts, then quotes, then prints."""
    hours = session(day)
    span = day, sorted(symbols), hours.pre_market_ns, hours.close_ns + 60 * 10**9
    announced = market.statuses(day)
    halts, tapes = Halts(announced), market.tapes(day)
    quotes, trades = market.quotes(*span), market.trades(*span)
    quotes = quotes.rows(fillable(quotes) & ~halts.covers(quotes))
    trades = trades.rows(moves_orders(trades, tapes) & ~halts.covers(trades))
    columns = quotes.bid, quotes.ask, quotes.bid_size, quotes.ask_size
    touches = zip(*(column.tolist() for column in columns), strict=True)
    prints = zip(trades.price.tolist(), trades.size.tolist(), strict=True)
    return merge(
        ((each.ts_init, 0, each.symbol, n, each) for n, each in enumerate(announced)),
        *_by_symbol(1, quotes, touches),
        *_by_symbol(2, trades, prints),
        key=lambda each: each[:4],
    )


def _by_symbol(kind: int, batch: Any, rows: Any) -> list[list[tuple[Any, ...]]]:
    names = [batch.symbols[n] for n in batch.symbol_id.tolist()]
    keyed = [
        (ts, kind, name, n, row)
        for n, (ts, name, row) in enumerate(zip(batch.ts_init.tolist(), names, rows, strict=True))
    ]
    return [sorted(keyed, key=lambda each: each[:4])]
