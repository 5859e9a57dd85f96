"""Facts of every version ever written are read in the shape of today.

A fixture is never changed. When a kind gets a new version, write one of it, and of every new kind,
to a file of the release.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, BracketPlanned, Contribution, OrderSubmitted
from engine.domain.order_names import OrderName, order_name, trade_name
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


def test_facts_of_before_name_acceleration_in_alpacas_main_account() -> None:
    of_before = {
        "trade_id": "20180102-BRK.B-100500",
        "client_order_id": "20180102-BRK.B-100500-exit-3",
    }
    sold = {
        "kind": "order_submitted", "symbol": "BRK.B", "role": "exit", "order_side": "SELL",
        "order_type": "MARKET", "quantity": 7, "price": None, "trigger_price": None,
    }  # fmt: skip
    named = {"symbol": "BRK.B", "venue": "ALPACA", "account": "main"}
    sent = msgspec.convert(upcast("order_submitted", 1, sold | of_before), OrderSubmitted)
    assert (sent.number, sent.quantity, str(sent.quantity)) == (3, Decimal(7), "7")
    assert (sent.symbol, sent.venue, sent.account) == tuple(named.values())
    accepted = {"kind": "order_accepted"} | of_before
    assert upcast("order_accepted", 1, accepted) == accepted | named
    short = _of_fixture("bracket_planned", 2) | {"ac_z": -6.0, "side": -1}
    plan = msgspec.convert(upcast("bracket_planned", 2, short), BracketPlanned)
    assert (plan.strategy_id, plan.score, plan.side) == ("acceleration", 6.0, -1)
    assert plan.contributions == (Contribution("acceleration", 0.75, 1.0, 1.0),)
    assert (plan.venue, plan.account, plan.currency) == ("ALPACA", "main", "USD")


def test_the_ids_that_facts_name_say_what_the_facts_say() -> None:
    (path,) = (path for path in FIXTURES if path.stem.endswith("0.3.0"))
    facts = [fact_of(record).payload for record in _records(path)]
    (plan,) = (fact for fact in facts if isinstance(fact, BracketPlanned))
    name = trade_name(plan.trade_id)
    assert name is not None
    assert (name.symbol, name.strategy_id, name.venue, name.account) == (
        plan.symbol, plan.strategy_id, plan.venue, plan.account,
    )  # fmt: skip
    for sent in (fact for fact in facts if isinstance(fact, OrderSubmitted)):
        said = order_name(sent.client_order_id)
        assert said == OrderName(sent.trade_id, sent.role, sent.number)


def _of_fixture(kind: str, version: int) -> dict[str, Any]:
    return next(
        msgspec.json.decode(record.payload)
        for path in FIXTURES
        for record in _records(path)
        if (record.kind, record.version) == (kind, version)
    )


@pytest.mark.parametrize("version", [0, 4])
def test_a_version_never_written_is_refused(version: int) -> None:
    record = _records(FIXTURES[0])[2]
    with pytest.raises(JournalError, match=f"of version 1 to 3, found {version}"):
        fact_of(msgspec.structs.replace(record, version=version))
