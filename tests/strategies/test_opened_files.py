"""Of the files that are opened while a strategy is asked, those of its own are noted alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked_processes import ROOT, environment

_ASKED = """
import importlib.util, json, sys
from pathlib import Path

import numba

numba.njit(lambda x: x)(1)  # of the compiler itself much is read the first time
from app.strategies.workers.looks_outside import LooksOutside

looks = LooksOutside()
spec = importlib.util.spec_from_file_location("fresh", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
assert module.one(1) == 2
Path(sys.argv[2]).read_bytes()
sys.stdout.write(json.dumps(looks.taken()))
"""


@pytest.mark.parametrize("cache", ["", "elsewhere"])
def test_what_numba_keeps_is_none_of_them(tmp_path: Path, cache: str) -> None:
    """A kernel that is compiled for the first time is written beside its source or elsewhere."""
    source, own = tmp_path / "fresh.py", tmp_path / "prices.csv"
    source.write_text("from numba import njit\n@njit(cache=True)\ndef one(x):\n    return x + 1\n")
    own.write_text("")
    added = {"NUMBA_CACHE_DIR": str(tmp_path / cache)} if cache else {}
    words = [sys.executable, "-c", _ASKED, str(source), str(own)]
    done = subprocess.run(
        words, cwd=ROOT, env=environment() | added, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("*.nbc"))
    assert json.loads(done.stdout) == [str(own)]
