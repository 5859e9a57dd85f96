"""Where a live run's orders go: as was said for this run, else as ``alpaca_trading_mode`` says."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from app.markets import MarketName
from app.runs.engine_runs import is_engine_run
from engine.domain.errors import ConfigError
from engine.domain.facts import RunStarted
from engine.domain.parameters.versions import desk_history
from store import Journals

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


def resumed_destination(
    journals: Journals, run_id: str | None, *, venue: str | None = None, shadow: bool = False
) -> Destination | None:
    """Return where the orders of a live run go that may go on; None if there is none.

    For when the parameter desk cannot be believed: the run itself says with what it began.

    Parameters
    ----------
    run_id : str or None
        None for the one that was begun last.
    venue, shadow
        As they were said for this run.
    """
    for run in journals.runs():
        is_meant = run_id in {None, run.run_id} and is_engine_run(run.run_id)
        if not is_meant or not (run.may_go_on or run.is_quarantined):
            continue
        # the two facts that every run begins with
        begun = [fact.payload for fact in islice(journals.open(run.run_id).facts(), 2)]
        own, first = desk_history(begun), begun[0] if begun else None
        if own is None or not isinstance(first, RunStarted) or first.fills not in {*MarketName}:
            continue
        is_shadow = own.first.alpaca_trading_mode == "shadow"
        return Destination(MarketName(venue or first.fills), sends=not (shadow or is_shadow))
    return None
