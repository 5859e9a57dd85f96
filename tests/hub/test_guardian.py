"""What the guardian finds due for a trade, given nothing but values: no engine, no venue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

import pytest
from msgspec.structs import replace

from engine.domain.bracket import BracketPlan
from engine.domain.candidate import Side
from engine.domain.errors import ConfigError, StrategyError
from engine.domain.facts import ExitReason, OrderFilled, OrderRole
from engine.domain.order_names import order_id
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.strategy import HOLD, ActiveTrade, MoveStop, Reaction, RequestExit
from engine.hub import Desk
from engine.hub.actions import (
    Action,
    CancelEntry,
    ReportDelay,
    RepriceTarget,
    SendExit,
    SwitchOff,
)
from engine.hub.guardian import Guardian
from engine.hub.hosted import HostedStrategies
from engine.hub.trade_view import OrderView, TradeOrders, TradeView
from engine.journal import MemoryJournal
from strategies import Acceleration
from tests.runtime.stage import HOURS, TEN, at, plan

LONG = plan()
RESTING = OrderView(is_open=True, is_inflight=False, is_closed=False, price=None)
CHANGING = OrderView(is_open=True, is_inflight=True, is_closed=False, price=None)
SLEEPING = OrderView(is_open=False, is_inflight=False, is_closed=False, price=None)
OVER = OrderView(is_open=False, is_inflight=False, is_closed=True, price=None)
STOP = replace(RESTING, price=Decimal("98.50"))
TARGET = replace(RESTING, price=Decimal("103.00"))
OPEN = TradeView(TradeOrders(OVER, STOP, TARGET, None), Decimal(100), is_halted=False)
ENTERING = replace(OPEN, orders=TradeOrders(RESTING, SLEEPING, SLEEPING, None))
REFUSED = ReportDelay("its exit is refused: busy", is_stuck=False)
WAITING = ReportDelay("its exit is not filled", is_stuck=False)
CROSSED = RepriceTarget(Decimal("98.00"))


def stage(
    *plans: BracketPlan, filled: bool = True, strategies: Sequence[Acceleration] = ()
) -> tuple[Desk, Guardian]:
    """Return a desk whose plans were sent at 0 s and filled at once, and its guardian."""
    history = ParameterHistory(parameters_from({}, ["flatten_by=15:55"]))
    desk = Desk(history, MemoryJournal(), Decimal(100_000))
    desk.start_day(HOURS, "0" * 64, HOURS.open_ns)
    for each in plans:
        desk.plans([each], TEN, TEN)
        if filled:
            desk.order_event(_entered(each), TEN, TEN)
    return desk, Guardian(
        desk.books, HostedStrategies(strategies or [Acceleration()]), desk.instruments
    )


def seen(**orders: OrderView | None) -> TradeView:
    """Return an open trade's view with other orders."""
    return replace(OPEN, orders=replace(OPEN.orders, **orders))


@dataclass(frozen=True, kw_only=True)
class Case:
    """A trade, what is seen of it at a second, and what is due."""

    name: str
    plan: BracketPlan = LONG
    filled: bool = True
    leaving: ExitReason | None = None
    view: TradeView = OPEN
    second: float = 30
    due: Sequence[Action]


CASES = (
    Case(name="a trade that may stay is left alone", due=[]),
    Case(
        name="the time stop re-prices the target and leaves the stop",
        second=60,
        due=[RequestExit(ExitReason.TIME_STOP), CROSSED],
    ),
    Case(
        name="a short leaves above the market",
        plan=plan(side=Side.SHORT, target="97.00", stop="101.60"),
        view=seen(target=replace(RESTING, price=Decimal("97.00"))),
        second=60,
        due=[RequestExit(ExitReason.TIME_STOP), RepriceTarget(Decimal("102.00"))],
    ),
    Case(
        name="without a target a market order leaves for all that is held",
        view=seen(target=OVER),
        second=60,
        due=[RequestExit(ExitReason.TIME_STOP), SendExit(1, Decimal(40))],
    ),
    Case(
        name="an exit that is on its way is not sent twice",
        leaving=ExitReason.TIME_STOP,
        view=seen(target=OVER, exit=CHANGING),
        due=[WAITING],
    ),
    Case(
        name="a target that crosses the market already is left to fill",
        leaving=ExitReason.TIME_STOP,
        view=seen(target=replace(RESTING, price=Decimal("98.00"))),
        due=[WAITING],
    ),
    Case(
        name="a target whose change is on its way is not changed again",
        leaving=ExitReason.TIME_STOP,
        view=seen(target=replace(CHANGING, price=Decimal("103.00"))),
        due=[WAITING],
    ),
    Case(
        name="nothing is sent into a halt",
        leaving=ExitReason.TIME_STOP,
        view=replace(OPEN, is_halted=True),
        due=[ReportDelay("halted", is_stuck=False)],
    ),
    Case(
        name="a stop that is gone closes the trade",
        view=seen(stop=OVER),
        due=[RequestExit(ExitReason.PROTECTION_LOST), CROSSED],
    ),
    Case(
        name="a stop the venue has never heard of closes it, too, before the clock is asked",
        view=seen(stop=None),
        second=60,
        due=[RequestExit(ExitReason.PROTECTION_LOST), CROSSED],
    ),
    Case(
        name="while a trade leaves, its stop may be gone",
        leaving=ExitReason.TIME_STOP,
        view=seen(stop=OVER),
        due=[CROSSED, WAITING],
    ),
    Case(name="an entry may wait for a bucket", filled=False, view=ENTERING, second=5, due=[]),
    Case(
        name="an entry that waits for longer is cancelled",
        filled=False,
        view=ENTERING,
        second=6,
        due=[CancelEntry()],
    ),
    Case(
        name="an entry whose cancel is on its way is not cancelled again",
        filled=False,
        view=replace(ENTERING, orders=replace(ENTERING.orders, entry=CHANGING)),
        second=6,
        due=[],
    ),
    Case(
        name="a stop trails",
        plan=plan(trailing="1", max_hold=600),
        view=replace(OPEN, last_price=Decimal(102)),
        due=[MoveStop(Decimal("100.98"))],
    ),
    Case(
        name="a stop whose change is on its way waits for the next second",
        plan=plan(trailing="1", max_hold=600),
        view=replace(seen(stop=replace(STOP, is_inflight=True)), last_price=Decimal(102)),
        due=[],
    ),
    Case(
        name="a market that has fallen through the trailed stop closes the trade",
        plan=plan(trailing="1", max_hold=600),
        due=[RequestExit(ExitReason.TRAILING_STOP), CROSSED],
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_due(case: Case) -> None:
    desk, guardian = stage(case.plan, filled=case.filled)
    (trade,) = desk.books.trades.values()
    if case.plan.trailing_stop_percent is not None:
        desk.books.printed("ABC", 102_000_000)
    if case.leaving is not None:
        desk.exits.request(trade, case.leaving, at(1))
    now = at(case.second)
    facts = desk.books.facts

    assert [*guardian.due(trade, case.view, now)] == [*case.due]
    assert desk.books.facts == facts
    is_watched = case.plan.trailing_stop_percent is not None
    may_rest = guardian.is_quiet(now, lambda _: case.view.orders)
    cancelled = case.filled or case.second == 5
    assert may_rest == (not case.due and not is_watched and cancelled)


def test_a_refused_exit_waits_longer_each_time_and_one_that_is_taken_clears_it() -> None:
    desk, guardian = stage(plan())
    (trade,) = desk.books.trades.values()
    name, leg = trade.plan.trade_id, OrderRole.TAKE_PROFIT
    guardian.exit_answered(name, leg, "unasked for", at(1))
    assert guardian.due(trade, OPEN, at(1)) == ()
    desk.exits.request(trade, ExitReason.OPERATOR, at(1))
    assert guardian.due(trade, OPEN, at(1)) == (CROSSED, WAITING)

    for _ in range(2):
        guardian.exit_answered(name, leg, "busy", at(2))
    assert guardian.due(trade, OPEN, at(2)) == (REFUSED,)
    assert guardian.due(trade, OPEN, at(3)) == (CROSSED, REFUSED)
    guardian.exit_answered(name, OrderRole.STOP_LOSS, "another leg", at(3))
    assert guardian.due(trade, OPEN, at(3)) == (CROSSED, REFUSED)
    guardian.exit_answered(name, OrderRole.EXIT, "busy", at(3))
    assert guardian.due(trade, OPEN, at(4)) == (replace(REFUSED, is_stuck=True),)
    guardian.exit_answered(name, leg, None, at(4))
    assert guardian.due(trade, OPEN, at(4)) == (CROSSED, WAITING)


def test_after_an_event_a_trade_is_closed_that_has_no_way_out_left() -> None:
    desk, guardian = stage(plan())
    (trade,) = desk.books.trades.values()
    lost = RequestExit(ExitReason.PROTECTION_LOST)
    assert guardian.protection_due(trade, OPEN, at(60)) == ()
    assert guardian.protection_due(trade, seen(target=OVER), at(1)) == ()
    assert guardian.protection_due(trade, seen(stop=OVER), at(1)) == (lost, CROSSED)

    desk.exits.request(trade, ExitReason.TIME_STOP, at(60))
    assert guardian.protection_due(trade, seen(stop=OVER), at(60)) == ()
    leaving = (RequestExit(ExitReason.TIME_STOP), SendExit(1, Decimal(40)))
    assert guardian.protection_due(trade, seen(target=OVER), at(60)) == leaving


class Leaver(Acceleration):
    """Closes whatever it is shown, and remembers what that was."""

    def __init__(self, name: str) -> None:
        self.strategy_id = name
        self.shown: list[str] = []

    def watches(self, plan: BracketPlan) -> bool:
        """Watch every trade."""
        del plan
        return True

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Close it."""
        del now
        self.shown.append(trade.plan.symbol)
        return RequestExit(ExitReason.OPERATOR)


class Keeper(Leaver):
    """Leaves whatever it is shown."""

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Leave it."""
        super().react(trade, now)
        return HOLD


def test_no_strategy_is_shown_a_trade_of_another_nor_closes_it() -> None:
    keeper, leaver = Keeper("keeper"), Leaver("leaver")
    plans = [
        replace(plan(symbol=symbol), strategy_id=name)
        for symbol, name in (("ABC", "keeper"), ("XYZ", "leaver"), ("QRS", "gone"))
    ]
    desk, guardian = stage(*plans, strategies=[keeper, leaver])
    mine, other, nobodys = desk.books.trades.values()

    assert guardian.due(mine, OPEN, at(30)) == ()
    assert guardian.due(other, OPEN, at(30)) == (RequestExit(ExitReason.OPERATOR), CROSSED)
    assert (keeper.shown, leaver.shown) == (["ABC"], ["XYZ"])
    assert guardian.due(nobodys, OPEN, at(30)) == ()
    assert guardian.due(nobodys, OPEN, at(60)) == (RequestExit(ExitReason.TIME_STOP), CROSSED)


class Wrong(Leaver):
    """Answers what nobody can do, or raises."""

    def __init__(self, answer: object) -> None:
        super().__init__("wrong")
        self.answer = answer

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Do so."""
        super().react(trade, now)
        if isinstance(self.answer, Exception):
            raise self.answer
        return cast("Reaction", self.answer)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (ZeroDivisionError("of its own"), "ZeroDivisionError: of its own"),
        (StrategyError("wrong", "its process ended"), "its process ended"),
        (None, "it answered None about a trade"),
        (MoveStop(Decimal("NaN")), "it answered MoveStop(price=Decimal('NaN')) about a trade"),
        (
            RequestExit(cast("ExitReason", "now")),
            "it answered RequestExit(reason='now') about a trade",
        ),
    ],
)
def test_a_strategy_that_goes_wrong_over_a_trade_is_switched_off_and_the_clock_ends_the_trade(
    answer: object, why: str
) -> None:
    wrong = Wrong(answer)
    desk, guardian = stage(replace(LONG, strategy_id="wrong"), strategies=[wrong])
    (trade,) = desk.books.trades.values()
    assert guardian.due(trade, OPEN, at(30)) == (SwitchOff("wrong", why),)
    assert guardian.due(trade, OPEN, at(31)) == ()
    assert wrong.shown == ["ABC"]
    assert guardian.due(trade, OPEN, at(60)) == (RequestExit(ExitReason.TIME_STOP), CROSSED)


def test_strategies_have_names_of_their_own_and_known_parameters() -> None:
    for wrong in ([], [Keeper("A"), Leaver("A")]):
        with pytest.raises(ConfigError, match="expected"):
            HostedStrategies(wrong)
    assert Acceleration.own_parameters <= Parameters.model_fields.keys()


def _entered(bought: BracketPlan) -> OrderFilled:
    name, side = bought.trade_id, "BUY" if bought.side is Side.LONG else "SELL"
    return OrderFilled(
        order_id(OrderRole.ENTRY, name), name, bought.symbol, bought.venue, bought.account,
        OrderRole.ENTRY, side, f"{name}-1", bought.quantity, Decimal(100), Decimal(0), "TAKER",
    )  # fmt: skip
