"""Strategies switched and weighed by command: one day live and in both engines of a backtest."""

from __future__ import annotations

from pathlib import Path

from app.narrowing import parse_letters
from app.strategies import hosted
from catalog import Catalog
from engine.domain.facts import BracketPlanned, CommandAccepted, EnsembleChanged
from engine.domain.session import session
from engine.hub import RecordedCommands
from engine.runtime import Engine
from tests.cli.conftest import DAY, Tradectl
from tests.cli.live.live_place import simulated
from tests.forked_processes import ForkedProcesses
from tests.runtime.runs import EAGER, Ran, run

_NAMES = ("acceleration", "reversion")
_SETTINGS = (
    *EAGER,
    *("bucket_seconds=30", "bucket_ttl=5000", "max_hold_seconds=120"),
    *("min_ac_z=0.5", "concurrent_trading=true", "max_concurrent=5", "max_open_notional=1000000"),
)
_OWN = {"reversion.min_distance": "1.5", "reversion.min_surge": "1.5", "reversion.min_age": "24"}
_LETTERS = "A-M"
_OFF, _ON, _WEIGHED = "11:00", "13:00", "14:00"
_COMMANDS = (
    (_OFF, ("switch-strategy", "reversion", "off")),
    (_ON, ("switch-strategy", "reversion", "on")),
    (_WEIGHED, ("set-weights", "reversion=100")),
)
_UNANSWERED = 75


def test_commands_to_strategies_make_the_same_day_live_pruned_and_full(
    nursery: ForkedProcesses, tradectl: Tradectl, small_market: Path, tmp_path: Path
) -> None:
    settings = [word for each in _SETTINGS for word in ("--set", each)]
    settings += [f"--set={key}={value}" for key, value in _OWN.items()]
    names = [word for name in _NAMES for word in ("--strategy", name)]
    with simulated(nursery, small_market, tmp_path, start="09:29") as place:
        place.turn("pause")
        with place.live(*names, "--letters", _LETTERS, settings=settings) as process:
            for clock, command in _COMMANDS:
                place.reach(clock, process)
                # time stands: it is in the log, and answered once time goes on
                told = ("--yes", "--timeout", "0.1", "--database", place.database)
                assert tradectl("do", *command, *told).code == _UNANSWERED
            place.turn("resume")
            live = place.ended(process)
        facts = place.facts()

    asked = hosted(_NAMES, values=_OWN)
    market = Catalog(str(small_market))

    def played(engine: Engine, commands: RecordedCommands | None) -> Ran:
        return run(
            market,
            [DAY],
            engine,
            settings=_SETTINGS,
            strategies=asked.strategies,
            ensemble=asked.ensemble,
            attendant=commands,
            letters=parse_letters(_LETTERS),
        )

    alone = played(Engine.PRUNED, None)
    pruned = played(Engine.PRUNED, RecordedCommands(facts))
    full = played(Engine.FULL, RecordedCommands(facts))

    hours = session(DAY)
    assert len([fact for fact in facts if isinstance(fact.payload, CommandAccepted)]) == 3
    changes = [f.payload.effective_ns for f in facts if isinstance(f.payload, EnsembleChanged)]
    off, on, weighed = changes[1:]
    for clock, ns in zip((_OFF, _ON, _WEIGHED), (off, on, weighed), strict=True):
        assert hours.at(clock) < ns
    for start, end, owners in (
        (hours.open_ns, off, {*_NAMES}),
        (off, on, {"acceleration"}),
        (on, weighed, {*_NAMES}),
        (weighed, hours.close_ns, {*_NAMES}),
    ):
        assert _owners(pruned, start, end) == owners
    assert _owners(alone, off, on) == {*_NAMES}, "the switch changed who trades"
    told = [plan.contributions[0].weight for plan in _plans(pruned, weighed, hours.close_ns)]
    assert {round(weight, 6) for weight in told} == {0.990099, 0.009901}
    assert alone.outcome.fill_digest != pruned.outcome.fill_digest

    for name in ("decision_digest", "fill_digest"):
        assert getattr(pruned.outcome, name) == getattr(full.outcome, name) == live[name], name


def _plans(ran: Ran, start: int, end: int) -> list[BracketPlanned]:
    plans = [fact.payload for fact in ran.facts if isinstance(fact.payload, BracketPlanned)]
    return [plan for plan in plans if start <= plan.candidate_ts < end]


def _owners(ran: Ran, start: int, end: int) -> set[str]:
    return {plan.strategy_id for plan in _plans(ran, start, end)}
