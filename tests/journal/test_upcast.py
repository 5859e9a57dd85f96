"""Facts of every version ever written are read in the shape of today.

A fixture is never changed. When a kind gets a new version, write one of it, and of every new kind,
to a file of the release.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, BracketPlanned
from engine.journal import GENESIS, Record, fact_of, kind_of, verify
from engine.journal.upcast import present_version, upcast

FIXTURES = sorted(Path(__file__).parent.joinpath("fixtures").glob("written_by_*.jsonl"))


class _Written(Record, frozen=True, kw_only=True):
    """A record as any version wrote it: the first knew no ``fact_id``."""

    fact_id: str | None = None


def _records(path: Path) -> list[Record]:
    decode = msgspec.json.Decoder(_Written).decode
    return [decode(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_journal_of_any_release_is_whole_and_read(path: Path) -> None:
    records = _records(path)
    assert len(records) > 10
    assert records[0].prev_hash == GENESIS
    assert verify(records, head=records[-1].hash).clean
    for record in records:
        assert kind_of(fact_of(record).payload) == record.kind


def test_there_is_a_fixture_of_every_version_of_every_kind() -> None:
    written = {(record.kind, record.version) for path in FIXTURES for record in _records(path)}
    kinds = [str(payload.__struct_config__.tag) for payload in get_args(AnyPayload)]
    introduced = {kind: min(version for name, version in written if name == kind) for kind in kinds}
    for kind in kinds:
        for version in range(introduced[kind], present_version(kind) + 1):
            assert (kind, version) in written
    assert set(introduced.values()) == {1}


def test_a_plan_of_the_first_version_names_what_it_did_not_say() -> None:
    (old,) = (
        record for path in FIXTURES for record in _records(path)
        if (record.kind, record.version) == ("bracket_planned", 1)
    )  # fmt: skip
    plan = fact_of(old).payload
    assert isinstance(plan, BracketPlanned)
    assert (plan.max_hold_secs, plan.trailing_stop_percent, plan.params_version) == (None, None, 1)
    assert plan.symbol == "text"


def test_a_command_and_a_change_of_the_first_version_keep_the_rights_they_had() -> None:
    body = {"kind": "command_received", "command_id": "c1", "who": "ann"}
    told = body | {"command": {"command": "pause"}}
    for source, channel in (("parameter desk", "parameter_desk"), ("tradectl", "command_log")):
        now = upcast("command_received", 1, told | {"source": source})
        assert (now["channel"], now["stepped_up"]) == (channel, channel == "parameter_desk")
    assert upcast("params_changed", 1, {"version": 2})["stepped_up"] is True


@pytest.mark.parametrize("version", [0, 3])
def test_a_version_never_written_is_refused(version: int) -> None:
    record = _records(FIXTURES[0])[2]
    with pytest.raises(JournalError, match=f"of version 1 to 2, found {version}"):
        fact_of(msgspec.structs.replace(record, version=version))
