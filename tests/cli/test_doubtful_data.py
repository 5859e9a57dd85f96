"""Data that is not what was meant is named by the commands that use it, and symbols are exact."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.parameters.file import changed_values, load_parameters
from app.simulator.steering import switches
from catalog import Catalog
from engine.domain.errors import ConfigError
from store import RunStore
from tests.cli.conftest import Tradectl
from tests.forked_processes import Answer

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


ON_A_DAY = {
    "scan": ("scan", "--symbols"),
    "backtest": ("backtest", "--runs", "{place}", "--symbols"),
    "session": ("session", "--runs", "{place}", "--database", "{place}/t.sqlite", "--symbols"),
    "rehearse": ("rehearse", "--runs", "{place}", "--database", "{place}/r.sqlite", "--symbols"),
    "missed": ("missed", "--runs", "{place}", "--set", "min_ac_z=3", "--symbols"),
    "check": ("strategy", "check", "reversion", "--symbols"),
    "why": ("why", "--runs", "{place}", "--date", "2026-09-18", "10:00"),
}
"""Every command that reads symbols of a stored day; they are the last word."""


def asked(
    tradectl: Tradectl, command: str, symbols: str, market: Path, place: Path, *more: str
) -> Answer:
    words = (word.format(place=place) for word in ON_A_DAY[command])
    line = (*words, symbols) if command != "why" else ("why", symbols, *list(words)[1:])
    return tradectl(*line, *more, "--catalog", market, "--json")


@pytest.mark.parametrize(
    ("command", "typed", "meant"),
    [
        ("scan", "BAC-pL", "BACpL?"),
        ("scan", "BACPL,BACpL", "BACpL? Capitals count"),
        ("why", "bacpl", "BACpL? Capitals count"),
        *((command, "VACpL", "BACpL?") for command in ON_A_DAY),
    ],
)
def test_an_unknown_symbol_names_the_one_that_was_meant(
    tradectl: Tradectl, doubtful: Path, tmp_path: Path, command: str, typed: str, meant: str
) -> None:
    """``VACpL`` begins with a letter under which nothing is stored."""
    answer = asked(tradectl, command, typed, doubtful, tmp_path)
    assert answer.code == NOT_FOUND, answer.err
    assert f"did you mean {meant}" in answer.json["message"]


@pytest.mark.parametrize("command", sorted(ON_A_DAY.keys() - {"why"}))
def test_lists_are_files_too_and_what_is_doubtful_is_said_again(
    tradectl: Tradectl, doubtful: Path, tmp_path: Path, command: str
) -> None:
    """A list may name what did not trade that day: that is said, and the rest is looked at."""
    listed = tmp_path / "mine.txt"
    listed.write_text("\ufeff# what I watch\nBACpL, VAC  # the second is gone\n")
    answer = asked(tradectl, command, f"@{listed}", doubtful, tmp_path)
    assert answer.code == 0, answer.out
    told = [each["message"] if isinstance(each, dict) else each for each in answer.json["warnings"]]
    said = " ".join(answer.err.split())
    for words in ("no trades of VAC are stored for 2026-09-18", "60 of 60 trades have sale cond"):
        assert any(words in each for each in told)
        assert words in said


def test_a_parameter_that_is_a_list_takes_a_file(tmp_path: Path) -> None:
    (tmp_path / "index.txt").write_text("SPY\nQQQ\n")
    setting = f"index_symbols=@{tmp_path / 'index.txt'}"
    assert load_parameters(None, [setting]).index_symbols == ("QQQ", "SPY")
    assert changed_values([setting, "mode=@x"]) == {"index_symbols": "QQQ,SPY", "mode": "@x"}
    assert switches([f"mute_symbols=KO,@{tmp_path / 'index.txt'}"]) == {
        "mute_symbols": ["KO", "QQQ", "SPY"]
    }
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_parameters(None, [f"index_symbols=@{tmp_path / 'none.txt'}"])


def test_unknown_tapes_and_shown_catalogs_are_warned_of_later(
    tradectl: Tradectl, doubtful: Path, tmp_path: Path
) -> None:
    rows = (f"KO,{AT + n * 10**9},61.5,500,@,X" for n in range(3))
    (tmp_path / "t.csv").write_text(
        lines(*rows, header="symbol,ts_event,price,size,conditions,tape")
    )
    where = ("--catalog", tmp_path / "tapes")
    imported = tradectl("catalog", "import", tmp_path / "t.csv", *where, "--json").json
    assert "unknown: 'X'" in imported["warnings"][0]["message"]
    for line in (("catalog", "info"), ("scan",)):
        again = tradectl(*line, *where, "--json").json["warnings"]
        assert [(each["code"], each["date"]) for each in again] == [("unknown_tapes", "2026-09-18")]
        assert again[0]["message"].endswith(imported["warnings"][0]["message"])
    shown = tradectl("catalog", "info", "--catalog", doubtful)
    assert "60 of 60 trades have sale conditions" in " ".join(shown.err.split())
    for line in (("catalog", "info", "--catalog", ""), ("catalog", "import", ""),
                 ("catalog", "import", CASES)):  # fmt: skip
        refused = tradectl(*line, "--json")
        assert refused.code == 2, refused.err
        assert "name" in refused.json["message"]


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
