"""No bytes of strangers end in anything but an answer or an error that says what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz.run import failure, tried
from tests.fuzz.targets import TARGETS

SEED = int(os.environ.get("TRADECTL_SEED", "1"))
EXAMPLES = {"parquet": 60, "dbn": 60, "yaml": 60}
"""Of others 120; `make soak` goes on with new ones."""


@pytest.mark.parametrize("name", TARGETS)
def test_what_failed_once_does_not_fail_again(name: str, tmp_path: Path) -> None:
    _expect_installed(name)
    seeds = TARGETS[name].seeds()
    assert seeds
    failed = {of: failure(TARGETS[name], content, tmp_path) for of, content in seeds.items()}
    assert not {of: error for of, error in failed.items() if error is not None}


@pytest.mark.parametrize("name", TARGETS)
def test_changed_bytes_are_read_or_refused_in_words(name: str, tmp_path: Path) -> None:
    _expect_installed(name)
    found = tried(TARGETS[name], EXAMPLES.get(name, 120), SEED, tmp_path)
    if found is not None:
        raise AssertionError(f"put {found.content[:2000]!r} into corpus/{name}") from found.error


def _expect_installed(name: str) -> None:
    if name == "dbn":
        pytest.importorskip("databento_dbn", reason="reading DBN needs the databento extra")
