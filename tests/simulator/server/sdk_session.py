"""A trading session written with alpaca-py alone; prints what it saw as JSON.

Run with the simulator's address and a symbol; a process of its own, as the SDK's streams do not
end in another's loop and its websocket library warns of its age.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

from alpaca.data.live import NewsDataStream, StockDataStream
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderClass, OrderSide, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    ClosePositionRequest,
    CreateWatchlistRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLossRequest,
    TakeProfitRequest,
)
from alpaca.trading.stream import TradingStream

_PATIENCE_SECS = 120


def main(address: str, symbol: str) -> None:
    """Listen, trade, and say what came."""
    seen: dict[str, list[Any]] = {
        name: [] for name in ("trades", "quotes", "bars", "news", "updates")
    }
    data = StockDataStream("ALICE", "alice-secret", url_override=f"ws://{address}/v2/sip")
    news = NewsDataStream("ALICE", "alice-secret", url_override=f"ws://{address}/v1beta1/news")
    updates = TradingStream("ALICE", "alice-secret", url_override=f"ws://{address}/stream")

    def noting(kind: str) -> Any:
        async def note(message: Any) -> None:
            seen[kind].append(message)

        return note

    data.subscribe_trades(noting("trades"), symbol)
    data.subscribe_quotes(noting("quotes"), "*")
    data.subscribe_bars(noting("bars"), "*")
    news.subscribe_news(noting("news"), "*")
    updates.subscribe_trade_updates(noting("updates"))
    for stream in (data, news, updates):
        threading.Thread(target=stream.run, daemon=True).start()
    until(lambda: len(seen["trades"]) > 5 and len(seen["quotes"]) > 5 and seen["bars"])

    client: Any = TradingClient("ALICE", "alice-secret", url_override=f"http://{address}")
    day, gtc = TimeInForce.DAY, TimeInForce.GTC
    price = seen["trades"][-1].price
    bought = client.submit_order(
        MarketOrderRequest(
            symbol=symbol,
            qty=10,
            side=OrderSide.BUY,
            time_in_force=gtc,
            order_class=OrderClass.BRACKET,
            take_profit=TakeProfitRequest(limit_price=round(price * 2, 2)),
            stop_loss=StopLossRequest(stop_price=round(price / 2, 2)),
        )
    )
    until(lambda: "fill" in events(seen))
    position = client.get_open_position(symbol)
    legs = client.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN))
    target = next(leg for leg in legs if leg.limit_price)
    moved = client.replace_order_by_id(
        target.id, ReplaceOrderRequest(limit_price=round(price * 3, 2))
    )
    until(lambda: "replaced" in events(seen))
    client.cancel_order_by_id(moved.id)
    until(lambda: "canceled" in events(seen))
    until(lambda: not client.get_orders())
    client.close_position(symbol, ClosePositionRequest(qty="4"))
    until(lambda: events(seen).count("fill") == 2)
    other = client.submit_order(
        LimitOrderRequest(
            symbol=symbol, qty=1, side=OrderSide.BUY, time_in_force=day, limit_price=1
        )
    )
    answers = client.cancel_orders()
    client.close_all_positions(cancel_orders=True)
    until(lambda: events(seen).count("fill") == 3)
    account = client.get_account()
    history = client.get_portfolio_history()
    until(lambda: seen["news"])
    watched = CreateWatchlistRequest(name="Mine", symbols=[symbol])
    watchlist = client.add_asset_to_watchlist_by_id(client.create_watchlist(watched).id, "SPY")
    result = {
        "counts": {kind: len(rows) for kind, rows in seen.items()},
        "events": events(seen),
        "legs": [str(leg.status) for leg in bought.legs],
        "position": [str(position.side), position.qty],
        "new_id": str(moved.replaces) == str(target.id) != str(moved.id),
        "canceled": [answer.status for answer in answers],
        "other": str(other.id) in {str(answer.id) for answer in answers},
        "equity": account.equity,
        "history": len(history.equity),
        "positions": len(client.get_all_positions()),
        "headline": seen["news"][0].headline,
        "watchlist": [asset.symbol for asset in watchlist.assets],
        "clock": client.get_clock().is_open,
        "asset": client.get_asset(symbol).symbol,
        "same_asset": str(client.get_asset(symbol).id) == str(bought.asset_id),
    }
    sys.stdout.write(json.dumps(result, default=str))


def events(seen: dict[str, list[Any]]) -> list[str]:
    return [str(getattr(each.event, "value", each.event)) for each in seen["updates"]]


def until(true: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_SECS
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not come")
        time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:3])
