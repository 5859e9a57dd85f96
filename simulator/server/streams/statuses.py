"""Halts, resumes and price bands in the codes of a symbol's tape."""

from __future__ import annotations

from typing import Any

from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.market_data.status import TradingStatus
from simulator.market_data.history.row_facts import told_tape

_CODES = {
    ("AB", True): ("2", "Trading Halt"),
    ("AB", False): ("3", "Resume"),
    ("CO", True): ("H", "Trading Halt"),
    ("CO", False): ("T", "Trading Resumption"),
}
_REASONS = {
    "LUDP": "Volatility Trading Pause",
    "M": "LULD Trading Pause",
    "T1": "Halt News Pending",
    "T2": "Halt News Dissemination",
    "T5": "Single Stock Trading Pause In Effect",
    "T12": "Information requested by NASDAQ",
    "MWC1": "Market Wide Circuit Breaker Level 1",
    "MWC2": "Market Wide Circuit Breaker Level 2",
    "MWC3": "Market Wide Circuit Breaker Level 3",
}


def band_message(symbol: str, limit_down: int, limit_up: int, tape: str, ts: int) -> dict[str, Any]:
    """Return a limit-up limit-down band, 1e-6 USD, as the stream tells it."""
    return {
        "T": "l",
        "S": symbol,
        "u": limit_up / PRICE_SCALE,
        "d": limit_down / PRICE_SCALE,
        "i": "B",
        "t": ts,
        "z": told_tape(tape),
        "r": ts,
    }


def status_message(status: TradingStatus, tape: str) -> dict[str, Any]:
    """Return a status as the stream tells it, with its arrival under ``r``."""
    letter = told_tape(tape)
    code, text = _CODES["AB" if letter in "ABN" else "CO", status.halted]
    return {
        "T": "s",
        "S": status.symbol,
        "sc": code,
        "sm": text,
        "rc": status.reason,
        "rm": _REASONS.get(status.reason, status.reason),
        "t": status.ts_event,
        "z": letter,
        "r": status.ts_init,
    }
