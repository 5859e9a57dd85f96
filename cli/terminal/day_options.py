"""Options of every command that goes through a market day."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from app.narrowing import parse_letters
from cli.terminal.data_warnings import say_warnings
from cli.terminal.narrowing import Letters, Symbols, Workers, parse_symbols
from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    AsJson,
    CatalogPath,
    ParamsFile,
    SetParams,
    StrategyNames,
    Weights,
)
from cli.terminal.output import say
from engine.domain.errors import TradectlError
from engine.domain.parameters import parameter_name

if TYPE_CHECKING:
    from datetime import date

    from app.strategies import Hosted
    from catalog import Catalog
    from catalog.warnings import DayWarning
    from engine.domain.parameters import Parameters


class EngineName(StrEnum):
    """Engines by the name they are asked for."""

    PRUNED = "pruned"
    FULL = "full"


class FillsName(StrEnum):
    """Steps of the fill assumptions by the name they are asked for."""

    OPTIMISTIC = "optimistic"
    BASE = "base"
    PESSIMISTIC = "pessimistic"


class SimFills(StrEnum):
    """How orders fill at the simulator, by the name it is asked for."""

    OPTIMISTIC = "optimistic"
    BASE = "base"
    PESSIMISTIC = "pessimistic"
    NBBO = "nbbo"
    SIZE_LIMITED = "size_limited"
    PAPER = "paper"
    """The name that ``nbbo`` had in earlier versions."""


StoredDay = Annotated[
    str | None, typer.Option("--date", help="A stored New York date; the last one by default.")
]
Engine = Annotated[
    EngineName,
    typer.Option("--engine", help="full replays every tick; pruned gives the same, sooner."),
]
_ASSUMED = (
    "How orders fill. optimistic: at once, a target when touched. base: 50 ms late, a target when "
    "somebody trades there. pessimistic: 250 ms late, with slippage, targets last in the queue."
)
"""What each of the fill assumptions means, for the help of a command."""

Fills = Annotated[FillsName, typer.Option("--fills", metavar="NAME", help=_ASSUMED)]
SimulatedFills = Annotated[
    SimFills,
    typer.Option(
        "--fills",
        metavar="NAME",
        help=f"{_ASSUMED} nbbo: at the best bid or offer, one order in ten in parts, as in "
        "Alpaca's paper accounts. size_limited: no more shares than the quote shows.",
    ),
]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Scan again even if the same scan is kept.")
]


def _say_others(desk: str, parameters: Parameters, chosen: set[str]) -> None:
    """Say which values hold at the parameter desk instead of defaults that are gone by."""
    from app.figures import shown_value
    from app.parameters.desk_values import others_at_desk

    try:
        others = others_at_desk(desk, parameters)
    except TradectlError as error:
        say(f"the parameter desk cannot be read, the defaults hold here: {error}")
        return
    named = [f"{name} {shown_value(others[name])}" for name in others if name not in chosen]
    if named:
        say(
            f"the defaults hold here; 'tradectl params' has other values: {', '.join(named)}; "
            "to take those: --params desk"
        )


@dataclass(frozen=True, kw_only=True)
class MarketOptions:
    """What of the market is looked at."""

    letters: Letters = None
    symbols: Symbols = None
    catalog: CatalogPath = DEFAULT_CATALOG

    @property
    def only_letters(self) -> tuple[str, ...]:
        """The letters asked for, none for all; ``ConfigError`` if they are written otherwise."""
        return parse_letters(self.letters)

    @property
    def only_symbols(self) -> tuple[str, ...]:
        """The symbols asked for, none for all; ``ConfigError`` if there are none in the list."""
        return parse_symbols(self.symbols)

    def warnings(self, stored: Catalog, *days: date) -> tuple[DayWarning, ...]:
        """Return what is doubtful about the data asked for, and say it on stderr.

        ``NotFoundError`` where no trade of the symbols is stored for these days.
        """
        from app.backtest.asked_data import asked_data

        found = asked_data(stored, days, self.only_letters, self.only_symbols)
        say_warnings(found)
        return found


@dataclass(frozen=True, kw_only=True)
class StrategyOptions:
    """Which strategies trade, with what weight, and under which parameters."""

    params: ParamsFile = None
    set_params: SetParams = None
    strategy: StrategyNames = None
    weight: Weights = None

    def parameters(self, database: str | None = None) -> Parameters:
        """Return the defaults, changed by file and settings; ``ConfigError`` if they are wrong.

        Where the parameter desk of the database holds others and neither a file nor ``desk`` is
        asked for, a line on stderr says so.
        """
        from app.parameters.desk_values import asked_parameters

        settings = self._settings(of_strategies=False)
        desk = database or os.environ.get("TRADECTL_DATABASE") or DEFAULT_DATABASE
        parameters = asked_parameters(self.params, settings, desk)
        if self.params is None:
            chosen = {parameter_name(each.partition("=")[0]) for each in settings}
            _say_others(desk, parameters, chosen)
        return parameters

    def hosted(self) -> Hosted:
        """Return the strategies asked for; ``ConfigError`` if one of them is wrong."""
        from app.parameters.file import changed_values
        from app.strategies import hosted
        from app.strategies.weights import weights_of

        values = changed_values(self._settings(of_strategies=True))
        return hosted(self.strategy or (), weights_of(self.weight or ()), values)

    @property
    def sets_parameters(self) -> bool:
        """Whether a parameter of the account is set, not only those of strategies."""
        return bool(self._settings(of_strategies=False))

    def _settings(self, *, of_strategies: bool) -> list[str]:
        return [
            each
            for each in self.set_params or ()
            if ("." in each.partition("=")[0]) == of_strategies
        ]


@dataclass(frozen=True, kw_only=True)
class DayOptions(StrategyOptions, MarketOptions):
    """What of a day is looked at, and what trades it."""

    as_json: AsJson = False


@dataclass(frozen=True, kw_only=True)
class ScanOptions(DayOptions):
    """The same, where the day is scanned beforehand."""

    workers: Workers = 2
