"""Symbols in what is said under ``/sim``: of a stock that trades on the day that is replayed."""

from __future__ import annotations

from collections.abc import Collection

from engine.domain.errors import ConfigError
from engine.domain.symbols import expect_symbol, near_hint


def traded_symbol(symbol: str, assets: Collection[str]) -> str:
    """Return a symbol that trades that day; ``ConfigError`` names those near it."""
    expect_symbol(symbol, "symbol")
    if symbol not in assets:
        raise ConfigError(f"{symbol} does not trade on this day{near_hint([symbol], assets)}")
    return symbol
