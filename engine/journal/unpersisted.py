"""The facts after the last one that is known to be kept: the one place where facts wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

import msgspec

from engine.domain.errors import JournalError
from engine.domain.facts import Fact
from engine.journal.chain import GENESIS, seal
from engine.journal.log import DROPPED, Report


class UnpersistedFacts:
    """Facts on their way to their database, each sealed after the one before.

    A commit may be refused, or no answer come. Then plans of that commit are dropped, for nobody
    may act on them, and what follows is sealed without them, until the head of the run in the
    database says which of the two it has. So the number of a fact may change: see ``changes``.

    Threads may share one; nobody waits for more than the sealing of a few facts.

    Attributes
    ----------
    is_halted : bool
        Whether the database refused and has not been heard of since.
    names : dict of str to int
        Numbers of the facts that have a ``fact_id``, kept ones too.
    """

    def __init__(self) -> None:
        self.is_halted = False
        self.names: dict[str, int] = {}
        self._lock = Lock()
        self._kept: Fact | None = None
        self._held: list[Fact] = []
        self._doubted: list[Fact] = []
        self._moved: dict[int, int] = {}
        self._late: list[Fact] = []
        self._drops = True

    def __len__(self) -> int:
        return len(self._held)

    @property
    def last(self) -> Fact | None:
        """The last fact, waiting or kept; None before the first."""
        return self._held[-1] if self._held else self._kept

    def follow(self, kept: Fact | None, names: Mapping[str, int]) -> None:
        """Begin after the last fact of the database, None before the first; it has these names."""
        self._kept, self.names = kept, dict(names)

    def numbered(self, seq: int) -> Fact | None:
        """Return the fact of that number, None when it does not wait."""
        with self._lock:
            return next((fact for fact in self._held if fact.seq == seq), None)

    def add(self, report: Report) -> Fact:
        """Seal what happened after the last fact and return it.

        Raises
        ------
        JournalError
            It is none that can be kept; see ``seal``.
        """
        with self._lock:
            return self._add(report)

    def hold(self, report: Report) -> Fact:
        """Seal what is told by one who has not heard of ``changes`` yet; raises as ``add``."""
        with self._lock:
            cause = report.causation_id
            if cause in self._moved:
                report = msgspec.structs.replace(report, causation_id=self._moved[cause])
            return self._add(report)

    def facts(self) -> list[Fact]:
        """Return the facts that are to be committed, in order."""
        with self._lock:
            return self._held.copy()

    def keep(self, count: int) -> None:
        """Learn that the first ``count`` of them are kept."""
        with self._lock:
            self._kept = self._held[count - 1]
            del self._held[:count]

    def refuse(self, facts: Sequence[Fact], *, drops: bool = True) -> None:
        """Learn that the commit of the first facts was refused, or that no answer came.

        Plans among them wait like the others unless it ``drops`` them: their orders do not leave.
        """
        with self._lock:
            self.is_halted, self._doubted, self._drops = True, list(facts), drops
            dropped = {fact.seq: fact.fact_id for fact in facts if self._is_dropped(fact)}
            for name in dropped.values():
                self.names.pop(name or "", None)
            if dropped:
                rest = [fact for fact in self._held if fact.seq not in dropped]
                self._seal_again(rest, dict.fromkeys(dropped))

    def settle(self, head_hash: str) -> None:
        """Learn from the head of the run whether the commit in doubt was kept.

        Raises
        ------
        JournalError
            The head is none that was left: the run was changed meanwhile.
        """
        with self._lock:
            if self._doubted and head_hash == self._doubted[-1].hash:
                self._keep_doubted()
            elif head_hash != (GENESIS if self._kept is None else self._kept.hash):
                seq = 0 if self._kept is None else self._kept.seq
                raise JournalError(
                    f"expected the run to end with fact {seq} or with one that waited, found a "
                    f"head with hash {head_hash[:12]}…: it was changed meanwhile, start another run"
                )
            self._doubted = []

    def changes(self) -> tuple[dict[int, int], list[Fact]]:
        """Return what became otherwise than it was told, since this was last asked.

        Returns
        -------
        dict of int to int
            The numbers under which facts were told, and those that they have.
        list of Fact
            Plans that were refused, and yet kept: nobody has acted on them.
        """
        with self._lock:
            moved = {told: seq for told, seq in self._moved.items() if told != seq}
            late, self._late = self._late, []
            self._moved.clear()
            return moved, late

    def _add(self, report: Report) -> Fact:
        fact = seal(report, after=self._held[-1] if self._held else self._kept)
        self._held.append(fact)
        if fact.fact_id is not None:
            self.names[fact.fact_id] = fact.seq
        return fact

    def _keep_doubted(self) -> None:
        """Take the doubted commit as it was sent, plans and all, and seal anew what followed it."""
        self._late += [fact for fact in self._doubted if self._is_dropped(fact)]
        sent = [fact for fact in self._doubted if not self._is_dropped(fact)]
        rest, true = self._held[len(sent) :], dict[int, int | None]()
        for fact, as_sent in zip(self._held, sent, strict=False):
            true[fact.seq] = as_sent.seq
            if as_sent.fact_id is not None:
                self.names[as_sent.fact_id] = as_sent.seq
        self._kept = self._doubted[-1]
        self._seal_again(rest, true)
        self._moved |= {fact.seq: again.seq for fact, again in zip(rest, self._held, strict=True)}

    def _seal_again(self, rest: Sequence[Fact], true: Mapping[int, int | None]) -> None:
        """Let ``rest`` be all that waits; ``true`` says what became of numbers before it.

        What a dropped plan led to has no cause any more.
        """
        became, self._held = dict(true), []
        for fact in rest:
            cause = fact.causation_id
            cause = cause if cause is None else became.get(cause, cause)
            report = Report(
                fact.payload, fact.ts_event, fact.ts_init, cause, fact.correlation_id, fact.fact_id
            )
            became[fact.seq] = self._add(report).seq

    def _is_dropped(self, fact: Fact) -> bool:
        return self._drops and isinstance(fact.payload, DROPPED)
