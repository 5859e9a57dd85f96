"""Of the files that are opened while a strategy is asked, those of its own are noted alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numba
import pytest

from app.strategies.opened_files import noting


@pytest.mark.parametrize("cache", [None, "elsewhere"])
def test_what_numba_keeps_is_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str | None
) -> None:
    """A kernel that is compiled for the first time is written beside its source or elsewhere."""
    if cache:
        monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path / cache))
    source, own = tmp_path / "fresh.py", tmp_path / "prices.csv"
    source.write_text("from numba import njit\n@njit(cache=True)\ndef one(x):\n    return x + 1\n")
    own.write_text("")
    numba.njit(lambda x: x)(1)  # of the compiler itself much is read the first time
    opened: list[str] = []
    with noting(opened):
        spec = importlib.util.spec_from_file_location("fresh", source)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.one(1) == 2
        own.read_bytes()
    assert list(tmp_path.rglob("*.nbc"))
    assert opened == [str(own)]
