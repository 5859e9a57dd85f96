"""Bad input is refused in words that help, and costs nothing that was stored."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from catalog import Catalog
from catalog.imports.ingest import ImportOptions, import_files
from catalog.schema import Kind
from catalog.verify import Damage, verify
from engine.domain.errors import ConfigError, DataError, RunError

NAN = float("nan")


@pytest.mark.parametrize(
    ("column", "value", "flaw"),
    [
        ("price", NAN, "price_not_a_number"),
        ("price", float("inf"), "price_not_a_number"),
        ("price", None, "price_not_a_number"),
        ("price", 0.0, "price_not_positive"),
        ("price", -1.0, "price_not_positive"),
        ("price", 2e6, "price_too_large"),
        ("size", -100, "size_not_positive"),
        ("size", 0, "size_not_positive"),
        ("size", 2_000_000_000, "size_too_large"),
        ("size", None, "size_not_exact"),
        ("symbol", "", "no_symbol"),
        ("symbol", None, "no_symbol"),
        ("ts_event", 1_514_903_400_000, "bad_time"),
        ("ts_event", None, "bad_time"),
    ],
)
def test_a_flawed_trade_is_set_aside_with_its_reason(
    catalog: Catalog, day: date, trades_file: Any, column: str, value: Any, flaw: str
) -> None:
    whole: dict[str, list[Any]] = {
        "symbol": ["AAPL", "AAPL"],
        "ts_event": [1_514_903_400_000_000_000, 1_514_903_401_000_000_000],
        "price": [1.0, 2.0],
        "size": [100, 200],
    }
    whole[column][1] = value
    path = trades_file(**whole)
    report = import_files(catalog, [path], Kind.TRADES)
    assert (report.rows_in, report.rows_out, report.rejected) == (2, 1, {flaw: 1})
    assert catalog.trades(day, ["AAPL"], 0, 1 << 62).size.tolist() == [100_000_000]
    (row,) = pq.read_table(f"{catalog.root}/{report.quarantine}").to_pylist()
    assert (row["flaw"], row["source"], row["row"]) == (flaw, "trades.parquet", 2)


def test_a_print_worth_more_than_any_is_set_aside(catalog: Catalog, trades_file: Any) -> None:
    path = trades_file(price=[100.0, 1000.0], size=[1_000_000_000, 100_000_001])
    report = import_files(catalog, [path], Kind.TRADES)
    assert (report.rows_out, report.rejected) == (1, {"notional_too_large": 1})


def test_a_strict_import_names_the_first_flawed_row_and_stores_nothing(
    catalog: Catalog, trades_file: Any
) -> None:
    path = trades_file(price=[1.0, NAN, -1.0])
    with pytest.raises(
        DataError,
        match=r"trade of AAPL at 2018-01-02T14:30:01\.000000000Z is price not a number "
        r"\(.*price nan.*\), expected > 0 USD \(row 2 of .*trades\.parquet\)",
    ):
        import_files(catalog, [path], Kind.TRADES, ImportOptions(strict=True))
    assert catalog.fs.find(catalog.root) == []


def test_crossed_and_one_sided_quotes_are_set_aside(
    catalog: Catalog, day: date, trades_file: Any
) -> None:
    sizes = [1, 1, 0, 1]
    path = trades_file(bid=[2.0, 3.0, 1.0, 2.0], ask=[2.0, 2.0, 2.0, NAN],
                       bid_size=sizes, ask_size=[1, 1, 1, 1])  # fmt: skip
    report = import_files(catalog, [path], Kind.QUOTES)
    assert report.rejected == {"crossed": 1, "one_sided": 1, "price_not_a_number": 1}
    quotes = catalog.quotes(day, ["AAPL"], 0, 1 << 62)
    assert (quotes.bid.tolist(), quotes.ask.tolist()) == ([2_000_000], [2_000_000])


def test_an_unsorted_file_is_sorted_and_counted(
    catalog: Catalog, day: date, trades_file: Any
) -> None:
    stamps = [1_514_903_400_000_000_000 + i for i in (3, 1, 2)]
    report = import_files(catalog, [trades_file(ts_event=stamps, size=[3, 1, 2])], Kind.TRADES)
    assert report.out_of_order == 1
    assert catalog.trades(day, ["AAPL"], 0, 1 << 62).size.tolist() == [
        1_000_000,
        2_000_000,
        3_000_000,
    ]


def test_one_symbol_with_one_trade_is_enough(catalog: Catalog, day: date, trades_file: Any) -> None:
    report = import_files(catalog, [trades_file(size=[7])], Kind.TRADES)
    assert (report.stored, report.stored_rows) == (1, 1)
    assert [len(batch) for batch in catalog.trade_batches(day, "A")] == [1]


def test_files_with_nothing_to_store_say_so(catalog: Catalog, trades_file: Any) -> None:
    empty = pq.read_table(trades_file()).slice(0, 0)
    pq.write_table(empty, Path(trades_file()).with_name("empty.parquet"))
    with pytest.raises(DataError, match=r"empty\.parquet: no rows at all"):
        import_files(catalog, [str(Path(trades_file()).with_name("empty.parquet"))], Kind.TRADES)
    with pytest.raises(DataError, match=r"none of 2 rows .*2 price_not_positive"):
        import_files(catalog, [trades_file(price=[0.0, -1.0])], Kind.TRADES)
    assert catalog.dates() == []


def test_a_corrupt_file_among_good_ones_stores_nothing(catalog: Catalog, trades_file: Any) -> None:
    good, bad = trades_file("good.parquet"), trades_file("bad.parquet")
    content = Path(bad).read_bytes()
    Path(bad).write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"bad\.parquet cannot be read as Parquet"):
        import_files(catalog, [good, bad], Kind.TRADES)
    assert catalog.dates() == []
    assert not verify(catalog).findings


def test_a_full_disk_is_told_and_costs_nothing_that_was_stored(
    tmp_path: Path, day: date, tape: Any, trades_file: Any
) -> None:
    with _small_disk(tmp_path / "disk") as disk:
        catalog = Catalog(str(disk / "catalog"))
        import_files(catalog, [trades_file()], Kind.TRADES)
        stored = catalog.data_hash(day, ["A"])
        big = tmp_path / "big.parquet"
        pq.write_table(tape(400_000, ("AMZN",), seed=5), big)
        with pytest.raises(RunError, match="nothing that was stored before has changed"):
            import_files(catalog, [str(big)], Kind.TRADES)
        assert catalog.data_hash(day, ["A"]) == stored
        assert catalog.trade_count(day, "A") == 3
        assert not verify(catalog).findings


def test_a_read_only_folder_is_told_with_the_remedy(
    tmp_path: Path, day: date, trades_file: Any
) -> None:
    path = trades_file()
    with _small_disk(tmp_path / "disk") as disk:
        catalog = Catalog(str(disk / "catalog"))
        import_files(catalog, [path], Kind.TRADES)
        with _read_only(disk), pytest.raises(ConfigError, match="folder writable"):
            import_files(catalog, [trades_file("more.parquet", symbol=["B"] * 3)], Kind.TRADES)
        assert catalog.trade_count(day, "A") == 3


def test_a_killed_import_stores_nothing_and_can_be_run_again(
    tmp_path: Path, day: date, tape: Any
) -> None:
    big = tmp_path / "big.parquet"
    pq.write_table(tape(2_000_000, ("AAPL", "BAC"), seed=6), big)
    catalog = Catalog(str(tmp_path / "catalog"))
    process = subprocess.Popen(
        [sys.executable, "-c", _IMPORT, str(big), catalog.root], cwd=Path(__file__).parents[2]
    )
    while not list(Path(catalog.root).glob("import-*/rows.duckdb")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    findings = verify(catalog).findings
    assert {finding.damage for finding in findings} == {Damage.LEFT_OVER}
    import_files(catalog, [str(big)], Kind.TRADES)
    assert sum(catalog.trade_count(day, letter) for letter in "AB") == 2_000_000


_IMPORT = """
import sys
from catalog import Catalog
from catalog.imports.ingest import import_files
from catalog.schema import Kind
import_files(Catalog(sys.argv[2]), [sys.argv[1]], Kind.TRADES)
"""


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """Give a folder with room for 4 MB: a file system of its own, or a limit on file sizes."""
    folder.mkdir()
    if os.geteuid() == 0 and _mounted("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)):
        try:
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    else:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, hard))
        try:
            yield folder
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """Forbid writing: by mounting, as root may write anywhere, or by permission."""
    if os.geteuid() == 0:
        if not _mounted("-o", "remount,ro", str(folder)):
            pytest.skip("root may write anywhere, and mounting is not allowed here")
        yield
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
    else:
        folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
        for path in folders:
            path.chmod(0o555)
        yield
        for path in folders:
            path.chmod(0o755)


def _mounted(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode == 0
