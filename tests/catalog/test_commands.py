"""``tradectl catalog`` as a user meets it: words, JSON and exit codes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from catalog import Catalog
from catalog.export import Target
from catalog.imports.formats import Format, TimeUnit
from catalog.schema import Kind
from cli.catalog import command as commands

type Run = Any


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a runner of one command on the catalog of this test: its exit code and output."""

    def call(*arguments: str) -> tuple[int, Any, str]:
        line = [*arguments, "--catalog", str(tmp_path / "catalog")]
        result = CliRunner().invoke(commands.app, line)
        out = json.loads(result.stdout) if "--json" in arguments else result.stdout
        return result.exit_code, out, result.stderr

    return call


def test_choices_are_those_of_the_catalog() -> None:
    for names, words in (
        (commands.KindName, Kind),
        (commands.FormatName, Format),
        (commands.TargetName, Target),
        (commands.TimeUnitName, TimeUnit),
    ):
        assert get_args(names) == tuple(words)


def test_import_reports_what_it_did(run: Run, trades_file: Any) -> None:
    path = trades_file(price=[1.0, 2.0, -1.0])
    code, report, _ = run("import", path, "--json")
    assert code == 0
    assert (report["status"], report["rows_in"], report["rows_out"]) == ("ok", 3, 2)
    assert report["rejected"] == {"price_not_positive": 1}
    code, page, _ = run("import", path)
    assert code == 0
    assert "1 held the same already" in page
    assert "set aside: price not positive" in page


def test_import_maps_columns(run: Run, tmp_path: Path, catalog: Catalog) -> None:
    path = tmp_path / "t.txt"
    path.write_text("when|px|size\n2018-01-02 09:30:00|172.5|100\n")
    arguments = ("--map", "ts_event=when", "--map", "price=px", "--symbol", "AAPL")
    code, _, _ = run(
        "import", str(path), *arguments, "--delimiter", "|", "--tz", "America/New_York"
    )
    assert code == 0
    assert catalog.trades(date(2018, 1, 2), ["AAPL"], 0, 1 << 62).price.tolist() == [172_500_000]


def test_failures_have_their_documented_codes(run: Run, trades_file: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1 is not enough")
    path = trades_file(price=[1.0, -1.0])
    for expected, arguments in (
        (4, ("info",)),
        (4, ("verify",)),
        (4, ("sql", "select 1")),
        (4, ("import", str(tmp_path / "nowhere.csv"))),
        (3, ("import", str(bad))),
        (3, ("import", path, "--strict")),
        (2, ("import", path, "--map", "price")),
        (2, ("import", path, "--consolidate")),
        (2, ("import", path, "--tz", "Mars/Olympus")),
        (0, ("import", path)),
        (2, ("sql", "select nothing from trades")),
        (4, ("export", str(tmp_path / "out"), "--to", "csv", "--start", "2030-01-01")),
        (2, ("export", str(tmp_path / "out"), "--to", "csv", "--start", "soon")),
    ):
        code, answer, said = run(*arguments, "--json")
        assert code == expected, (arguments, said)
        if expected:
            assert answer["status"] == "error"
            assert "error:" in said


def test_verify_names_what_is_damaged_and_exits_with_3(
    run: Run, trades_file: Any, tmp_path: Path
) -> None:
    run("import", trades_file())
    assert run("verify", "--json")[1]["status"] == "ok"
    (part,) = (tmp_path / "catalog/trades").rglob("*.parquet")
    part.write_bytes(part.read_bytes()[:-1])
    code, answer, said = run("verify", "--json")
    assert code == 3
    assert answer["findings"] == [{"path": "trades/date=2018-01-02/letter=A", "damage": "torn"}]
    assert "--quarantine" in said
    assert run("verify", "--quarantine")[0] == 3
    assert run("verify")[0] == 0
    assert run("import", trades_file())[0] == 0


def test_info_sql_and_export_agree(run: Run, trades_file: Any, tmp_path: Path) -> None:
    run("import", trades_file(symbol=["AAPL", "BAC", "BAC"]))
    _, told, _ = run("info", "--json")
    (row,) = told["partitions"]
    assert (row["kind"], row["date"], row["letters"], row["rows"]) == (
        "trades",
        "2018-01-02",
        "AB",
        3,
    )
    query = "select letter, count(*) as n, max(price) as top from trades group by all order by all"
    _, told, _ = run("sql", query, "--json")
    assert told["columns"] == ["letter", "n", "top"]
    assert told["rows"] == [["A", 1, "172.500000"], ["B", 2, "172.500000"]]
    assert "first 1 row;" in run("sql", query, "--limit", "1")[1]
    page = run("sql", "select size, price from trades limit 1")[1].split()
    assert page == ["size", "price", "100", "172.5"]
    _, told, _ = run("export", str(tmp_path / "out"), "--to", "csv", "--json")
    assert (told["rows"], told["files"]) == (3, 1)
    assert (tmp_path / "out/trades-2018-01-02.csv.gz").exists()
