"""A day whose sizes have fractions trades like its twin of whole shares, in both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from catalog import Catalog
from catalog.schema import Kind
from store import RunStore
from tests.cli.conftest import Tradectl

SETTINGS = (
    "use_market_gravity=false",
    "min_ac_z=1.5",
    "vol_surge_multiplier=1",
    "ao_accel_rate=0",
    "use_spread_liquidity=false",
    "min_price=0.01",
    "max_price=1000000",
    "max_volume_share_percent=off",
    "vol_floor=0",
    "max_vwap_stretch_percent=25",
)
TWINS = ("fractional_sizes_long", "split")
"""Of ``baseline_one_trade``: one with fractions more, one whose fractions add up to its sizes."""

COMPARED = ("symbol", "side", "quantity", "entry_ts", "exit_ts", "avg_px_open", "avg_px_close")


@pytest.fixture(scope="module")
def cases(shared: Path) -> Path:
    """Return the folder of inputs that failed once, or skip where there is none."""
    folder = shared / "cases"
    if not (folder / "fractional_sizes_long.csv.gz").is_file():
        pytest.skip(f"no fractional_sizes_long.csv.gz in {folder}; point TRADECTL_SHARED at one")
    return folder


def split(whole: Path, to: Path) -> None:
    """Write every print of a file as two with fractions, at the same time and price."""
    rows = pd.read_csv(whole)
    part = (rows.index.to_numpy() * 123_457 % 99_999_999 + 1) / 1e6
    of_two = [rows.assign(size=size.round(6)) for size in (part, rows["size"] - part)]
    pd.concat(of_two).sort_index(kind="stable").to_csv(to, index=False, float_format="%.6f")


@pytest.fixture(scope="module")
def outcomes(cases: Path, tradectl: Tradectl, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what each engine makes of a day and its twins."""
    place = tmp_path_factory.mktemp("twins")
    chosen = [word for setting in SETTINGS for word in ("--set", setting)]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    split(cases / "baseline_one_trade.csv.gz", place / "split.csv.gz")
    for name in ("baseline_one_trade", *TWINS):
        root = place / name
        path = (place if name == "split" else cases) / f"{name}.csv.gz"
        done = tradectl("catalog", "import", path, "--catalog", root, "--strict")
        assert done.code == 0, done.err
        (day,) = Catalog(str(root)).dates()
        # every tick of one day, the one with fractions more, is enough to compare the engines
        for engine in ("pruned", "full") if name == "fractional_sizes_long" else ("pruned",):
            runs = place / f"{name}-{engine}"
            where = ("--catalog", root, "--runs", runs, "--engine", engine)
            answer = tradectl("backtest", "--start", str(day), "--end", str(day), *where, *chosen,
                              "--json")  # fmt: skip
            assert answer.code == 0, answer.err
            trades = RunStore(runs).run(answer.json["run_id"]).read_table("trades")
            assert trades is not None
            rows = [{key: row[key] for key in COMPARED} for row in trades.to_pylist()]
            found[name, engine] = answer.json | {"rows": rows}
        scanned = tradectl("scan", "--date", str(day), "--catalog", root, *chosen, "--json")
        assert scanned.code == 0, scanned.err
        found[name, "scan"] = scanned.json
    return found


def test_fractional_sizes_trade_like_whole_ones(outcomes: Any) -> None:
    whole, fractional, parts = (outcomes[name, "pruned"] for name in ("baseline_one_trade", *TWINS))
    assert len(whole["rows"]) == 1
    assert fractional["rows"] == parts["rows"] == whole["rows"]
    assert fractional["fill_digest"] == parts["fill_digest"] == whole["fill_digest"]
    assert parts["decision_digest"] == whole["decision_digest"], "volumes are the same"
    full = outcomes["fractional_sizes_long", "full"]
    assert full["rows"] == fractional["rows"]
    for digest in ("decision_digest", "fill_digest"):
        assert fractional[digest] == full[digest]
    assert outcomes["split", "scan"]["digest"] == outcomes["baseline_one_trade", "scan"]["digest"]


def test_pages_tell_whole_shares_as_before_and_fractions_as_they_are(outcomes: Any) -> None:
    whole, fractional = (
        [row["volume"] for row in outcomes[name, "scan"]["top"]]
        for name in ("baseline_one_trade", "fractional_sizes_long")
    )
    assert whole
    assert all(isinstance(volume, int) for volume in whole)
    assert len(fractional) == len(whole)
    assert all(0 <= more - plain < 5 for more, plain in zip(fractional, whole, strict=True))
    assert any(volume % 1 == 0.5 for volume in fractional)


def test_every_price_of_a_fractional_print_is_there(
    cases: Path, tradectl: Tradectl, tmp_path: Path
) -> None:
    for name, sizes in (
        ("fractional_sizes.csv", [100, 0.25, 150.5, 0.000001, 200, 1000.75]),
        ("fractional_sizes.alpaca.json", [100, 150.5, 0.25]),
    ):
        root = tmp_path / name
        done = tradectl("catalog", "import", cases / name, "--catalog", root, "--strict")
        assert done.code == 0, done.err
        catalog = Catalog(str(root))
        ((day, letter),) = catalog.partitions.stored(Kind.TRADES)
        (batch,) = catalog.trade_batches(day, letter)
        assert [size / 1e6 for size in batch.size.tolist()] == sizes
