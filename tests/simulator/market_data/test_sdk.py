"""Unmodified alpaca-py clients read the look-alike's market data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.common.rest import RESTClient
from alpaca.data.enums import DataFeed, MarketType, MostActivesBy
from alpaca.data.historical import NewsClient, ScreenerClient, StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.requests import (
    CorporateActionsRequest,
    MarketMoversRequest,
    MostActivesRequest,
    NewsRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import CorporateActionType
from alpaca.trading.requests import (
    GetAssetsRequest,
    GetCalendarRequest,
    GetCorporateAnnouncementsRequest,
)

from catalog import Catalog, StoredReference
from engine.domain.markets.reference import CorporateAction
from simulator.market_data import routes
from tests.simulator.market_data.conftest import Hands
from tests.simulator.market_data.loopback import KEY, SECRET, Loopback
from tests.simulator.market_data.recorded_day import CLOSE, DAY

START, END = datetime(2018, 9, 18, 8, tzinfo=UTC), datetime(2018, 9, 18, 23, tzinfo=UTC)
SYMBOLS = ["AAPL", "MSFT"]


@pytest.fixture
def clients(served: Loopback) -> Iterator[Any]:
    """Return a maker of clients of the served day; their connections are closed at the end."""
    made: list[RESTClient] = []

    def make(client: type[RESTClient], secret: str = SECRET, url: str = served.url) -> Any:
        made.append(client(api_key=KEY, secret_key=secret, url_override=url))  # pyright: ignore[reportCallIssue]
        return made[-1]

    yield make
    for client in made:
        client._session.close()  # noqa: SLF001  (it has no other way to close)


def test_trades_quotes_and_bars_arrive_whole_over_many_pages(clients: Any, market: Catalog) -> None:
    client = clients(StockHistoricalDataClient)
    span = {"symbol_or_symbols": SYMBOLS, "start": START, "end": END, "feed": DataFeed.SIP}
    trades = client.get_stock_trades(StockTradesRequest(**span)).data
    stored = market.trades(DAY, SYMBOLS, 0, Hands().now + 1)
    kept = [not code.startswith("!") for code in stored.conditions]
    assert sum(map(len, trades.values())) == sum(kept[c] for c in stored.condition_id.tolist())
    assert all(trade.price > 0 and trade.id > 0 for trade in trades["AAPL"])
    quotes = client.get_stock_quotes(StockQuotesRequest(**span)).data
    asked = market.quotes(DAY, SYMBOLS, 0, Hands().now + 1)
    assert sum(map(len, quotes.values())) == len(asked)
    minute = TimeFrame(1, TimeFrameUnit("Min"))
    bars = client.get_stock_bars(StockBarsRequest(timeframe=minute, **span)).data
    assert len(bars["AAPL"]) > 100
    assert all(bar.low <= bar.vwap <= bar.high for bar in bars["AAPL"])


def test_latest_rows_and_snapshots_are_understood(clients: Any) -> None:
    client = clients(StockHistoricalDataClient)
    trade = client.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols=SYMBOLS))
    quote = client.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=SYMBOLS))
    bar = client.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=SYMBOLS))
    snapshot = client.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=SYMBOLS))
    for symbol in SYMBOLS:
        assert snapshot[symbol].latest_trade == trade[symbol]
        assert snapshot[symbol].latest_quote == quote[symbol]
        assert snapshot[symbol].minute_bar == bar[symbol]
        assert snapshot[symbol].daily_bar.volume > bar[symbol].volume


def test_news_comes_in_pages_of_fifty(clients: Any) -> None:
    client = clients(NewsClient)
    request = NewsRequest(symbols="AAPL,QQQ", start=START, end=END, include_content=True)
    news = client.get_news(request).data["news"]
    assert [article.id for article in news] == list(range(119, -1, -1))
    assert news[0].symbols == ["AAPL", "MSFT"]
    assert (
        client.get_news(NewsRequest(symbols="QQQ", start=START, end=END)).data["news"][0].id == 117
    )


def test_corporate_actions_of_every_kind_are_understood(
    clients: Any, shared: Path, tmp_path: Path
) -> None:
    path = shared / "fixtures" / "alpaca" / "rest_samples" / "test_corporate_actions.json"
    (sample, *_) = json.loads(path.read_text())["test_get_corporate_actions"]
    actions = [
        CorporateAction(
            id=row["id"],
            kind=kind.removesuffix("s"),
            process_date=datetime.fromisoformat(row["process_date"]).date(),
            symbols=(row.get("symbol", "X"),),
            detail=row,
        )
        for kind, rows in sample["corporate_actions"].items()
        for row in rows
    ]
    assert len(actions) > 8
    reference = StoredReference(Catalog(str(tmp_path)))
    assert reference.add_corporate_actions(actions, "samples") == len(actions)
    assert reference.add_corporate_actions(actions, "samples") == 0
    made = routes(Catalog(str(tmp_path)), DAY, lambda: CLOSE, reference=reference)
    with Loopback(made) as server:
        client = clients(CorporateActionsClient, url=server.url)
        request = CorporateActionsRequest(
            start=datetime(2020, 1, 1).date(),  # noqa: DTZ001  (a date)
            end=datetime(2030, 1, 1).date(),  # noqa: DTZ001  (a date)
        )
        found = client.get_corporate_actions(request).data
        got = server.get("/v1/corporate-actions", start="2020-01-01", end="2030-01-01").json()
    assert {kind: len(rows) for kind, rows in found.items()} == {
        kind: len(rows) for kind, rows in sample["corporate_actions"].items()
    }
    assert got["corporate_actions"] == sample["corporate_actions"]


def test_screeners_rank_the_day(clients: Any) -> None:
    client = clients(ScreenerClient)
    active = client.get_most_actives(
        MostActivesRequest(top=5, by=MostActivesBy.VOLUME)
    ).most_actives
    assert [one.volume for one in active] == sorted((one.volume for one in active), reverse=True)
    movers = client.get_market_movers(MarketMoversRequest(top=3, market_type=MarketType.STOCKS))
    assert movers.gainers[0].percent_change > 0 > movers.losers[0].percent_change


def test_assets_clock_and_calendar_are_understood(clients: Any) -> None:
    client = clients(TradingClient)
    assets = client.get_all_assets(GetAssetsRequest())
    assert len(assets) == 60
    assert client.get_asset("AAPL") == client.get_asset(assets_id(assets, "AAPL"))
    assert client.get_clock().is_open is False
    days = client.get_calendar(GetCalendarRequest(start=DAY, end=DAY))
    assert [(day.date, day.open.hour) for day in days] == [(DAY, 9)]


def assets_id(assets: list[Any], symbol: str) -> str:
    return next(str(asset.id) for asset in assets if asset.symbol == symbol)


def test_a_refusal_is_the_client_s_own_error(clients: Any) -> None:
    client = clients(StockHistoricalDataClient, secret="wrong")
    with pytest.raises(APIError) as raised:
        client.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="AAPL"))
    assert raised.value.status_code == 403


def test_a_dividend_is_announced_to_whoever_asks_for_its_kind_and_days(clients: Any) -> None:
    client = clients(TradingClient)

    def told(kind: str, until: date, **more: Any) -> list[Any]:
        request = GetCorporateAnnouncementsRequest(
            ca_types=[CorporateActionType(kind)],
            since=until - timedelta(days=20),
            until=until,
            **more,
        )
        with pytest.warns(DeprecationWarning, match="corporate_announcements"):
            return client.get_corporate_announcements(request)

    both = told("dividend", DAY)
    assert [(each.initiating_symbol, each.cash, each.ex_date) for each in both] == [
        ("AAPL", 0.125, DAY),
        ("MSFT", 0.125, DAY),
    ]
    assert told("dividend", DAY, symbol="MSFT") == both[1:]
    assert client.get_corporate_announcement_by_id(both[0].id) == both[0]
    assert told("split", DAY) == told("dividend", DAY - timedelta(days=1)) == []
