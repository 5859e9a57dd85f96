"""Kills the process that writes a run again and again, and looks at what it left.

Run as ``python -m tests.store.killed_writer URL ROUNDS SEED``; prints what it found as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import count

from engine.accounting import Accounts
from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, Fact, OrderRole
from store import Journals, SqlJournal
from tests.accounting.streams import OPEN_NS, fill, plan, run_started

RUN = "killed"
_PATIENCE_SECS = 60.0


def main(url: str, rounds: int, seed: int) -> None:
    """Kill a writer ``rounds`` times; each one goes on where the last was killed."""
    chance = random.Random(seed)
    Journals(url).start(RUN).close()
    acknowledged: dict[int, str] = {}
    accounts, seen = Accounts(), 0
    journal = Journals(url).open(RUN)
    for _ in range(rounds):
        acknowledged |= _round(url, chance)
        new = list(journal.facts(since=seen))
        _post(accounts, new)
        seen += len(new)
    facts = list(journal.facts())
    names = Counter(fact.fact_id for fact in facts if fact.fact_id)
    found = {
        "rounds": rounds,
        "facts": len(facts),
        "acknowledged": len(acknowledged),
        "lost": sum(_hash(facts, seq) != hash_ for seq, hash_ in acknowledged.items()),
        "repeated": sum(times > 1 for times in names.values()),
        "broken": str(journal.stored.verify().broken),
        "state_is_replayed": _post(Accounts(), facts).books() == accounts.books(),
    }
    sys.stdout.write(json.dumps(found))


def _post(accounts: Accounts, facts: Iterable[Fact]) -> Accounts:
    for fact in facts:
        accounts.post(fact)
    return accounts


def _round(url: str, chance: random.Random) -> dict[int, str]:
    """Let a writer go on, kill it at a random moment, return what it had been promised."""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        os.close(reads)
        try:
            _write(url, writes)
        finally:
            os._exit(1)
    os.close(writes)
    with os.fdopen(reads, "r", encoding="ascii") as promises:
        first = promises.readline()
        time.sleep(chance.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        lines = [first, *promises]
    os.waitpid(child, 0)
    assert first, "the writer ended by itself"
    whole = (line.split() for line in lines if line.endswith("\n"))
    return {int(seq): hash_ for seq, hash_ in whole}


def _write(url: str, promises: int) -> None:
    """Append without end; tell each fact once it is promised, as the next one would report it."""
    journal = _claimed(url)
    for payloads in _bunches((journal.last.seq if journal.last else 0) + 1):
        with journal.group():
            facts = [
                journal.append(payload, ts_event=OPEN_NS + n, ts_init=OPEN_NS + n, fact_id=name)
                for n, (payload, name) in enumerate(payloads)
            ]
        os.write(promises, "".join(f"{fact.seq} {fact.hash}\n" for fact in facts).encode())


def _claimed(url: str) -> SqlJournal:
    """Return the journal once the server has noticed that the last writer is gone."""
    deadline = time.monotonic() + _PATIENCE_SECS
    while True:
        journal = Journals(url).open(RUN)
        try:
            journal.claim()
        except JournalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return journal


def _bunches(number: int) -> Iterator[list[tuple[AnyPayload, str | None]]]:
    """Yield facts one by one and several at once; every fill is reported by two of them."""
    if number == 1:
        yield [(run_started(), None)]
    for n in count(number):
        bracket = plan(f"T{n}", "AAA", 1, 10, Decimal(20))
        entry = fill(bracket, OrderRole.ENTRY, 10, Decimal(20), Decimal("0.01"))
        leave = fill(bracket, OrderRole.EXIT, 10, Decimal(21), Decimal("0.01"))
        yield [(bracket, f"plan:{n}")]
        yield [(entry, f"entry:{n}"), (entry, f"entry:{n}"), (leave, f"exit:{n}")]
        yield [(leave, f"exit:{n}")]


def _hash(facts: list[Fact], seq: int) -> str | None:
    return facts[seq - 1].hash if seq <= len(facts) else None


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
