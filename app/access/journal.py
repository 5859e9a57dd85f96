"""Users, passkeys and sign-ins: a journal of their own in the database, read and written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import RLock
from typing import TYPE_CHECKING

from app.access.renewals import machine_now
from engine.domain.errors import ConfigError, JournalError, NotFoundError

if TYPE_CHECKING:
    from engine.domain.access import AccessBook, AccessRefused
    from engine.domain.facts import AnyPayload
    from store import Journals, SqlJournal

RUN_ID = "access"
"""The journal's run among those of the database."""

_PATIENCE_SECS = 10.0
"""How long another writer, a command or a gateway, is waited for."""

_BETWEEN_TRIES_SECS = 0.02


class AccessJournal:
    """The access journal of a database; threads may share one object.

    A writer takes the journal for one change and gives it back, so that commands and gateways take
    turns; each verifies the whole chain before it adds to it.

    Parameters
    ----------
    database : str
        As of ``--database``.
    now : callable
        Returns UTC ns for new facts.
    """

    def __init__(self, database: str, now: Callable[[], int] = machine_now) -> None:
        from engine.domain.access import AccessBook

        self.database = database
        self._now = now
        self._lock = RLock()
        self._book = AccessBook()
        self._read_at: float | None = None
        self._journals: Journals | None = None

    def book(self, *, within_secs: float = 0.0) -> AccessBook:
        """Return what the facts come to, as of so many seconds ago at most.

        Raises
        ------
        JournalBroken
            They are not those that were kept.
        JournalError
            The database cannot be read.
        """
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at >= within_secs:
                self._read()
            return self._book

    def known(self) -> AccessBook:
        """Return what was read last, without asking the database."""
        return self._book

    def write[Answer: Sequence[AnyPayload] | AccessRefused](
        self, ask: Callable[[AccessBook, int], Answer]
    ) -> tuple[Answer, AccessBook]:
        """Ask for a change while nobody else can, keep its facts, and return them and the book.

        Parameters
        ----------
        ask : callable
            Given the book and the time (UTC ns), returns the facts to keep or a refusal.

        Raises
        ------
        JournalBroken
            The facts are not those that were kept; nobody is let in by them.
        JournalError
            Somebody else goes on writing, or the database refuses.
        """
        from engine.domain.access import AccessRefused

        with self._lock, self._taken() as journal:
            book = self._book if self._is_of(journal) else type(self._book)()
            book = book.after(journal.facts(since=book.seq))
            now = max(self._now(), book.newest_ns)
            answer = ask(book, now)
            if not isinstance(answer, AccessRefused) and answer:
                with journal.group():
                    kept = [
                        journal.append(payload, ts_event=now, ts_init=now) for payload in answer
                    ]
                book = book.after(kept)
            self._book, self._read_at = book, time.monotonic()
            return answer, book

    def _read(self) -> None:
        from store import Journals, verified_facts

        try:
            if self._journals is None:
                self._journals = Journals.existing(self.database)
            row = next((run for run in self._journals.runs() if run.run_id == RUN_ID), None)
            if row is None:
                self._book = type(self._book)()
            elif row.is_quarantined or (row.facts, row.head) != (self._book.seq, self._book.head):
                # there is something new, or nothing is certain any more
                self._book = type(self._book)().after(verified_facts(self._journals, RUN_ID))
        except NotFoundError:
            self._book = type(self._book)()
        self._read_at = time.monotonic()

    def _taken(self) -> SqlJournal:
        """Return the journal, claimed; others that write are waited for."""
        from store import Journals

        self._journals = self._journals or Journals(self.database)
        deadline = time.monotonic() + _PATIENCE_SECS
        while True:
            try:
                return self._claimed(self._journals)
            except (JournalError, ConfigError) as error:
                is_passing = type(error) in {JournalError, ConfigError}
                if not is_passing or time.monotonic() > deadline:
                    raise
            time.sleep(_BETWEEN_TRIES_SECS)

    def _claimed(self, journals: Journals) -> SqlJournal:
        try:
            journal = journals.open(RUN_ID)
        except NotFoundError:
            return journals.start(RUN_ID)  # ConfigError where somebody was first
        journal.claim()
        return journal

    def _is_of(self, journal: SqlJournal) -> bool:
        """Say whether the book is of the facts that are there, and not of others before them."""
        before = next(journal.stored.records(self._book.seq - 1), None) if self._book.seq else None
        return before is not None and before.hash == self._book.head
