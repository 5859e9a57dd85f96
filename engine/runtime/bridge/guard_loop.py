"""Once a second and after each event: what the guardian finds due is carried out."""

from __future__ import annotations

from collections.abc import Iterable

from engine.domain.candidate import StrategyFailure
from engine.domain.strategy import MoveStop, RequestExit
from engine.hub.actions import (
    Action,
    CancelEntry,
    RefuseMove,
    ReportDelay,
    RepriceTarget,
    SendExit,
    SwitchOff,
)
from engine.hub.attendant import Attendant
from engine.hub.books import LiveTrade
from engine.hub.desk import Desk
from engine.hub.guardian import Guardian
from engine.runtime.bridge.order_commands import OrderCommands
from engine.runtime.bridge.venue_view import VenueView


class GuardLoop:
    """Asks attendant and guardian what is due, and has it done.

    Parameters
    ----------
    desk : Desk
    guardian : Guardian
        Of the desk's books.
    view : VenueView
    commands : OrderCommands
    attendant : Attendant or None
        Who may give commands.
    """

    def __init__(
        self,
        desk: Desk,
        guardian: Guardian,
        view: VenueView,
        commands: OrderCommands,
        attendant: Attendant | None,
    ) -> None:
        self._desk = desk
        self._guardian = guardian
        self._view = view
        self._commands = commands
        self._attendant = attendant

    def look(self, now: int) -> None:
        """Look after everything at a whole second (UTC ns)."""
        desk = self._desk
        for received in self._attendant.commands(now) if self._attendant else ():
            desk.command(received, now)
        if not now % desk.books.history.at(now).bucket_ns:
            desk.recorder.note_phase(now)
        for trade in list(desk.books.trades.values()):
            due = self._guardian.due(trade, self._view.trade(trade), now)
            self._carry_out(trade, due, now)
        if self._guardian.must_verify(now):
            desk.verify(self._view.live_symbols(), now)

    def protect(self, trade: LiveTrade, now: int) -> None:
        """See after an event of its orders that a trade is not left without a way out."""
        due = self._guardian.protection_due(trade, self._view.trade(trade), now)
        self._carry_out(trade, due, now)

    def may_rest(self, ts: int) -> bool:
        """Say whether a look at an instant to come would find nothing to do."""
        at_bucket = not ts % self._desk.books.history.at(ts).bucket_ns
        if at_bucket and self._attendant is not None and self._attendant.is_due(ts):
            return False
        return self._guardian.is_quiet(ts, self._view.orders)

    def _carry_out(self, trade: LiveTrade, actions: Iterable[Action], now: int) -> None:
        desk, commands, plan = self._desk, self._commands, trade.plan
        due = list(actions)
        if due:
            desk.settle()
        for action in due:
            match action:
                case RequestExit(reason):
                    desk.exits.request(trade, reason, now)
                case CancelEntry():
                    commands.cancel_entry(plan, now)
                case MoveStop(price):
                    commands.move_stop(plan, price, now)
                case RepriceTarget(price):
                    commands.reprice_target(plan, price, now)
                case SendExit(number, shares):
                    desk.books.exit_sent(trade, number)
                    commands.send_exit(plan, shares, number, now)
                case RefuseMove(command_id, why):
                    desk.refuse_move(command_id, why, now)
                case ReportDelay(why, is_stuck):
                    desk.exits.note_delay(trade, why, now, is_stuck=is_stuck)
                case SwitchOff(strategy_id, why):
                    desk.incidents.strategy_failed(StrategyFailure(now, strategy_id, why), now)
