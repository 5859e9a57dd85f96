"""What the day allows, as it is shown."""

from __future__ import annotations

from decimal import Decimal

from engine.decision.governor.day_windows import entries_close_ns, entries_open_ns, flatten_ns
from engine.decision.governor.phase import phase
from engine.decision.governor.standing_commands import StandingCommands
from engine.decision.governor.state import GovernorPhase
from engine.display.frame import Cooling, GovernorRow, Locked
from engine.domain.parameters import Parameters
from engine.hub.books import Books


def shown_standing(standing: StandingCommands, now: GovernorPhase) -> str:
    """Return where a day stands, in the word of what brought it there.

    Facts call all of it ``halted``; whoever has paused it by hand expects to read ``paused``.
    """
    if standing.paused:
        return "paused"
    if standing.stopped:
        return "stopped"
    return "held" if standing.troubles else now.value


def governor_row(
    books: Books, params: Parameters, now: int, equity: Decimal, open_pnl: Decimal
) -> GovernorRow:
    """Return the governor at an instant (UTC ns); ``equity`` has positions at their last prints."""
    state, session, cash = books.governor, books.session, books.ledger.cash
    standing, at = state.standing, phase(books.governor, now, params, books.session)
    target = params.daily_profit_target_percent
    return GovernorRow(
        standing=shown_standing(standing, at),
        phase=at.value,
        paused=standing.paused,
        stopped=standing.stopped,
        equity=equity,
        cash=cash,
        realized_pnl=state.realized_pnl,
        open_pnl=open_pnl,
        exposure=books.equity_point(now, equity).exposure,
        loss_limit=-state.equity * params.daily_loss_limit_percent / 100,
        profit_target=None if target is None else state.equity * target / 100,
        trades=state.trades,
        max_trades=params.max_trades_per_day,
        wins=state.wins,
        max_wins=params.stop_after_wins,
        slots_used=len(state.open_trades),
        slots=params.max_concurrent if params.concurrent_trading else 1,
        entries_from_ns=entries_open_ns(params, session),
        entries_until_ns=entries_close_ns(params, session),
        flatten_ns=flatten_ns(params, session),
        locked=tuple(Locked(symbol, why) for symbol, why in standing.locked),
        cooling=tuple(Cooling(symbol, until) for symbol, until in state.cooldowns if until > now),
        under_way=tuple(
            str(each.command.__struct_config__.tag) for each in standing.underway if each.accepted
        ),
    )
