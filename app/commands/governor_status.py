"""What a run's governor allows, and how much of its limits is used, as doors show it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from app.clock import new_york
from app.commands.governor_view import GovernorView, chosen_session, governor_view, resumed_by
from engine.decision import GovernorPhase, OpenTrade, flatten_step
from engine.decision.governor.day_windows import (
    cancel_entries_ns,
    entries_close_ns,
    entries_open_ns,
    flatten_ns,
    verify_flat_ns,
)
from engine.display.governor import shown_standing
from engine.journal import Integrity
from store import JournalRun


class StrategyStatus(msgspec.Struct, frozen=True):
    """A strategy of the run; ``weight`` is its share among those that are on, 0 while it is off."""

    strategy_id: str
    is_on: bool
    has_failed: bool
    weight: float


class GovernorStatus(msgspec.Struct, frozen=True):
    """The governor as of the last fact of its run; times are New York's.

    Attributes
    ----------
    status : str
        Of the run, as ``Running``.
    goes_on : bool
        Whether it takes commands: it runs, or can be resumed.
    standing : str
        Where the day stands: ``paused``, ``stopped`` or ``held``, else its phase; facts call the
        first three ``halted``.
    remedy : str
        What allows entries again that somebody has stopped; empty while nobody has, and where the
        run has ended.
    troubles, locks : dict of str to str
        Why entries are held; who locked which symbol.
    limits : dict
        How much of each is used; amounts in USD, ``None`` where a limit is off.
    strategies : list of StrategyStatus
        In order of precedence, by the newest word on them.
    """

    run_id: str
    status: str
    goes_on: bool
    as_of: str
    day: str
    standing: str
    phase: GovernorPhase
    paused: bool
    stopped: bool
    remedy: str
    troubles: dict[str, str]
    limits: dict[str, dict[str, int | Decimal | None]]
    open_trades: list[OpenTrade]
    locks: dict[str, str]
    cooldowns: dict[str, str]
    windows: dict[str, str]
    flatten: dict[str, Any]
    alarms: list[str]
    commands_under_way: list[Any]
    params_version: int
    strategies: list[StrategyStatus]
    ensemble_version: int


def governor_status(database: str, run: str) -> tuple[GovernorStatus, Integrity]:
    """Return what the governor of a run allows, and how far the run's journal holds.

    Raises
    ------
    NotFoundError
        There is no such database or session, or no day has started in it.
    ConfigError
        Several sessions begin like that.
    """
    journal, found = chosen_session(database, run)
    view = governor_view(journal.run_id, journal.facts())
    return _status(found, view), journal.stored.integrity()


def _status(run: JournalRun, view: GovernorView) -> GovernorStatus:
    state, params, hours = view.state, view.params, view.session
    target = params.daily_profit_target_percent
    return GovernorStatus(
        run_id=run.run_id,
        status=run.standing,
        goes_on=run.may_go_on,
        as_of=new_york(view.now),
        day=state.day,
        standing=shown_standing(state.standing, view.phase),
        phase=view.phase,
        paused=state.standing.paused,
        stopped=state.standing.stopped,
        remedy=resumed_by(paused=state.standing.paused, stopped=state.standing.stopped)
        if run.may_go_on
        else "",
        troubles=dict(state.standing.troubles),
        limits={
            "trades": {"used": state.trades, "limit": params.max_trades_per_day},
            "wins": {"used": state.wins, "limit": params.stop_after_wins},
            "realized_pnl_usd": {
                "used": state.realized_pnl,
                "loss_limit": -state.equity * params.daily_loss_limit_percent / 100,
                "profit_target": None if target is None else state.equity * target / 100,
            },
        },
        open_trades=list(state.open_trades),
        locks=dict(state.standing.locked),
        cooldowns={
            symbol: new_york(until) for symbol, until in state.cooldowns if until > view.now
        },
        windows={
            "entries_from": new_york(entries_open_ns(params, hours)),
            "entries_until": new_york(entries_close_ns(params, hours)),
        },
        flatten={
            "step": flatten_step(view.now, params, hours),
            "cancel_entries": new_york(cancel_entries_ns(params, hours)),
            "exit": new_york(flatten_ns(params, hours)),
            "verify": new_york(verify_flat_ns(params, hours)),
            "verified_flat": state.flat,
        },
        alarms=list(state.alarms),
        commands_under_way=list(state.standing.underway),
        params_version=view.history.in_force(view.now).version,
        strategies=[
            StrategyStatus(
                each.strategy_id,
                each.is_on,
                each.strategy_id in view.failed,
                view.ensemble.weight(each.strategy_id) if each.is_on else 0.0,
            )
            for each in view.ensemble.members
        ],
        ensemble_version=view.ensemble.version,
    )
