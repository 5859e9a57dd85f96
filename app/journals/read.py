"""A run's facts: those that fit a question, the chain they form, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import msgspec

from app.runs.chosen_journal import chosen_journal
from app.runs.engine_runs import journal_kind
from app.runs.kept_runs import DEFAULT_DATABASE
from engine.accounting import keep_books
from engine.domain.errors import ConfigError
from engine.domain.facts import AnyPayload, Fact
from engine.journal import Integrity
from store import JournalRun, Journals, SqlJournal, export_journal

LOOK_BACK = 200
"""Facts that who begins to follow a run is shown first."""

_IDLE_SECS = 3.0


@dataclass(frozen=True, slots=True)
class JournalSource:
    """A run by its id, its beginning or ``latest``; ``database`` None looks where runs are kept.

    That is in the run directories and in the database ``beside`` them.
    """

    name: str
    database: str | None
    runs: Path
    beside: str = DEFAULT_DATABASE

    def open(self) -> tuple[SqlJournal, Integrity]:
        """Return the journal and how far it holds; raises as ``chosen_journal`` does."""
        journal, head = chosen_journal(self.name, self.database, self.runs, beside=self.beside)
        return journal, journal.stored.integrity(head)


@dataclass(frozen=True, slots=True)
class FactsFound:
    """The first facts that fit, and whether there are more."""

    run_id: str
    facts: list[Fact]
    more: bool
    integrity: Integrity

    def as_json(self) -> dict[str, Any]:
        """Return them by name."""
        rows = [msgspec.to_builtins(fact) for fact in self.facts]
        return {"run_id": self.run_id, "facts": rows, "more": self.more}


class BrokenAt(msgspec.Struct, frozen=True):
    """The first fact that does not hold, and how."""

    seq: int
    damage: str
    detail: str


class ChainCheck(msgspec.Struct, frozen=True):
    """A chain walked from its first fact; ``facts`` are whole, ``head`` is the last hash."""

    run_id: str
    status: str
    facts: int
    head: str
    broken: BrokenAt | None


class Replayed(msgspec.Struct, frozen=True):
    """What follows from a run's facts, amounts in USD."""

    run_id: str
    facts: int
    cash: Any
    equity: Any
    commission: Any
    positions: dict[str, Decimal]
    fills: int
    trades: int
    open_trades: int
    realized_pnl: Any


def listed_journals(database: str) -> tuple[str, tuple[JournalRun, ...]]:
    """Return a database's name, without a password, and its runs, the one started last first."""
    journals = Journals.existing(database)
    return str(journals.database), tuple(journals.runs())


def journal_rows(database: str) -> list[dict[str, Any]]:
    """Return the same by name, each with how it stands and whose facts it holds."""
    return [
        msgspec.to_builtins(run)
        | {"standing": run.standing, "holds": journal_kind(run.run_id).value}
        for run in listed_journals(database)[1]
    ]


def found_facts(
    source: JournalSource,
    *,
    since: int,
    kinds: Sequence[str],
    trade: str | None,
    limit: int,
) -> FactsFound:
    """Return the first facts after one that are of some kinds (none for all) and of a trade.

    Raises
    ------
    ConfigError
        There is no such kind. Else raises as ``chosen_journal`` does.
    """
    journal, integrity = source.open()
    known = _known_kinds(kinds)
    matching = (
        fact
        for fact in journal.facts(since)
        if (not known or kind_of(fact) in known) and trade in (None, fact.correlation_id)
    )
    facts = list(islice(matching, limit + 1))
    return FactsFound(journal.run_id, facts[:limit], len(facts) > limit, integrity)


def last_facts(
    source: JournalSource, count: int, *, follow: bool
) -> tuple[Iterator[Fact], Integrity]:
    """Return the last facts, and with ``follow`` those that are written from now on."""
    journal, integrity = source.open()
    last = journal.last
    since = max(last.seq - count, 0) if last else 0
    return (journal.stored.follow(since) if follow else iter(journal.facts(since))), integrity


def verified_chain(source: JournalSource) -> ChainCheck:
    """Return what a walk along a run's chain finds; raises as ``chosen_journal`` does."""
    journal, head = chosen_journal(source.name, source.database, source.runs, beside=source.beside)
    found = journal.stored.verify(head)
    broken = found.broken
    return ChainCheck(
        run_id=journal.run_id,
        status="broken" if broken else "whole",
        facts=found.facts,
        head=found.head,
        broken=broken and BrokenAt(broken.seq, str(broken.damage), broken.detail),
    )


def replayed(source: JournalSource, until: int | None) -> tuple[Replayed, Integrity]:
    """Return what follows from a run's facts, folded anew up to one of them, or all."""
    journal, integrity = source.open()
    facts = [fact for fact in journal.facts() if until is None or fact.seq <= until]
    books = keep_books(facts)
    ledger = books.ledger
    closed = [trade for trade in books.trades if trade.exit_ts is not None]
    answer = Replayed(
        run_id=journal.run_id,
        facts=len(facts),
        cash=ledger.cash,
        equity=ledger.equity,
        commission=ledger.commission,
        positions={symbol: held.quantity for symbol, held in ledger.positions.items()},
        fills=len(books.fills),
        trades=len(books.trades),
        open_trades=len(books.trades) - len(closed),
        realized_pnl=sum((trade.realized_pnl or 0 for trade in closed), start=0),
    )
    return answer, integrity


def exported_journal(source: JournalSource, file: Path) -> tuple[str, int, Integrity]:
    """Write a run's facts to a file; return the run's id, how many, and how far they hold."""
    journal, integrity = source.open()
    return journal.run_id, export_journal(journal, file), integrity


def kind_of(fact: Fact) -> str:
    """Return the kind of a fact as it is written."""
    return str(fact.payload.__struct_config__.tag)


def _known_kinds(kinds: Sequence[str]) -> set[str]:
    known = [str(payload.__struct_config__.tag) for payload in get_args(AnyPayload)]
    for kind in kinds:
        if kind not in known:
            near = get_close_matches(kind, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise ConfigError(f"no facts are of kind {kind!r}; {hint}")
    return set(kinds)


def followed_facts(
    source: JournalSource, since: int, is_over: Callable[[], bool]
) -> Iterator[Fact]:
    """Yield the facts after one of them, and go on as they are written.

    Parameters
    ----------
    is_over : callable
        Says whether anybody listens still; asked every few seconds.
    """
    journal, _ = source.open()
    while not is_over():
        for fact in journal.stored.follow(since, idle_secs=_IDLE_SECS):
            since = fact.seq
            yield fact
            if is_over():
                return
