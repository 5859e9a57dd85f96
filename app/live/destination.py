"""Where a live run's orders go: as was said for this run, else as ``alpaca_trading_mode`` says."""

from __future__ import annotations

from dataclasses import dataclass

from app.markets import MarketName
from engine.domain.errors import ConfigError

_VENUES = {
    "sim": MarketName.SIM,
    "shadow": MarketName.PAPER,
    "paper": MarketName.PAPER,
    "live": MarketName.LIVE,
}
"""By trading mode; a shadow run listens where paper trading does, and sends nothing."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A venue, and whether plans become orders there."""

    venue: MarketName
    sends: bool


def destination(
    mode: str, *, is_chosen: bool, venue: str | None = None, shadow: bool = False
) -> Destination:
    """Return where orders go.

    Parameters
    ----------
    mode : str
        Value of ``alpaca_trading_mode``.
    is_chosen : bool
        Whether somebody has set it: a default gives way to what is said for this run.
    venue : str, optional
        As it was said for this run.
    shadow : bool
        Whether it was said for this run that nothing is sent.

    Raises
    ------
    ConfigError
        What was said contradicts the mode that somebody chose.
    """
    is_shadow = mode == "shadow"
    if is_chosen:
        if venue is not None and not is_shadow and venue != _VENUES[mode]:
            raise ConfigError(
                f"alpaca_trading_mode is {mode}, which is {_VENUES[mode]}, and --venue says "
                f"{venue}: leave --venue out, or change the mode"
            )
        if shadow and not is_shadow:
            raise ConfigError(
                f"alpaca_trading_mode is {mode}, which sends orders, and --shadow sends none: "
                "leave --shadow out, or set the mode to shadow"
            )
    chosen = _VENUES[mode] if venue is None else MarketName(venue)
    return Destination(chosen, sends=not (shadow or is_shadow))
