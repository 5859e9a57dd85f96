"""Payload → fact: a place in the order, and a hash over everything before it."""

from __future__ import annotations

import hashlib

import msgspec

from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, Fact
from engine.domain.unreadable import UNREADABLE
from engine.journal.log import Report
from engine.journal.upcast import present_version, upcast

GENESIS = "0" * 64
"""``prev_hash`` of a run's first fact."""

_encoder = msgspec.json.Encoder(decimal_format="string")
_decoder = msgspec.json.Decoder(AnyPayload)


class Record(msgspec.Struct, frozen=True):
    """A fact at rest: its payload is still the JSON that was hashed, whatever its version."""

    seq: int
    ts_event: int
    ts_init: int
    kind: str
    version: int
    payload: str
    causation_id: int | None
    correlation_id: str | None
    fact_id: str | None
    prev_hash: str
    hash: str

    def expected_hash(self) -> str:
        """Return the hash this record must have: SHA-256 over every field but ``hash`` itself.

        A record without a ``fact_id`` hashes as before there were any.
        """
        covered = (
            self.seq,
            self.ts_event,
            self.ts_init,
            self.kind,
            self.version,
            msgspec.Raw(self.payload.encode()),
            self.causation_id,
            self.correlation_id,
            self.prev_hash,
        )
        if self.fact_id is not None:
            covered = (*covered, self.fact_id)
        return hashlib.sha256(_encoder.encode(covered)).hexdigest()


def kind_of(payload: AnyPayload) -> str:
    """Return the tag of a payload, which names its kind for ever."""
    return str(payload.__struct_config__.tag)


def record_of(fact: Fact) -> Record:
    """Return a fact of the present version as it is stored."""
    return Record(
        seq=fact.seq,
        ts_event=fact.ts_event,
        ts_init=fact.ts_init,
        kind=kind_of(fact.payload),
        version=fact.version,
        payload=_encoder.encode(fact.payload).decode(),
        causation_id=fact.causation_id,
        correlation_id=fact.correlation_id,
        fact_id=fact.fact_id,
        prev_hash=fact.prev_hash,
        hash=fact.hash,
    )


def fact_of(record: Record) -> Fact:
    """Return a stored fact as the engine reads it, its payload in the shape of today.

    Raises
    ------
    JournalError
        The payload is no JSON, or no payload that this version knows.
    """
    try:
        if record.version == present_version(record.kind):
            payload = _decoder.decode(record.payload)
        else:
            payload = msgspec.convert(
                upcast(record.kind, record.version, msgspec.json.decode(record.payload)), AnyPayload
            )
    except UNREADABLE as error:
        found = f"fact {record.seq} ({record.kind}, version {record.version})"
        raise JournalError(f"{found} cannot be read: {error}; verify the journal") from error
    return Fact(
        seq=record.seq,
        ts_event=record.ts_event,
        ts_init=record.ts_init,
        version=record.version,
        payload=payload,
        causation_id=record.causation_id,
        correlation_id=record.correlation_id,
        fact_id=record.fact_id,
        prev_hash=record.prev_hash,
        hash=record.hash,
    )


def seal(report: Report, *, after: Fact | None) -> Fact:
    """Return what was reported as the fact that follows ``after`` (None: the first of its run).

    Raises
    ------
    JournalError
        The payload would not read back as itself (a NaN, say), or its cause is not in the past.
    """
    seq, cause = 1 if after is None else after.seq + 1, report.causation_id
    if cause is not None and not 0 < cause < seq:
        raise JournalError(f"fact {seq} names {cause} as its cause, expected 1 to {seq - 1}")
    unsealed = Fact(
        seq=seq,
        ts_event=report.ts_event,
        ts_init=report.ts_init,
        version=present_version(kind_of(report.payload)),
        payload=report.payload,
        causation_id=cause,
        correlation_id=report.correlation_id,
        fact_id=report.fact_id,
        prev_hash=GENESIS if after is None else after.hash,
        hash="",
    )
    record = record_of(unsealed)
    if fact_of(record) != unsealed:
        raise JournalError(f"fact {seq} does not read back as written: {report.payload}")
    return msgspec.structs.replace(unsealed, hash=record.expected_hash())
