"""The compiled scanner on disk does not outlive a change of what it was compiled from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.domain.candidate import Gate
from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.domain.market_data.conditions import Updates
from engine.signals import settings, state
from engine.signals.kernel import buckets, compiled, judgement, notional, oscillator, steps


def test_what_is_compiled_is_thrown_away_when_a_part_of_the_step_changes() -> None:
    parts = (buckets, compiled, judgement, notional, oscillator, settings, state)
    read = hashlib.sha256()
    for part in parts:
        read.update(Path(str(part.__file__)).read_bytes())
    read.update(repr([PRICE_SCALE, SIZE_SCALE, *map(int, Gate), *map(int, Updates)]).encode())
    assert read.hexdigest() == steps.PARTS_SHA256, f"write {read.hexdigest()} there"
