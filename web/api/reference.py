"""What there is to trade and with what: symbols, stored days, markets, strategies."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from app.catalog.keep import CatalogInfo, catalog_info
from app.catalog.symbols import ListedSymbol, listed_symbols
from app.strategies import find_strategy, known_strategies
from app.tickets.markets import known_markets, plain
from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.markets.market import Capabilities
from web.answer import Cursor, Limit, answer, page, tagged
from web.blocking import AskedOf
from web.rights import router
from web.shapes import extended, page_shape, shape

routes = router("reference")


class StrategyShown(BaseModel):
    """A strategy: where it comes from, what it does, its parameters."""

    model_config = ConfigDict(extra="forbid")

    source: str
    about: str
    parameters: list[dict[str, Any]]


class StrategyAnswer(StrategyShown):
    """The same with its name."""

    strategy: str


class StrategiesAnswer(BaseModel):
    """Strategies by name; ``broken`` says why others cannot be used."""

    model_config = ConfigDict(extra="forbid")

    strategies: dict[str, StrategyShown]
    broken: dict[str, str]


MarketsAnswer = extended(
    "MarketsAnswer",
    markets=list[extended("MarketShown", name=str, venue=str, capabilities=shape(Capabilities))],
)


@routes.get("/symbols", response_model=page_shape(shape(ListedSymbol)))
async def symbols(
    request: Request,
    asked: AskedOf,
    begins: Annotated[str, Query(max_length=32, description="Only symbols that begin so.")] = "",
    cursor: Cursor = None,
    limit: Limit = 500,
) -> Response:
    """List the symbols that the catalog knows, with exchange, name and tape."""
    found = await asked.of(listed_symbols, asked.places.catalog)
    rows = [row for row in found if row.symbol.startswith(begins.upper())]
    items, after = page(rows, lambda row: (row.symbol,), cursor, limit)
    return tagged(request, {"items": items, "next": after})


@routes.get("/data", response_model=shape(CatalogInfo))
async def data(request: Request, asked: AskedOf) -> Response:
    """List what is stored: kinds, days, letters, rows and bytes, and what is doubtful of it."""
    return tagged(request, await asked.of(catalog_info, asked.places.catalog))


@routes.get("/markets", response_model=MarketsAnswer)
async def markets(request: Request, asked: AskedOf) -> Response:
    """List the markets and what each can do; none of them is asked."""
    found = await asked.of(known_markets)
    return tagged(request, {"markets": [plain(each) for each in found]})


@routes.get("/strategies", response_model=StrategiesAnswer)
async def strategies(request: Request, asked: AskedOf) -> Response:
    """List the strategies that can be asked for by name: the engine's own and installed ones."""
    known = await asked.of(known_strategies)
    told: dict[str, Any] = {"strategies": {}, "broken": {}}
    for name, each in known.items():
        if isinstance(each, ConfigError):
            told["broken"][name] = str(each)
        else:
            told["strategies"][name] = {
                "source": each.source,
                "about": each.about,
                "parameters": each.parameters,
            }
    return tagged(request, told)


@routes.get("/strategies/{strategy}", response_model=StrategyAnswer)
async def strategy_shown(
    asked: AskedOf,
    strategy: Annotated[str, Path(max_length=100, examples=["reversion"])],
) -> Response:
    """Show a strategy's parameters; one that is known by its name alone."""

    def find() -> Any:
        known = known_strategies()
        if strategy not in known:  # nobody has code loaded by naming it
            raise NotFoundError(f"no strategy {strategy!r}; there are: {', '.join(known)}")
        return find_strategy(strategy)

    found = await asked.of(find)
    shown = {"strategy": found.strategy_id, "source": found.source, "about": found.about}
    return answer(shown | {"parameters": msgspec.to_builtins(found.parameters)})
