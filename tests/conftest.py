"""Beside every hop: what all tests share: recorded days, and chance that can be repeated."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

settings.register_profile(
    "local", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded market data and fixtures, or skip where there is none."""
    folder = Path(os.environ.get("TRADECTL_SHARED", ROOT.parent / "shared")).resolve()
    if not (folder / "data" / "ticks").is_dir():
        pytest.skip(
            f"no recorded days in {folder}; point TRADECTL_SHARED at a folder that has data/"
        )
    return folder
