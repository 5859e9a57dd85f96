"""Beside hops 1 → 6: a small day on which something happens all the time, and who trades it."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import Catalog
from catalog.synth import synthesize
from tests.cli.conftest import DAY

pytest.register_assert_rewrite("tests.resume.ended_day")


@pytest.fixture(scope="session")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the catalog of a small synthetic day in which something happens all the time."""
    root = tmp_path_factory.mktemp("tape")
    synthesize(Catalog(str(root)), DAY, symbols=16, trades=120_000, seed=5, quotes=True)
    return root
