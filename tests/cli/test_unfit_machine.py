"""A machine that cannot carry a start says so at once; whatever fails, no traceback is shown."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from engine.domain.exit_codes import ExitCode
from tests.forked_processes import ROOT, environment

_MIB = 1 << 20
_DROP_FROM_BOUNDING_SET, _OVERRIDE = 24, 1
"""``PR_CAPBSET_DROP`` and ``CAP_DAC_OVERRIDE``: without it root, too, obeys permissions."""


@dataclass(frozen=True, slots=True)
class _Said:
    code: int
    out: str
    err: str


def _run(
    words: tuple[str | Path, ...],
    folder: Path,
    *,
    limit: tuple[int, int] | None = None,
    added: Mapping[str, str] | None = None,
    out: IO[str] | int = subprocess.PIPE,
    program: tuple[str, ...] = ("-m", "cli.main"),
) -> _Said:
    """Run a command as a shell would, bound by permissions and by a limit."""

    def bound() -> None:
        ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _OVERRIDE)
        if limit is not None:
            resource.setrlimit(limit[0], (limit[1], limit[1]))

    ended = subprocess.run(
        [sys.executable, *program, *map(str, words)],
        cwd=folder,
        env=environment() | dict(added or {}),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=bound,
    )
    return _Said(ended.returncode, ended.stdout or "", ended.stderr)


_FILES = (resource.RLIMIT_NOFILE, 20), "descriptors: 20 (ulimit -n), expected at least"
_SPACE = (resource.RLIMIT_AS, 1_500 * _MIB), "address space: 1,536,000 (ulimit -v), expected"


@pytest.mark.parametrize(
    ("command", "limit", "words"),
    [
        ("live", *_FILES),
        ("live", *_SPACE),
        ("rehearse", *_FILES),
        ("session", *_FILES),
        ("backtest", *_SPACE),
        ("sim run", *_SPACE),
    ],
)
def test_a_limit_that_is_too_low_is_named_with_its_figure_before_anything_begins(
    tmp_path: Path, command: str, limit: tuple[int, int], words: str
) -> None:
    said = _run((*command.split(),), tmp_path, limit=limit)
    assert said.code == ExitCode.CONFIG, said.err
    assert words in said.err
    assert "Traceback" not in said.err
    assert not list(tmp_path.iterdir())


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """Return a folder that can be read and not written."""
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "facts.sqlite").touch(0o444)
    folder.chmod(0o555)
    return folder


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("live", "--database", "closed/new.sqlite"), "closed cannot be written"),
        (("live", "--database", "closed/facts.sqlite"), "cannot be read and written"),
        (("live", "--database", "closed"), "is a folder, expected a file"),
        (("live", "--runs", "closed/facts.sqlite/runs"), "is a file, expected a folder"),
        (("session", "--database", "closed/new.sqlite"), "closed cannot be written"),
        (("sim", "run", "--state", "closed/state"), "closed cannot be written"),
        (("params", "set", "min_ac_z=2", "--yes", "--because", "x", "--who", "ann",
          "--database", "closed/new.sqlite"), "unable to open database file"),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_written_is_named(
    closed: Path, words: tuple[str, ...], told: str
) -> None:
    said = _run(words, closed.parent)
    assert said.code == ExitCode.CONFIG, said.err
    assert told in said.err
    assert "Traceback" not in said.err


_FAILS = (
    "import cli.main as main\n"
    "def app():\n"
    "    raise ZeroDivisionError('secret planted-secret-4711')\n"
    "main.app = app\n"
    "main.main()\n"
)


def test_what_nobody_foresaw_is_one_line_and_a_file_with_the_traceback(tmp_path: Path) -> None:
    added = {"TMPDIR": str(tmp_path), "APCA_API_SECRET_KEY": "planted-secret-4711"}
    said = _run(("--json",), tmp_path, added=added, program=("-c", _FAILS))
    assert said.code == ExitCode.FAILED
    assert len(said.err.splitlines()) == 1
    assert "unexpected: ZeroDivisionError" in said.err
    assert '"status": "error"' in said.out
    (kept,) = tmp_path.glob("tradectl-crash-*.txt")
    assert str(kept) in said.err
    assert "Traceback (most recent call last)" in kept.read_text()
    assert "planted-secret" not in said.err + said.out + kept.read_text()


def _closed_output(folder: Path) -> _Said:
    return _run(
        ("-c", 'exec "$0" -m cli.main --help >&-', sys.executable), folder, program=("-c", _SH)
    )


def _full_output(folder: Path) -> _Said:
    with Path("/dev/full").open("w") as full:
        return _run(("sim", "run", "--help"), folder, out=full)


def _nobody_reads(folder: Path) -> _Said:
    reads, writes = os.pipe()
    os.close(reads)
    try:
        return _run(("sim", "run", "--help"), folder, out=writes)
    finally:
        os.close(writes)


def _plain_locale(folder: Path) -> _Said:
    bare = {
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
    }
    return _run(("sim", "run", "--help"), folder, added=bare)


def _no_home(folder: Path) -> _Said:
    return _run(("runs", "list"), folder, added={"HOME": "/nowhere", "TMPDIR": "/nowhere"})


_SH = "import os, sys; os.execvp('sh', ['sh', *sys.argv[1:]])"


@pytest.mark.parametrize(
    ("started", "codes"),
    [
        (_closed_output, {ExitCode.DONE}),
        (_full_output, {ExitCode.FAILED}),
        (_nobody_reads, {ExitCode.FAILED}),
        (_plain_locale, {ExitCode.DONE}),
        (_no_home, {ExitCode.DONE}),
    ],
    ids=["closed output", "full output", "nobody reads", "plain locale", "no home, no TMPDIR"],
)
def test_an_odd_surrounding_never_shows_a_traceback(
    tmp_path: Path, started: Callable[[Path], _Said], codes: set[int]
) -> None:
    said = started(tmp_path)
    assert "Traceback" not in said.err
    assert said.code in codes, said.err


def test_every_code_of_the_table_is_used_or_reserved_and_says_what_to_do() -> None:
    assert {int(code) for code in ExitCode} == {0, 1, 2, 3, 4, 5, 6, 75, 130}
    assert {code for code in ExitCode if code.may_restart} == {1, 75}
    runbook = (ROOT / "docs" / "how-to" / "when-an-alarm-rings.md").read_text()
    fixed = [f"{int(code)}" for code in ExitCode if 1 < code < ExitCode.UNAVAILABLE]
    assert f"RestartPreventExitStatus={' '.join(fixed)}" in runbook
