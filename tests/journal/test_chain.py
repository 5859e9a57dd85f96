"""A journal says exactly what was written, in order, and notices whatever is done to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, OrderRole
from engine.journal import (
    GENESIS,
    Damage,
    MemoryJournal,
    Record,
    Report,
    fact_of,
    record_of,
    seal,
    verify,
)
from tests.accounting.streams import OPEN_NS, facts, fill, payload_streams, plan, whole_run

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))


def _records() -> list[Record]:
    entry = fill(BRACKET, OrderRole.ENTRY, 10, Decimal("20.5"), Decimal(0))
    return [record_of(fact) for fact in facts(whole_run([BRACKET, entry]))]


@given(payload_streams)
def test_facts_read_back_as_written_and_chained(payloads: list[AnyPayload]) -> None:
    stream = facts(payloads)
    records = [record_of(fact) for fact in stream]
    assert [fact_of(record) for record in records] == stream
    assert [fact.payload for fact in stream] == payloads
    assert [fact.seq for fact in stream] == list(range(1, len(payloads) + 1))
    assert stream[0].prev_hash == GENESIS
    checked = verify(records, head=stream[-1].hash)
    assert checked.clean
    assert checked.facts == len(payloads)


def _edit(records: list[Record]) -> list[Record]:
    payload = records[3].payload.replace("20.5", "19.5")
    records[3] = msgspec.structs.replace(records[3], payload=payload)
    return records


def _forge(records: list[Record]) -> list[Record]:
    forged = _edit(records)[3]
    records[3] = msgspec.structs.replace(forged, hash=forged.expected_hash())
    return records


def _delete(records: list[Record]) -> list[Record]:
    return records[:3] + records[4:]


def _swap(records: list[Record]) -> list[Record]:
    return [*records[:2], records[3], records[2], *records[4:]]


def _repeat(records: list[Record]) -> list[Record]:
    return records[:4] + records[3:]


def _cut(records: list[Record]) -> list[Record]:
    return records[:-1]


@pytest.mark.parametrize(
    ("tamper", "seq", "damage"),
    [
        (_edit, 4, Damage.ALTERED),
        (_forge, 5, Damage.UNCHAINED),
        (_delete, 4, Damage.MISSING),
        (_swap, 3, Damage.MISSING),
        (_repeat, 5, Damage.OUT_OF_ORDER),
        (_cut, 6, Damage.CUT_OFF),
    ],
)
def test_the_first_broken_fact_is_named(
    tamper: Callable[[list[Record]], list[Record]], seq: int, damage: Damage
) -> None:
    records = _records()
    assert len(records) == 6
    broken = verify(tamper(records), head=records[-1].hash).broken
    assert broken is not None
    assert (broken.seq, broken.damage) == (seq, damage)


@given(st.integers(0, 5), st.sampled_from(msgspec.structs.fields(Record)))
def test_no_field_of_a_record_can_change_unnoticed(
    row: int, field: msgspec.structs.FieldInfo
) -> None:
    records = _records()
    old = getattr(records[row], field.name)
    new = 7 if old is None else old + (1 if isinstance(old, int) else "0")
    records[row] = msgspec.structs.replace(records[row], **{field.name: new})
    assert not verify(records, head=_records()[-1].hash).clean


def test_a_fact_that_cannot_be_read_back_is_refused() -> None:
    unknown = msgspec.structs.replace(BRACKET, score=math.nan)
    journal = MemoryJournal()
    with pytest.raises(JournalError, match="fact 1"):
        journal.append(unknown, ts_event=OPEN_NS, ts_init=OPEN_NS)
    assert len(journal) == 0


@pytest.mark.parametrize("cause", [0, 1, 2])
def test_a_cause_lies_in_the_past(cause: int) -> None:
    with pytest.raises(JournalError, match=f"names {cause} as its cause"):
        seal(Report(BRACKET, 1, 1, cause), after=None)


def test_a_payload_of_another_time_is_named_when_it_cannot_be_read() -> None:
    unknown = msgspec.structs.replace(_records()[2], payload='{"kind":"never_heard_of"}')
    with pytest.raises(JournalError, match=r"fact 3 \(bracket_planned, version 3\)"):
        fact_of(unknown)
