"""A small day on which something happens all the time, and who trades it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.resume import soak


@pytest.fixture(scope="session")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the catalog of a small synthetic day in which something happens all the time."""
    return soak.tape(tmp_path_factory.mktemp("tape"))
