"""Folders and files of a user that are called as ours, or Python's, are nobody's modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.own_process import own_process

TAKEN = ("adapters", "app", "catalog", "cli", "engine", "reports", "store", "strategies")
MODULES = ("random", "secrets", "select", "typing", "uuid", "rich", "typer")
TRADECTL = Path(sys.executable).with_name("tradectl")


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """Return a folder with all these names; importing one of them fails."""
    for name in TAKEN:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('of the user')\n")
    (tmp_path / "simulator").mkdir()  # without code, as data may lie in it
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('of the user')\n")
    return tmp_path


def test_a_strategy_beside_folders_with_taken_names_is_found_and_asked(
    crowded: Path, small_market: Path
) -> None:
    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [TRADECTL, *words], cwd=crowded, capture_output=True, text=True, check=False
        )

    assert run("strategy", "new", "five").returncode == 0
    where = ("--catalog", small_market, "--letters", "A-C")
    checked = run("strategy", "check", "five:Five", *where)
    assert checked.returncode == 0, checked.stderr
    taken = run("strategy", "check", "app:Five", *where)
    assert taken.returncode == 2
    assert "rename it: the name is taken" in " ".join(taken.stderr.split())


def test_the_simulator_of_a_rehearsal_starts_there(crowded: Path) -> None:
    command = own_process("from cli.main import main; main()", "sim", "run", "--help")
    done = subprocess.run(command, cwd=crowded, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Replay a recorded day" in done.stdout
