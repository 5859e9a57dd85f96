"""A listener written with alpaca-py alone; prints what it heard as JSON.

Run with a relay's address, a key and its secret.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

from alpaca.data.live import StockDataStream


def main(address: str, key: str, secret: str) -> None:
    """Listen until enough has come."""
    trades: list[Any] = []
    quotes: list[Any] = []
    stream = StockDataStream(key, secret, raw_data=True, url_override=f"{address}/v2/sip")

    async def on_trade(message: Any) -> None:
        trades.append((message["S"], message["t"], message["p"]))

    async def on_quote(message: Any) -> None:
        quotes.append(message)

    stream.subscribe_trades(on_trade, "*")
    stream.subscribe_quotes(on_quote, "*")
    threading.Thread(target=stream.run, daemon=True).start()
    deadline = time.monotonic() + 100
    while (len(trades) < 50 or not quotes) and time.monotonic() < deadline:
        time.sleep(0.05)
    heard = [(symbol, at.seconds * 10**9 + at.nanoseconds, price) for symbol, at, price in trades]
    sys.stdout.write(json.dumps({"trades": heard, "quotes": len(quotes)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
