"""``tradectl governor``: what the day allows, and how much of its limits is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.clock import new_york
from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database
from cli.terminal.output import command, emit

if TYPE_CHECKING:
    from app.commands.governor_view import GovernorView

app = typer.Typer(help="See what the day governor allows.", no_args_is_help=True)

SessionName = Annotated[str, typer.Option("--run", help="Session id, its beginning, or 'latest'.")]


@app.callback()
def _group() -> None:
    """Keep ``status`` a command of its own."""


@app.command()
@command
def status(
    run: SessionName = "latest",
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Show phase, limits and their use, locks, cool-downs, windows and the flatten ladder."""
    from app.commands.governor_view import chosen_session, governor_view

    journal, found = chosen_session(database, run)
    view = governor_view(journal.run_id, journal.facts())
    result = {"run_id": journal.run_id, "status": found.standing, **_status(view)}

    def page(console: Console) -> None:
        table = Table(box=None, show_header=False, pad_edge=False)
        for name, value in result.items():
            table.add_row(name.replace("_", " "), Text(_shown(value)))
        console.print(table)

    emit(result, as_json=as_json, page=page, integrity=journal.integrity())


def _status(view: GovernorView) -> dict[str, Any]:
    import msgspec

    from engine.decision import flatten_step
    from engine.decision.day_windows import (
        cancel_entries_ns,
        entries_close_ns,
        entries_open_ns,
        flatten_ns,
        verify_flat_ns,
    )

    state, params, hours = view.state, view.params, view.session
    target = params.daily_profit_target_percent
    return {
        "as_of": new_york(view.now),
        "day": state.day,
        "phase": view.phase,
        "paused": state.standing.paused,
        "stopped": state.standing.stopped,
        "troubles": dict(state.standing.troubles),
        "limits": {
            "trades": {"used": state.trades, "limit": params.max_trades_per_day},
            "wins": {"used": state.wins, "limit": params.stop_after_wins},
            "realized_pnl_usd": {
                "used": state.realized_pnl,
                "loss_limit": -state.equity * params.daily_loss_limit_percent / 100,
                "profit_target": None if target is None else state.equity * target / 100,
            },
        },
        "open_trades": [msgspec.to_builtins(trade) for trade in state.open_trades],
        "locks": dict(state.standing.locked),
        "cooldowns": {
            symbol: new_york(until) for symbol, until in state.cooldowns if until > view.now
        },
        "windows": {
            "entries_from": new_york(entries_open_ns(params, hours)),
            "entries_until": new_york(entries_close_ns(params, hours)),
        },
        "flatten": {
            "step": flatten_step(view.now, params, hours),
            "cancel_entries": new_york(cancel_entries_ns(params, hours)),
            "exit": new_york(flatten_ns(params, hours)),
            "verify": new_york(verify_flat_ns(params, hours)),
            "verified_flat": state.flat,
        },
        "alarms": list(state.alarms),
        "commands_under_way": [msgspec.to_builtins(each) for each in state.standing.underway],
        "params_version": view.history.in_force(view.now).version,
    }


def _shown(value: object) -> str:
    match value:
        case None:
            return "off"
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{key} {_shown(each)}" for key, each in value.items()) or "none"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case list():
            return "; ".join(map(_shown, value)) or "none"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return str(value)
