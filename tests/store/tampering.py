"""What can happen to stored facts behind the back of whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, insert, text

from engine.domain.facts import DayStarted
from engine.journal import Record
from store.database.database import Database
from store.database.schema import FACTS
from store.journal.records import read_records

type Tamper = Callable[[Connection, str], None]


def tampered(url: str, run_id: str, kind: str) -> None:
    """Alter the facts of a run in one way of ``KINDS``."""
    database = Database(url)
    with database.connect() as connection, connection.begin():
        KINDS[kind](connection, run_id)


def _payload_changed(connection: Connection, run_id: str) -> None:
    _put(connection, run_id, _with_other_equity(_first_day(connection, run_id)))


def _one_hash_made_to_fit(connection: Connection, run_id: str) -> None:
    changed = _with_other_equity(_first_day(connection, run_id))
    _put(connection, run_id, msgspec.structs.replace(changed, hash=changed.expected_hash()))


def _middle_deleted(connection: Connection, run_id: str) -> None:
    _delete(connection, run_id, len(_records(connection, run_id)) // 2)


def _last_deleted(connection: Connection, run_id: str) -> None:
    _delete(connection, run_id, _records(connection, run_id)[-1].seq)


def _one_inserted(connection: Connection, run_id: str) -> None:
    """Add a fact that follows the last one as it should, without the run knowing."""
    last = _records(connection, run_id)[-1]
    added = msgspec.structs.replace(
        last, seq=last.seq + 1, prev_hash=last.hash, fact_id=None, causation_id=None
    )
    added = msgspec.structs.replace(added, hash=added.expected_hash())
    connection.execute(insert(FACTS), msgspec.structs.asdict(added) | {"run_id": run_id})


def _payload_unreadable(connection: Connection, run_id: str) -> None:
    day = _first_day(connection, run_id)
    _put(connection, run_id, msgspec.structs.replace(day, payload="\ufffd not JSON"))


KINDS: dict[str, Tamper] = {
    "a payload changed": _payload_changed,
    "one hash made to fit": _one_hash_made_to_fit,
    "a row of the middle deleted": _middle_deleted,
    "the last row deleted": _last_deleted,
    "a row inserted": _one_inserted,
    "a payload unreadable": _payload_unreadable,
}


def _records(connection: Connection, run_id: str) -> list[Record]:
    return list(read_records(connection, run_id))


def _first_day(connection: Connection, run_id: str) -> Record:
    tag = str(DayStarted.__struct_config__.tag)
    return next(record for record in _records(connection, run_id) if record.kind == tag)


def _with_other_equity(record: Record) -> Record:
    body = msgspec.json.decode(record.payload) | {"equity": "1"}
    return msgspec.structs.replace(record, payload=msgspec.json.encode(body).decode())


def _put(connection: Connection, run_id: str, record: Record) -> None:
    statement = text(
        "update facts set payload = :payload, hash = :hash where run_id = :run_id and seq = :seq"
    )
    values = {"payload": record.payload, "hash": record.hash, "seq": record.seq, "run_id": run_id}
    assert connection.execute(statement, values).rowcount == 1


def _delete(connection: Connection, run_id: str, seq: int) -> None:
    statement = text("delete from facts where run_id = :run_id and seq = :seq")
    assert connection.execute(statement, {"run_id": run_id, "seq": seq}).rowcount == 1
