"""What signing in is made of, shared by its flows."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from app.access.journal import AccessJournal
from app.access.renewals import Renewals
from app.access.signing_key import signing_key
from app.access.steady_clock import SteadyClock
from engine.domain.access import AccessBook
from engine.domain.errors import JournalError
from web.access.challenges import Challenges
from web.access.judging import Refusal, RefusalRecord
from web.access.passkeys import RelyingParty
from web.access.tokens import Tokens
from web.problems import Problem
from web.settings import GatewaySettings

_FRESH_SECS = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AccessService:
    """Journal, passkeys, tokens and time of one gateway."""

    journal: AccessJournal
    renewals: Renewals
    clock: SteadyClock
    tokens: Tokens
    party: RelyingParty
    challenges: Challenges
    record: RefusalRecord = field(default_factory=RefusalRecord)

    @classmethod
    def opened(cls, settings: GatewaySettings) -> AccessService:
        """Read the journal, the key and what was renewed last.

        Raises
        ------
        ConfigError
            A file of the state folder will not do.
        JournalError
            The journal cannot be read, or is not what was written.
        """
        renewals = Renewals()
        newest = AccessJournal(settings.database).book().newest_ns
        clock = SteadyClock(max(newest, renewals.newest_ns()))
        journal = AccessJournal(settings.database, clock.now)
        journal.book()
        return cls(
            journal=journal,
            renewals=renewals,
            clock=clock,
            tokens=Tokens(signing_key(), settings.origin),
            party=RelyingParty(settings.rp_id, settings.origin),
            challenges=Challenges(clock.now),
        )

    def book(self, *, within_secs: float = 0.0) -> AccessBook:
        """Return the users as they are, or as they were last known while the journal is away.

        Who is signed in goes on: exits do not wait for a database. Nobody new is let in then, for
        that takes a fact.
        """
        try:
            return self.journal.book(within_secs=within_secs)
        except JournalError as error:
            _log.warning("users as they were known: %s", error)
            return self.journal.known()

    def recent_book(self) -> AccessBook:
        """Return the users as of a second ago at most, as ``book`` does."""
        return self.book(within_secs=_FRESH_SECS)

    def refuse(self, refusal: Refusal, address: str, status: int = 401) -> Problem:
        """Record a refusal and return what is answered."""
        if facts := self.record.facts(refusal, address):
            try:
                self.journal.write(lambda _book, _now: facts)
            except JournalError as error:
                _log.warning("a refused sign-in is not kept: %s", error)
        return refusal.problem(status)
