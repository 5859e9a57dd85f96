"""Every answer is what the official OpenAPI documents say it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.simulator.market_data.loopback import Loopback
from tests.simulator.market_data.official import check
from tests.simulator.market_data.recorded_day import dividend

ASKED: list[tuple[str, str, dict[str, Any]]] = [
    (f"/v2/stocks/{kind}", "", {"symbols": "AAPL,MSFT,NONESUCH", **more})
    for kind, more in (
        ("trades", {}),
        ("quotes", {"currency": "USD"}),
        ("bars", {"timeframe": "1Min"}),
        ("auctions", {}),
        ("trades/latest", {}),
        ("quotes/latest", {"currency": "USD"}),
        ("bars/latest", {"feed": "delayed_sip"}),
        ("snapshots", {}),
    )
]
ASKED += [
    (f"/v2/stocks/{{symbol}}/{kind}", "AAPL", more)
    for kind, more in (
        ("trades", {"sort": "desc"}),
        ("quotes", {"limit": 10}),
        ("bars", {"timeframe": "1Day", "currency": "USD"}),
        ("auctions", {}),
        ("trades/latest", {}),
        ("quotes/latest", {}),
        ("bars/latest", {}),
        ("snapshot", {}),
    )
]
ASKED += [
    ("/v2/stocks/meta/conditions/{ticktype}", "trade", {"tape": "C"}),
    ("/v2/stocks/meta/conditions/{ticktype}", "quote", {"tape": "A"}),
    ("/v2/stocks/meta/exchanges", "", {}),
    ("/v1/corporate-actions", "", {}),
    ("/v1beta1/screener/stocks/most-actives", "", {"by": "trades"}),
    ("/v1beta1/screener/{market_type}/movers", "stocks", {"top": 5}),
    ("/v1beta1/screener/{market_type}/movers", "crypto", {}),
]
TRADING: list[tuple[str, str, dict[str, Any]]] = [
    ("/v2/assets", "", {}),
    ("/v2/assets/{symbol_or_asset_id}", "AAPL", {}),
    (
        "/v2/corporate_actions/announcements",
        "",
        {"ca_types": "Dividend,Split", "since": "2018-09-01", "until": "2018-09-30"},
    ),
    ("/v2/corporate_actions/announcements/{id}", dividend("AAPL", 1).id, {}),
    ("/v2/clock", "", {}),
    ("/v2/calendar", "", {"start": "2018-09-01", "end": "2018-12-31"}),
    ("/v3/clock", "", {"markets": "NYSE,NASDAQ"}),
    ("/v3/calendar/{market}", "NYSE", {"start": "2018-11-01", "end": "2018-11-30"}),
]


def asked(served: Loopback, route: str, name: str, parameters: dict[str, Any]) -> Any:
    path = f"{route[: route.index('{')]}{name}{route[route.index('}') + 1 :]}" if name else route
    answer = served.get(path, **parameters)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["X-RateLimit-Remaining"]) < int(answer.headers["X-RateLimit-Limit"])
    body = answer.json()
    assert body
    return body


@pytest.mark.parametrize(("route", "name", "parameters"), ASKED)
def test_market_data_is_as_documented(
    served: Loopback, shared: Path, route: str, name: str, parameters: dict[str, Any]
) -> None:
    specification = shared / "fixtures" / "alpaca" / "openapi" / "market-data-api.json"
    check(asked(served, route, name, parameters), specification, route)


@pytest.mark.parametrize(("route", "name", "parameters"), TRADING)
def test_assets_clock_and_calendar_are_as_documented(
    served: Loopback, shared: Path, route: str, name: str, parameters: dict[str, Any]
) -> None:
    specification = shared / "fixtures" / "alpaca" / "openapi" / "trading-api.json"
    check(asked(served, route, name, parameters), specification, route)


def test_news_is_as_documented_with_its_content(served: Loopback, shared: Path) -> None:
    # without include_content the venue itself sends "", which its own schema forbids
    specification = shared / "fixtures" / "alpaca" / "openapi" / "market-data-api.json"
    body = asked(
        served, "/v1beta1/news", "", {"include_content": "true", "exclude_contentless": "true"}
    )
    assert len(body["news"]) == 10
    check(body, specification, "/v1beta1/news")
