"""Why trades are to be closed from above their brackets, as facts."""

from __future__ import annotations

from engine.domain.account import ACCELERATION, TradingAccount
from engine.domain.facts import Alarm, AlarmRaised, ExitReason, ExitRequested
from engine.domain.order_names import trade_name
from engine.domain.session import NANOS_PER_SECOND
from engine.hub.books import Books, LiveTrade
from engine.hub.recorder import Recorder


class Exits:
    """Records what asks for an exit, and which exits take too long.

    Parameters
    ----------
    recorder : Recorder
    books : Books
        Of the same run.
    account : TradingAccount
        Whose shares these are.
    """

    def __init__(self, recorder: Recorder, books: Books, account: TradingAccount) -> None:
        self._recorder = recorder
        self._books = books
        self._account = account

    def request(self, trade: LiveTrade, reason: ExitReason, ts: int) -> None:
        """Record why a trade is to be closed from above its bracket.

        The first reason stays, unless somebody closes it by hand meanwhile.
        """
        by_hand = ExitReason.CLOSED_BY_HAND
        if trade.exit_reason is None or (reason is by_hand and trade.exit_reason is not by_hand):
            plan = trade.plan
            request = ExitRequested(
                plan.trade_id, plan.strategy_id, plan.symbol, plan.venue, plan.account, reason
            )
            self._recorder.record(request, ts, trade_id=plan.trade_id)

    def request_left_behind(self, trade_id: str, symbol: str, reason: ExitReason, ts: int) -> None:
        """Record why shares are to be sold that another run has bought."""
        named = trade_name(trade_id)
        strategy_id = ACCELERATION if named is None else named.strategy_id
        venue, account = self._account.venue, self._account.name
        request = ExitRequested(trade_id, strategy_id, symbol, venue, account, reason)
        self._recorder.record(request, ts, trade_id=trade_id)

    def note_delay(self, trade: LiveTrade, why: str, ts: int, *, is_stuck: bool = False) -> None:
        """Raise an alarm, once, for a trade that should be closed: late, or when it is stuck."""
        if trade.ts_exit is None or trade.has_alarm:
            return
        late_secs = (ts - trade.ts_exit) // NANOS_PER_SECOND
        if is_stuck or late_secs >= self._books.history.at(ts).flatten_verify_seconds:
            plan = trade.plan
            detail = f"{plan.symbol} is open {late_secs} s after {trade.exit_reason}: {why}"
            alarm = AlarmRaised(Alarm.EXIT_HELD_UP, detail)
            self._recorder.record(alarm, ts, trade_id=plan.trade_id)
