"""Exchanges and conditions of option prints, by the letters of OPRA's messages."""

from __future__ import annotations

from starlette.requests import Request

from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.refusal import Refused

_EXCHANGES = {
    "A": "NYSE American Options",
    "B": "BOX Options",
    "C": "Cboe Options",
    "D": "MIAX Emerald Options",
    "E": "Cboe EDGX Options",
    "H": "Nasdaq GEMX Options",
    "I": "Nasdaq ISE Options",
    "J": "Nasdaq MRX Options",
    "M": "MIAX Options",
    "N": "NYSE Arca Options",
    "P": "MIAX Pearl Options",
    "Q": "Nasdaq Options",
    "S": "MIAX Sapphire Options",
    "T": "Nasdaq BX Options",
    "U": "MEMX Options",
    "W": "Cboe C2 Options",
    "X": "Nasdaq PHLX Options",
    "Z": "Cboe BZX Options",
}
_TRADES = {
    "I": "AUTO - Electronic Trade",
    "S": "ISOI - Intermarket Sweep Order",
    "a": "SLAN - Single Leg Auction Non ISO",
    "b": "SLAI - Single Leg Auction ISO",
    "c": "SLCN - Single Leg Cross Non ISO",
    "d": "SLCI - Single Leg Cross ISO",
    "e": "SLFT - Single Leg Floor Trade",
    "f": "MLET - Multi Leg Electronic Trade",
    "g": "MLAT - Multi Leg Auction",
    "h": "MLCT - Multi Leg Cross",
    "i": "MLFT - Multi Leg Floor Trade",
}
_QUOTES = {"R": "Regular Trading", "F": "Non-Firm Quote", "T": "Trading Halted"}
"""The most usual ones: no print or quote of an option is ever told here."""


def exchanges(request: Request, visit: Visit) -> dict[str, str]:  # noqa: ARG001
    """Answer ``/v1beta1/options/meta/exchanges``."""
    return _EXCHANGES


def conditions(request: Request, visit: Visit) -> dict[str, str]:  # noqa: ARG001
    """Answer ``/v1beta1/options/meta/conditions/{ticktype}``."""
    kind: str = request.path_params["ticktype"]
    if kind not in ("trade", "quote"):
        raise Refused(400, f"invalid ticktype: {kind}")
    return _TRADES if kind == "trade" else _QUOTES
