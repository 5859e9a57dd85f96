"""Data that is not what was meant is named by the commands that use it, and symbols are exact."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from catalog import Catalog
from store import RunStore
from tests.cli.conftest import Tradectl

CASES = Path(__file__).parents[1] / "catalog" / "cases"
NOT_FOUND = 4
AT = 1_789_739_100_000_000_000
AT_DAY = date(2026, 9, 18)


def lines(*rows: str, header: str = "symbol,ts_event,price,size") -> str:
    return "\n".join([header, *rows, ""])


@pytest.fixture(scope="module")
def doubtful(tradectl: Tradectl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the catalog of a day whose prints form no bar, with more that is odd about it."""
    place = tmp_path_factory.mktemp("doubtful")
    root = place / "catalog"
    numbered = lines(
        *(f'BACpL,{AT + n * 10**9},61.5,100,"12,37"' for n in range(60)),
        header="symbol,ts_event,price,size,conditions",
    )
    (place / "numbered.csv").write_text(numbered)
    for file in (place / "numbered.csv", CASES / "test_symbol_on_a_saturday.csv"):
        done = tradectl("catalog", "import", file, "--catalog", root)
        assert done.code == 0, done.err
    return root


def test_scan_and_backtest_say_what_was_found_at_import(
    tradectl: Tradectl, doubtful: Path, tmp_path: Path
) -> None:
    scanned = tradectl("scan", "--date", "2026-09-18", "--catalog", doubtful, "--json")
    assert scanned.code == 0, scanned.err
    (warning,) = scanned.json["warnings"]
    assert (warning["code"], warning["date"]) == ("unknown_conditions", "2026-09-18")
    assert "60 of 60 trades" in " ".join(scanned.err.split())
    where = ("--catalog", doubtful, "--runs", tmp_path / "runs")
    done = tradectl("backtest", *where, "--json")  # the newest date is no Saturday
    assert done.code == 0, done.err
    assert done.json["warnings"] == [warning["message"]]
    kept = RunStore(tmp_path / "runs").run(done.json["run_id"]).manifest
    assert (kept.start, kept.warnings) == ("2026-09-18", (warning["message"],))
    page = " ".join(tradectl("backtest", *where).out.split())
    assert "60 prints of 1 symbol were read" in page
    assert "no bar is formed of them" in page
    assert "Check the dates and symbols" not in page
    told = tradectl("why", "BACpL", "10:00", "--catalog", doubtful, "--date", "2026-09-18",
                    "--runs", tmp_path / "none")  # fmt: skip
    assert told.code == 0, told.err
    assert "no bar is formed of them" in " ".join(told.out.split())


@pytest.mark.parametrize(
    "line",
    [
        ("scan", "--date", "2026-09-18", "--symbols", "{}"),
        ("backtest", "--date", "2026-09-18", "--symbols", "{}"),
        ("backtest", "--date", "2026-09-18", "--symbols", "BACpL,{}"),
        ("why", "{}", "10:00", "--date", "2026-09-18"),
    ],
)
@pytest.mark.parametrize("asked", ["BACPL", "bacpl"])
def test_a_symbol_in_other_capitals_is_named(
    tradectl: Tradectl, doubtful: Path, tmp_path: Path, line: tuple[str, ...], asked: str
) -> None:
    words = [word.format(asked) for word in line]
    answer = tradectl(*words, "--catalog", doubtful, "--runs", tmp_path, "--json") \
        if line[0] != "scan" else tradectl(*words, "--catalog", doubtful, "--json")  # fmt: skip
    assert answer.code == NOT_FOUND, answer.err
    assert "did you mean BACpL? Capitals count" in answer.json["message"]


@pytest.mark.parametrize("symbol", ["..", "/etc/x", "=cmd|x", "A\nB"])
def test_what_is_no_symbol_is_refused(tradectl: Tradectl, doubtful: Path, symbol: str) -> None:
    where = ("--catalog", doubtful, "--json")
    for line in (
        ("scan", "--date", "2026-09-18", "--symbols", symbol),
        ("why", symbol, "10:00", "--date", "2026-09-18"),
    ):
        answer = tradectl(*line, *where)
        assert answer.code == 2, answer.err
        assert "is no symbol" in answer.json["message"]


def test_tapes_by_number_and_unknown_ones_trade_in_both_engines(
    tradectl: Tradectl, tmp_path: Path
) -> None:
    """The unknown tape has the strictest rules, code B alone tells: here both come out the same."""
    digests: set[str] = set()
    for tape in ("1", "?"):
        root = tmp_path / tape.replace("?", "unknown")
        header = "symbol,ts_event,price,size,conditions,tape"
        rows = (f"KO,{AT + n * 10**9},{61 + n / 100},500,@,{tape}" for n in range(60))
        (tmp_path / "t.csv").write_text(lines(*rows, header=header))
        assert tradectl("catalog", "import", tmp_path / "t.csv", "--catalog", root).code == 0
        expected = {"1": "A"}.get(tape)
        assert Catalog(str(root)).tapes(AT_DAY).get("KO") == expected
        for engine in ("pruned", "full"):
            where = ("--catalog", root, "--runs", tmp_path / f"{tape}-{engine}")
            done = tradectl("backtest", *where, "--engine", engine, "--json")
            assert done.code == 0, done.err
            digests.add(done.json["decision_digest"])
    assert len(digests) == 1
