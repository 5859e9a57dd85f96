"""The first and the last fact of a run, which its host writes around the engine's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.redaction import redacted
from engine.domain.account import ACCELERATION, ALPACA_MAIN, TradingAccount
from engine.domain.facts import RunEnded, RunStarted
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.hub import Outcome
from engine.journal import JournalWriter
from store import code_hash, engine_version


@dataclass(frozen=True, slots=True)
class AskedMarket:
    """Which recorded days a run is of: their catalog, and what it is narrowed to.

    Attributes
    ----------
    catalog : str
        Root, a folder or a URL; empty where there is none.
    letters, symbols : tuple of str
        Both empty for everything.
    """

    catalog: str = ""
    letters: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()


NOWHERE = AskedMarket()
"""Of a run that looks at nothing."""


def record_run_started(
    journal: JournalWriter,
    run_id: str,
    day: date,
    params: Parameters,
    fills: str,
    balance: Decimal,
    *,
    asked: AskedMarket = NOWHERE,
    account: TradingAccount = ALPACA_MAIN,
    strategies: tuple[str, ...] = (ACCELERATION,),
) -> None:
    """Record what a run starts with, at the beginning of its first day.

    Parameters
    ----------
    asked : AskedMarket
        What the run looks at.
    account : TradingAccount
        Where it trades, and whose ``balance`` this is.
    strategies : tuple of str
        Those that are on, by ``strategy_id``.
    """
    opens = session(day).pre_market_ns
    fact = RunStarted(
        run_id=run_id,
        venue=account.venue,
        account=account.name,
        currency=account.currency,
        params_hash=params.params_hash(),
        code_hash=code_hash(),
        engine_version=engine_version(),
        fills=fills,
        starting_balance=balance,
        strategies=strategies,
        catalog=redacted(asked.catalog),
        letters=asked.letters,
        symbols=asked.symbols,
    )
    journal.append(fact, ts_event=opens, ts_init=opens)


def record_run_ended(journal: JournalWriter, outcome: Outcome) -> None:
    """Record how a run ended, at the close of its last day."""
    closes = session(outcome.days[-1].day).close_ns
    fact = RunEnded(
        status=outcome.status,
        decision_digest=outcome.decision_digest,
        fill_digest=outcome.fill_digest,
    )
    journal.append(fact, ts_event=closes, ts_init=closes)
