"""A stranger's strategy that never returns cannot keep a live run from its exits."""

from __future__ import annotations

from pathlib import Path

from engine.domain.facts import (
    EnsembleChanged,
    ExitReason,
    ExitRequested,
    TradeClosed,
    TradeOpened,
)
from tests.cli.live.live_place import simulated
from tests.cli.live.steered_run import HOLD, Run
from tests.forked_processes import ForkedProcesses

_STRANGER = '''"""Does not return once it is told to."""

from pathlib import Path

import numpy as np

from strategies import Signals, TapeStrategy


class Hangs(TapeStrategy):
    """Says nothing, and then nothing ever again."""

    strategy_id = "hangs"

    def signals(self, tape):
        while Path("hang").exists():
            pass
        return Signals(np.zeros(len(tape)), np.zeros(len(tape)))
'''


def test_exits_go_out_while_a_strategy_never_returns(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path
) -> None:
    (tmp_path / "hanging.py").write_text(_STRANGER)
    pace = "--speed", "10"
    with simulated(nursery, small_market, tmp_path, start="09:52", pace=pace) as place:
        words = "--strategy", "acceleration", "--strategy", "hanging:Hangs"
        run = Run(place, place.live(*HOLD, "--set=max_hold_seconds=60", *words))
        run.until(place.verdicts.exists)
        symbol = run.with_a_position()
        (tmp_path / "hang").touch()
        held = [fact for fact in run.of(TradeOpened) if fact.payload.symbol == symbol][-1]
        name = held.correlation_id

        run.on_until(lambda: [f for f in run.of(TradeClosed) if f.correlation_id == name])
        first, off = run.of(EnsembleChanged)
        assert first.payload.version == 1
        assert off.payload.because == "hangs is switched off: it did not return within 1.5 s"
        assert [m.strategy_id for m in off.payload.members if m.is_on] == ["acceleration"]
        (exit_,) = [f for f in run.of(ExitRequested) if f.correlation_id == name]
        assert exit_.payload.reason is ExitReason.TIME_STOP
        assert exit_.ts_init > off.ts_init
        run.process.kill()
