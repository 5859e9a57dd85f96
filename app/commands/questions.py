"""What a run answers when it is asked in words: positions, orders, balance, why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from app.clock import new_york
from app.commands.governor_view import GovernorView, chosen_session, governor_view
from app.commands.wishes import Query, Topic
from app.runs.story import journal_story
from engine.accounting import PROJECTIONS, keep_accounts, keep_books
from engine.accounting.books.orders import Order, OrderStatus
from engine.comparison import Judgement, Story
from engine.domain.errors import ConfigError
from engine.domain.facts import Fact
from engine.journal import Integrity
from store import SqlJournal

_WORKS = (OrderStatus.SUBMITTED, OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)


class Holding(msgspec.Struct, frozen=True):
    """Shares held, negative when short, and the last price reported of a fill, USD."""

    symbol: str
    quantity: Decimal
    mark: Decimal
    trades: tuple[str, ...]


class PositionsAnswer(msgspec.Struct, frozen=True):
    """What a run holds; ``planned`` are trades that are not entered yet."""

    run_id: str
    positions: tuple[Holding, ...]
    planned: tuple[str, ...]


class OrdersAnswer(msgspec.Struct, frozen=True):
    """The open orders of a run."""

    run_id: str
    orders: tuple[Order, ...]


class BalanceAnswer(msgspec.Struct, frozen=True):
    """A run's money in USD; positions stand at the price of their last fill."""

    run_id: str
    cash: Decimal
    equity: Decimal
    commission: Decimal
    fees: Decimal
    realized_pnl_today: Decimal


class WhyAnswer(msgspec.Struct, frozen=True):
    """What is known of a symbol in a run, as of its last fact.

    Attributes
    ----------
    answer : str
        In a sentence.
    verdict : Judgement or None
        The last one on it, where the run keeps verdicts.
    trade_id : str or None
        The last trade in it.
    """

    run_id: str
    symbol: str
    answer: str
    verdict: Judgement | None
    trade_id: str | None


type Answer = PositionsAnswer | OrdersAnswer | BalanceAnswer | WhyAnswer


@dataclass(frozen=True, slots=True)
class _Asked:
    """A run that is asked, its facts read once."""

    query: Query
    journal: SqlJournal
    facts: tuple[Fact, ...]
    runs: Path

    @property
    def run_id(self) -> str:
        return self.journal.run_id

    @property
    def view(self) -> GovernorView:
        return governor_view(self.run_id, self.facts)

    def concerns(self, symbol: str) -> bool:
        """Say whether a symbol was asked about; without one all are."""
        return self.query.subject in (None, symbol)


def answered(query: Query, *, run: str, database: str, runs: Path) -> tuple[Answer, Integrity]:
    """Return a run's answer to a question, and how far its journal holds.

    Parameters
    ----------
    runs : Path
        Folder in which live runs keep their verdicts.

    Raises
    ------
    ConfigError
        The question lacks its symbol, or has one that it does not take.
    NotFoundError
        There is no such database or session, or no day has started in it.
    """
    answer = _ANSWERS[query.topic]
    if query.topic is Topic.WHY and query.subject is None:
        raise ConfigError("say which symbol: why AAPL")
    if query.topic is Topic.BALANCE and query.subject is not None:
        raise ConfigError("a balance is the whole account's, not a symbol's: leave it out")
    journal, _ = chosen_session(database, run)
    facts = tuple(journal.facts())
    return answer(_Asked(query, journal, facts, runs)), journal.stored.integrity()


def _positions(asked: _Asked) -> PositionsAnswer:
    open_trades = [each for each in asked.view.state.open_trades if asked.concerns(each.symbol)]
    held = keep_books(asked.facts).ledger.positions
    holdings = (
        Holding(
            symbol,
            position.quantity,
            position.mark,
            tuple(each.trade_id for each in open_trades if each.symbol == symbol),
        )
        for symbol, position in sorted(held.items())
        if asked.concerns(symbol)
    )
    planned = (each.trade_id for each in open_trades if each.entered_ns is None)
    return PositionsAnswer(asked.run_id, tuple(holdings), tuple(planned))


def _orders(asked: _Asked) -> OrdersAnswer:
    rows: Iterable[Order] = PROJECTIONS["orders"].rows(keep_accounts(asked.facts))  # pyright: ignore[reportAssignmentType]
    works = (each for each in rows if each.status in _WORKS and asked.concerns(each.symbol))
    return OrdersAnswer(asked.run_id, tuple(works))


def _balance(asked: _Asked) -> BalanceAnswer:
    ledger = keep_books(asked.facts).ledger
    return BalanceAnswer(
        asked.run_id,
        ledger.cash,
        ledger.equity,
        ledger.commission,
        ledger.fees,
        asked.view.state.realized_pnl,
    )


def _why(asked: _Asked) -> WhyAnswer:
    symbol = asked.query.subject or ""
    view = asked.view
    story = journal_story(asked.run_id, asked.facts, asked.runs)
    said = [each for each in story.judgements.values() if each.symbol == symbol]
    verdict = max(said, key=lambda each: each.ts_event, default=None)
    plans = [each for each in story.plans.values() if each.plan.symbol == symbol]
    last = max(plans, key=lambda each: each.ts, default=None)
    trade_id = None if last is None else last.plan.trade_id
    sentences = [*_standing(symbol, view), _last_decision(story, verdict, trade_id)]
    return WhyAnswer(asked.run_id, symbol, "; ".join(sentences), verdict, trade_id)


def _standing(symbol: str, view: GovernorView) -> list[str]:
    """Return what keeps a symbol from being entered now."""
    standing = view.state.standing
    cools = dict(view.state.cooldowns).get(symbol, 0)
    said = []
    if standing.paused or standing.stopped:
        said.append("entries are paused" if standing.paused else "entries are stopped for the day")
    if symbol in dict(standing.locked):
        said.append(f"locked: {dict(standing.locked)[symbol]}")
    if cools > view.now:
        said.append(f"cools down until {new_york(cools)}")
    return said


def _last_decision(story: Story, verdict: Judgement | None, trade_id: str | None) -> str:
    """Return the last verdict or trade, whichever came later, in words."""
    planned = None if trade_id is None else story.plans[trade_id]
    candidate_ts = 0 if planned is None else planned.plan.candidate_ts
    if verdict is not None and verdict.ts_event > candidate_ts:
        what = "approved" if verdict.approved else f"refused: {verdict.reason}, {verdict.detail}"
        return f"bucket to {new_york(verdict.ts_event)} {what}"
    if planned is None:
        kept = "" if story.judged_from is not None else "; the run keeps no verdicts"
        return f"never planned in this run{kept}"
    trade = planned.plan.trade_id
    if trade in story.trades:
        closed = story.trades[trade][1]
        return f"{trade} closed by {closed.exit_reason}, P&L {closed.realized_pnl} USD"
    if trade in story.over:
        return f"{trade} was planned and never filled"
    if trade in story.exits:
        return f"{trade} is leaving: {story.exits[trade][1].reason}"
    return f"{trade} is open since {new_york(planned.ts)}"


_ANSWERS: dict[Topic, Callable[[_Asked], Answer]] = {
    Topic.POSITIONS: _positions,
    Topic.ORDERS: _orders,
    Topic.BALANCE: _balance,
    Topic.WHY: _why,
}
