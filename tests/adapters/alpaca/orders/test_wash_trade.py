"""The wash-trade rule is the venue's published table."""

from __future__ import annotations

import csv
from decimal import Decimal
from itertools import product
from pathlib import Path

import msgspec
import pytest

from adapters.alpaca.orders.requests import OrderRequest
from adapters.alpaca.orders.wash_trade import first_wash_trade, wash_trade


def order(text: str, limit: str, order_class: str = "simple") -> OrderRequest:
    kind, side = text.split()
    price = Decimal(limit) if kind in {"limit", "stop_limit"} else None
    return OrderRequest(
        "id", "AAPL", side, kind, "day", Decimal(1), limit_price=price, order_class=order_class
    )


def test_all_pairs_of_the_published_table(shared: Path) -> None:
    path = shared / "fixtures/alpaca/tables/wash_trade_rules.csv"
    pairs = list(csv.DictReader(path.read_text().splitlines()))
    assert len(pairs) == 32
    for pair, (bid, ask) in product(pairs, [("10", "10.01"), ("10", "10"), ("10.01", "10")]):
        prices = {"buy": bid, "sell": ask}
        existing, new = (order(pair[k], prices[pair[k].split()[1]]) for k in ("existing", "new"))
        rejected = pair["reject"] == "always" or Decimal(bid) >= Decimal(ask)
        assert wash_trade(existing, new) == rejected, (pair, bid, ask)


@pytest.mark.parametrize(
    ("existing", "new"),
    [
        (order("stop sell", "1", "bracket"), order("market buy", "1")),
        (order("limit sell", "1"), order("market buy", "1", "oco")),
        (order("trailing_stop sell", "1"), order("market buy", "1")),
        (order("stop buy", "1"), order("market buy", "1")),
        (msgspec.structs.replace(order("stop sell", "1"), symbol="MSFT"), order("market buy", "1")),
    ],
)
def test_complex_trailing_same_side_and_other_symbols_are_exempt(
    existing: OrderRequest, new: OrderRequest
) -> None:
    assert not wash_trade(existing, new)


def test_the_order_that_stands_in_the_way_is_named() -> None:
    resting = [order("limit sell", "20"), order("limit sell", "9")]
    assert first_wash_trade(resting, order("limit buy", "10")) is resting[1]
    assert first_wash_trade(resting[:1], order("limit buy", "10")) is None
