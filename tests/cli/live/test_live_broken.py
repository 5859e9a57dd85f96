"""A live run whose journal was altered trades no more; what it holds is protected all the same."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from engine.domain.facts import (
    Alarm,
    AlarmRaised,
    BracketPlanned,
    CommandDone,
    EntriesHeld,
    EntriesReleased,
    ExitReason,
    ExitRequested,
    Fact,
    ProtectionStarted,
)
from engine.domain.session import NANOS_PER_SECOND
from store import Journals, RunStatus
from tests.cli.conftest import Tradectl
from tests.cli.live.live_place import Place, simulated
from tests.cli.live.steered_run import HOLD, Run
from tests.forked_processes import Child, ForkedProcesses
from tests.servers import Postgres
from tests.store.tampering import tampered

_QUARANTINED = 6
_LONG = (*HOLD, "--set=max_hold_seconds=3600")
_STEP_NS = 5 * NANOS_PER_SECOND


class Protected:
    """A place at which a run was killed with a position, and whose journal was altered then."""

    def __init__(self, place: Place, kind: str) -> None:
        self.place = place
        run = Run(place, place.live(*_LONG))
        try:
            run.until(place.verdicts.exists)
            self.symbol = run.with_a_position()
        finally:
            run.process.kill()
            run.process.communicate()
        tampered(place.database, place.run_id, kind)
        self.before = Journals(place.database).run(place.run_id)

    @property
    def run_id(self) -> str:
        """The run that protects."""
        return f"{self.place.run_id}-protected"

    def start(self) -> Child:
        """Give the same command again and wait until it protects."""
        seen = len(self.of(EntriesHeld))
        said = self.place.log.read_text().count("entries are held: quarantine")
        process = self.place.live(*_LONG)
        again = "entries are held: quarantine"
        self.place.wait(process, lambda: self.place.log.read_text().count(again) > said)
        self.place.wait(process, lambda: self.of(EntriesHeld))  # it is logged before it is stored
        assert len(self.of(EntriesHeld)) == max(seen, 1)
        return process

    def of(self, kind: type) -> list[Any]:
        """Return what the protecting run has recorded of a kind."""
        journals = Journals(self.place.database)
        if self.run_id not in {run.run_id for run in journals.runs()}:
            return []
        facts: list[Fact] = list(journals.open(self.run_id).facts())
        return [fact.payload for fact in facts if isinstance(fact.payload, kind)]

    def held(self) -> set[str]:
        """Return what the account holds."""
        return {each["symbol"] for each in self.place.asked("/v2/positions")}

    def on(self) -> None:
        """Let the simulator's time go on by a step."""
        self.place.steer("step", span_ns=_STEP_NS)

    def ended(self, process: Child) -> dict[str, Any]:
        """Let time go on until the process ends; check that it ends as quarantined and flat."""
        while process.poll() is None:
            self.on()
        out, err = process.communicate()
        assert process.returncode == _QUARANTINED, err
        assert "QUARANTINED: the journal of" in err
        assert self.held() == set()
        assert not self.place.asked("/v2/orders")
        said = json.loads(out)
        assert (said["status"], said["run_id"]) == ("Quarantined", self.place.run_id)
        assert (said["held"], said["unprotected"]) == ({}, {})
        return said

    def was_never_written_again(self) -> None:
        """Check that nothing follows the facts that were altered, and nothing was entered."""
        journals = Journals(self.place.database)
        now = journals.run(self.place.run_id)
        assert now.status is RunStatus.QUARANTINED
        assert (now.facts, now.head) == (self.before.facts, self.before.head)
        assert {run.run_id for run in journals.runs() if "/" not in run.run_id} == {
            self.place.run_id,
            self.run_id,
        }
        (started,) = self.of(ProtectionStarted)
        assert started.of == self.place.run_id
        assert started.detail.startswith("fact ")
        assert self.of(BracketPlanned) == []
        released = {payload.trouble for payload in self.of(EntriesReleased)}
        assert "quarantine" not in released
        assert journals.open(self.run_id).stored.verify().clean


def test_a_position_is_kept_under_its_stop_and_sold_when_that_is_gone(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path, tradectl: Tradectl
) -> None:
    with simulated(nursery, small_market, tmp_path, start="09:45") as place:
        scene = Protected(place, "a payload changed")
        held = scene.held()
        assert scene.symbol in held
        process = scene.start()
        assert scene.held() == held
        process.kill()
        assert process.wait() == -signal.SIGKILL
        process = scene.start()
        database = "--database", place.database
        shown = tradectl("do", "flatten", scene.symbol, *database, "--run", place.run_id)
        assert scene.run_id in shown.out + shown.err
        assert scene.held() == held
        assert scene.of(ExitRequested) == []
        for order in place.asked(f"/v2/orders?nested=true&symbols={scene.symbol}"):
            place.does("DELETE", f"/v2/orders/{order['id']}")
            for leg in order["legs"] or ():
                place.does("DELETE", f"/v2/orders/{leg['id']}")
        place.wait(process, lambda: scene.of(ExitRequested))
        (alarm,) = [each for each in scene.of(AlarmRaised) if each.alarm is Alarm.UNPROTECTED]
        assert scene.symbol in alarm.detail
        (exit_,) = scene.of(ExitRequested)
        assert (exit_.symbol, exit_.reason) == (scene.symbol, ExitReason.PROTECTION_LOST)
        if held - {scene.symbol}:
            assert tradectl("do", "flatten", "all", "--yes", "--timeout", "1", *database).code
        scene.ended(process)
        scene.was_never_written_again()


@pytest.mark.parametrize("kind", ["the last row deleted"])
def test_it_obeys_who_wants_it_flat_also_on_a_server(
    nursery: ForkedProcesses,
    small_market: Path,
    tmp_path: Path,
    tradectl: Tradectl,
    postgres: Postgres,
    kind: str,
) -> None:
    url = postgres.new_database()
    with simulated(nursery, small_market, tmp_path, start="09:45", database=url) as place:
        scene = Protected(place, kind)
        process = scene.start()
        asked = tradectl("do", "flatten", "all", "--yes", "--timeout", "0.5", "--database", url)
        assert asked.code == 75, asked.err  # accepted or not heard yet: the venue's time stands
        scene.ended(process)
        (done,) = scene.of(CommandDone)
        assert done.outcome == "all is flat"
        assert {each.reason for each in scene.of(ExitRequested)} == {ExitReason.OPERATOR}
        scene.was_never_written_again()
        again = place.live(*_LONG)
        scene.ended(again)
