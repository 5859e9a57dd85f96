"""What a stranger's strategy does before it is asked about a day cannot stop or end a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.strategies import hosted
from app.strategies.workers import StrategyProcesses, asked_outside, described, made_outside
from engine.domain.errors import ConfigError

_STRATEGY = """
import os, signal, sys, threading, time
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy
{module}
class Own(StrategyParameters):
    n: int = 1
    def model_post_init(self, context):
        if self.n == 2: {parameters}
class Mine(TapeStrategy):
    strategy_id = "mine"
    Parameters = Own
    def __init__(self, parameters=None):
        super().__init__(parameters)
        {making}
    def needs(self):
        {needs}
        return ()
    def signals(self, tape):
        return None
"""
_NOTHING = dict.fromkeys(("module", "parameters", "making", "needs"), "pass")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(name: str, **code: str) -> str:
    """Write a strategy with some code in one place; return its ``module:Class``."""
    Path(f"{name}.py").write_text(_STRATEGY.format(**(_NOTHING | code)))
    return f"{name}:Mine"


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("module", "its module"),
        ("parameters", "one of its parameters"),
        ("making", "its __init__"),
        ("needs", "its needs()"),
    ],
)
def test_one_that_never_returns_is_named_with_what_was_running(
    place: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, processes = (
        written(f"sleeps_{place}", **{place: "time.sleep(1e9)"}),
        StrategyProcesses(),
    )
    if place != "module":
        described(source, processes)
    monkeypatch.setattr(asked_outside, "DESCRIBING_SECS", 2.0)
    with pytest.raises(ConfigError) as error:
        described(source, processes) if place == "module" else made_outside(
            source, {"n": 2}, processes
        )
    said = str(error.value)
    assert said.startswith(f"strategy {source} cannot be hosted: it did not return within 2 s, ")
    assert f"while {named} was running" in said
    assert said.endswith("see docs/how-to/write-a-strategy.md")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("os._exit(0)", "its process ended with exit code 0, while its module was running"),
        ("os.kill(os.getpid(), 9)", "its process was killed by SIGKILL, while"),
        ("os.closerange(3, 1_000)", "its process ended with exit code 1, while"),
        ("raise KeyboardInterrupt('odd')", "cannot be imported from"),
        ("class Odd(BaseException): pass\nraise Odd('one')", "Odd: one"),
        ("os.fork() or os._exit(7)\nos.abort()", "its process was killed by SIGABRT, while"),
    ],
)
def test_one_that_takes_its_process_down_is_named(code: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        hosted([written("falls", module=code)])


def test_one_that_forks_answers_once_and_its_child_ends_at_once() -> None:
    source = written("forks", module="\nopen('child', 'w').write(str(os.fork()))")
    assert hosted([source]).names == ("mine",)
    stat = Path(f"/proc/{int(Path('child').read_text())}/stat")
    while stat.exists() and "Z" not in stat.read_text().split():
        pass


def test_nothing_of_it_is_imported_here_and_what_it_prints_is_no_answer_of_ours(
    capfd: pytest.CaptureFixture[str],
) -> None:
    words = {
        place: f"print('of {place}'); os.system('echo by a child of {place}')" for place in _NOTHING
    }
    source = written("chatty", **words)
    here = "\nfrom pathlib import Path\nPath('process').write_text(str(os.getpid()))"
    Path("chatty.py").write_text(Path("chatty.py").read_text() + here)
    assert hosted([source], values={"mine.n": 2}).names == ("mine",)
    assert Path("process").read_text() != str(os.getpid())
    printed = capfd.readouterr()
    assert printed.out == ""
    for place in _NOTHING:
        assert f"of {place}\n" in printed.err
        assert f"by a child of {place}\n" in printed.err
