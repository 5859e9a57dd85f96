"""Two hubs on one run, of which one is stopped, cut off or told to go: at most one trades."""

from __future__ import annotations

import signal
from pathlib import Path

from cli.terminal.output import INTERRUPTED
from engine.domain.facts import BracketPlanned, OrderRejected, TradeClosed, TradeOpened
from engine.domain.session import NANOS_PER_SECOND
from tests.cli.live.steered_run import Run
from tests.forked_processes import ForkedProcesses
from tests.resume.killed_day import BOUND_NS
from tests.resume.oracle import lasting, trade_of
from tests.resume.relay import Said
from tests.resume.two_hubs import SPEED, two_hubs
from tests.servers import Postgres

_WAY_NS = 10 * NANOS_PER_SECOND * SPEED
"""What the way to the venue may add on a busy machine, where time does not wait for it."""

_EVER = 10**9
"""Steps of granted time, of which there are none here."""


def test_a_hub_that_was_stopped_sends_nothing_when_it_wakes_and_its_standby_has_gone_on(
    tape: Path, nursery: ForkedProcesses, postgres: Postgres, tmp_path: Path
) -> None:
    with two_hubs(postgres, nursery, tape, tmp_path) as hubs:
        place, (hub, standby) = hubs.place, hubs.pair()
        run = Run(place, hub.process)
        run.with_a_position()
        held = {each.correlation_id for each in run.of(TradeOpened)}
        hub.stop()
        stopped, sent = place.now(), hub.sent
        hubs.until_taken(standby)
        place.wait(standby.process, place.listeners)
        place.turn("resume")

        def are_closed() -> bool:
            return held <= {each.correlation_id for each in run.of(TradeClosed)}

        place.wait(standby.process, are_closed)
        resumed = place.now()
        hub.wake()
        assert "tradectl live --standby" in hubs.ended(hub)
        assert hub.sent == sent
        place.turn("pause")
        assert standby.sent
        assert standby.process.poll() is None
        trades, now = hubs.trades(), place.now()
    assert held <= {trade.name for trade in trades}
    for trade in trades:
        spans = lasting(trade.unprotected(now), [(stopped, resumed)])
        assert [ns for ns in spans if ns > BOUND_NS + _WAY_NS] == []
        assert trade.held >= 0


def test_an_order_that_was_on_its_way_when_its_hub_was_stopped_is_there_at_most_once(
    tape: Path, nursery: ForkedProcesses, postgres: Postgres, tmp_path: Path
) -> None:
    with two_hubs(postgres, nursery, tape, tmp_path) as hubs:
        place, (hub, standby) = hubs.place, hubs.pair()
        hub.relay.arm(Said.REQUEST, 1, _EVER)
        place.turn("resume")
        place.wait(hub.process, hub.relay.reached.is_set)
        place.turn("pause")
        hub.stop()
        run = Run(place, hub.process)
        planned = {each.correlation_id for each in run.of(BracketPlanned)}
        hubs.until_taken(standby)

        def are_given_up() -> bool:
            return planned <= {each.correlation_id for each in run.of(OrderRejected)}

        place.wait(standby.process, are_given_up)
        hub.relay.release(drop=False)
        place.wait(standby.process, lambda: hub.relay.counts[Said.ANSWER])
        hub.wake()
        hubs.ended(hub)
        hubs.trades()
        late = [each for each in hubs.orders() if trade_of(each) in planned]
        assert standby.process.poll() is None
    assert planned
    assert {trade_of(each) for each in late} == planned
    assert len(late) == len(planned)
    assert {each["filled_qty"] for each in late} == {"0"}
    assert {each["status"] for each in late} <= {"pending_cancel", "canceled"}


def test_a_hub_that_is_cut_off_from_its_database_alone_ends_and_its_standby_trades(
    tape: Path, nursery: ForkedProcesses, postgres: Postgres, tmp_path: Path
) -> None:
    with two_hubs(postgres, nursery, tape, tmp_path) as hubs:
        place, (hub, standby) = hubs.place, hubs.pair("--database", hubs.wire.url)
        run = Run(place, hub.process)
        run.with_a_position()
        hubs.wire.cut()
        hubs.until_taken(standby)
        sent = hub.sent
        hubs.ended(hub)
        assert hub.sent == sent
        place.turn("resume")
        place.wait(standby.process, lambda: standby.sent)
        place.turn("pause")
        hubs.trades()


def test_of_two_hubs_the_second_is_refused_and_so_is_a_second_standby(
    tape: Path, nursery: ForkedProcesses, postgres: Postgres, tmp_path: Path
) -> None:
    with two_hubs(postgres, nursery, tape, tmp_path) as hubs:
        place, (hub, standby) = hubs.place, hubs.pair()
        for words, why in ((), "is being written by"), (("--standby",), "another standby of run"):
            other = hubs.start(*words).process
            _, err = other.communicate()
            assert other.returncode, err
            assert why in err
        standby.process.send_signal(signal.SIGTERM)
        assert standby.process.wait() == INTERRUPTED
        assert not hubs.lease().has_standby
        place.wait(hub.process, lambda: not hubs.lease().is_fenced)
        again = hubs.start("--standby")
        place.wait(hub.process, lambda: hubs.lease().is_fenced)
        hub.process.send_signal(signal.SIGTERM)
        assert hub.process.wait() == INTERRUPTED
        place.wait(again.process, lambda: place.logged("no hub trades run"))
        assert hubs.lease().epoch == 0
        again.process.send_signal(signal.SIGTERM)
        out, _ = again.process.communicate()
        assert '"standby":"stopped"' in out.replace(" ", "")
        words = [*("live", "--standby", "--database", str(tmp_path / "facts.sqlite"))]
        refused = nursery.answer(words, place.secrets, tmp_path)
        assert refused.code == 2
        assert "a standby needs PostgreSQL" in refused.err
