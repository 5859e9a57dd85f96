"""What strategies said is kept as it was said, through any kill, once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.runs.signals.file import signal_parquet, signal_stream, signal_table
from app.runs.signals.keeper import SignalKeeper
from catalog import Catalog
from catalog.synth import synthesize
from engine.domain.errors import DataError
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals import scan
from engine.signals.whole_tape.signal_runner import SignalRunner
from engine.signals.whole_tape.signal_tables import kept_of_a_run
from strategies import Reversion
from tests.signals.shown_strategies import Breakout

DAY = date(2026, 9, 18)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """Return everything that two strategies say of a day."""
    catalog = Catalog(str(tmp_path_factory.mktemp("market")))
    synthesize(catalog, DAY, symbols=24, trades=20_000, seed=11, quotes=True)
    near = Reversion.Parameters.model_validate({"min_distance": 1, "min_session_notional": 0})
    source = SignalRunner([Breakout(), Reversion(near)], Parameters(), session(DAY))
    signals = scan(catalog, DAY, Parameters(), source=source).signals
    assert signals is not None
    return signals


def by_bucket(signals: pa.Table) -> list[pa.Table]:
    """Return a table in pieces, as closes bring them."""
    closes = signals.column("ts_event").to_numpy()
    starts = np.flatnonzero(np.diff(closes, prepend=-1)).tolist()
    ends = [*starts[1:], len(closes)]
    return [signals.slice(start, end - start) for start, end in zip(starts, ends, strict=True)]


def test_a_kill_at_any_byte_loses_nothing_and_doubles_nothing(
    said: pa.Table, tmp_path: Path
) -> None:
    closes = by_bucket(said)[:400]
    whole = kept_of_a_run(pa.concat_tables(closes))
    assert len(whole) > 200
    assert len(whole) < sum(map(len, closes)), "what was only updated is left out"
    keeper = SignalKeeper(tmp_path, "run")
    for each in closes:
        keeper.add(each)
    stream = signal_stream("run", tmp_path)
    written = stream.read_bytes()
    assert signal_table("run", tmp_path) == whole
    for killed_at in (0, 5, 900, *np.random.default_rng(3).integers(900, len(written), 12)):
        stream.write_bytes(written[:killed_at])
        left = signal_table("run", tmp_path)
        assert left is not None
        assert left == whole.slice(0, len(left)), "what is readable is what was said first"
        again = SignalKeeper(tmp_path, "run")
        for each in closes:  # a run that is resumed goes through its day once more
            again.add(each)
        assert signal_table("run", tmp_path) == whole
    keeper = SignalKeeper(tmp_path, "run")
    keeper.table(is_whole=False)
    assert stream.is_file()
    keeper.table(is_whole=True)
    assert not stream.exists()
    assert pq.read_table(signal_parquet("run", tmp_path)) == whole == signal_table("run", tmp_path)


def test_an_altered_file_is_named_and_ends_no_run(
    said: pa.Table, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream = signal_stream("run", tmp_path)
    stream.write_bytes(pa.schema([("other", pa.int64())]).serialize())
    with pytest.raises(DataError, match=r"run\.strategy_signals\.arrows cannot be read"):
        signal_table("run", tmp_path)
    keeper = SignalKeeper(tmp_path, "run")
    keeper.add(said)
    keeper.table(is_whole=True)
    assert "signals of strategies are not kept any more" in caplog.text
    assert stream.stat().st_size < 1_000
    assert signal_table("other", tmp_path) is None
