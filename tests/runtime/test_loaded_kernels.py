"""Before a live process hears anything, all that is compiled is loaded: no print waits for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from catalog import Catalog
from catalog.synth import synthesize
from tests.forked_processes import ROOT, environment
from tests.signals.test_tape_strategies import DAY


def test_what_is_compiled_is_loaded_before_the_first_print(tmp_path: Path) -> None:
    synthesize(Catalog(str(tmp_path)), DAY, symbols=6, trades=20_000, seed=3, quotes=True)
    words = [sys.executable, "-m", "tests.runtime.first_prints", str(tmp_path), DAY.isoformat()]
    done = subprocess.run(
        words, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["buckets"] > 500
    assert found["loaded"] > 3
    assert found["more"] == []
