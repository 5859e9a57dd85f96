"""The commands that README and how-to pages show are run as they stand."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from contextlib import chdir
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]


def commands(page: Path, tool: str) -> list[list[str]]:
    """Return the command lines that a page's console blocks show for a tool."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line[2:])[1:] for line in lines if line.startswith(f"$ {tool} ")]


def tradectl(arguments: list[str], place: Path) -> Result:
    """Run a command as a user in a folder would, in this process: starting one takes longer."""
    ours = {name: None for name in os.environ if name.startswith("TRADECTL_")}
    with chdir(place):
        return CliRunner().invoke(app, arguments, env=ours)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the README's synthetic day, a run of it, and files to import."""
    place = tmp_path_factory.mktemp("workplace")
    synth = next(line for line in commands(ROOT / "README.md", "tradectl") if "synth" in line)
    for arguments in (synth, ["backtest"]):
        done = tradectl(arguments, place)
        assert done.exit_code == 0, done.output
    stored = place / "data" / "catalog"
    shutil.copy(next(stored.glob("trades/*/letter=Z/*.parquet")), place / "trades.parquet")
    quotes = next(stored.glob("quotes/*/letter=Z/*.parquet"))
    duckdb.sql(f"copy (from '{quotes}') to '{place}/quotes.csv.gz'")
    return place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_the_page_run(page: Path, workplace: Path, tmp_path: Path) -> None:
    lines = commands(page, "tradectl")
    place = tmp_path / "place"
    shutil.copytree(workplace, place)
    if any("import" in arguments for arguments in lines):
        shutil.rmtree(place / "data")
    for arguments in lines:
        done = tradectl(arguments, place)
        assert done.exit_code == 0, f"tradectl {shlex.join(arguments)}\n{done.output}"
        assert done.stdout


def test_readme_shows_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {arguments[0] for arguments in commands(ROOT / "README.md", "make")}
    assert {"demo", "test"} <= shown <= targets
