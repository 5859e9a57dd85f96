"""A backtest that somebody orders from another process: what to run, checked, and how it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from app.backtest.run import Request, backtest_run
from app.backtest.stored_days import stored_day, stored_days
from app.narrowing import parse_letters, parse_usd
from app.parameters.desk_values import DESK, asked_parameters
from app.parameters.file import load_parameters
from app.strategies import hosted, known_strategies
from app.symbol_list import typed_symbols
from catalog import Catalog
from engine.domain.errors import ConfigError
from engine.domain.markets.fill_assumptions import FILL_ASSUMPTIONS
from engine.domain.parameters import parameters_from
from engine.runtime import Engine
from store import RunLabels


class BacktestOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of ``tradectl backtest``, as a form has them.

    Attributes
    ----------
    start, end : str or None
        First and last New York date; the last stored one without both.
    values : dict
        Parameters that are not the defaults, those of a strategy as ``NAME.key``.
    from_desk : bool
        Begin from the values that hold at the parameter desk, not from the defaults.
    strategies : tuple of str
        By name; acceleration alone without any.
    weights : dict of str to float
        1 unless given.
    letters, symbols : str
        ``A-C`` and ``AAPL,MSFT``; all where both are empty.
    balance : str
        USD that the account starts with.
    """

    start: str | None = None
    end: str | None = None
    values: dict[str, Any] = {}
    from_desk: bool = False
    strategies: tuple[str, ...] = ()
    weights: dict[str, float] = {}
    letters: str = ""
    symbols: str = ""
    engine: str = "pruned"
    fills: str = "base"
    ladder: bool = False
    balance: str = "100000"
    refresh: bool = False
    name: str | None = None
    tags: tuple[str, ...] = ()


class BacktestPlaces(msgspec.Struct, frozen=True):
    """Where an ordered backtest reads and writes."""

    catalog: str
    runs: str
    database: str


def checked_order(order: BacktestOrder, places: BacktestPlaces) -> Request:
    """Return what an order comes to.

    Raises
    ------
    ConfigError
        Something of it is wrong, or a strategy is none that is known by its name: no code is loaded
        because somebody named it.
    NotFoundError
        A day or the catalog is not stored.
    """
    known = known_strategies()
    for name in order.strategies:
        if name not in known:
            raise ConfigError(f"no strategy {name!r}; there are: {', '.join(known)}")
    if order.engine not in list(Engine):
        raise ConfigError(f"engine {order.engine!r}: expected {' or '.join(Engine)}")
    if order.fills not in FILL_ASSUMPTIONS:
        raise ConfigError(f"fills {order.fills!r}: expected {', '.join(FILL_ASSUMPTIONS)}")
    catalog = Catalog.open(places.catalog)
    own = {key: value for key, value in order.values.items() if "." not in key}
    held = asked_parameters(DESK, (), places.database) if order.from_desk else load_parameters(None)
    try:
        parameters = parameters_from(held.model_dump(mode="json") | own)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    of_strategies = {key: value for key, value in order.values.items() if "." in key}
    days = (
        tuple(stored_days(catalog, order.start, order.end, lambda _: None))
        if order.start or order.end
        else (stored_day(catalog, None),)
    )
    request = Request(
        days=days,
        params=parameters,
        changes=(),
        engine=order.engine,
        fills=order.fills,
        ladder=order.ladder,
        balance=parse_usd(order.balance),
        letters=parse_letters(order.letters) if order.letters else (),
        symbols=typed_symbols(order.symbols),
        workers=1,
        refresh=order.refresh,
        catalog=places.catalog,
        hosted=hosted(order.strategies, order.weights, of_strategies),
        labels=RunLabels.given(order.name, order.tags),
    )
    request.hosted.expect_fit(parameters)
    return request


def run_order(order: BacktestOrder, places: BacktestPlaces, progress: Any) -> dict[str, Any]:
    """Run an order and return what came of it; raises as ``checked_order`` and ``backtest_run``."""
    request = checked_order(order, places)
    run, view = backtest_run(Catalog.open(places.catalog), Path(places.runs), request, progress)
    return {
        "run_id": run.run_id,
        "status": str(run.manifest.status),
        "note": run.manifest.note,
        "warnings": list(view.manifest["warnings"]),
    }
