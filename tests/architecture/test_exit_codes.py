"""Every number that a help text or a page gives for an exit code is one, and means what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command

from cli.main import app
from engine.domain.exit_codes import ExitCode

_PAGES = Path(__file__).parents[2] / "docs" / "how-to"
_KILLED = 137


def _helps(command: object, name: str = "tradectl") -> Iterator[tuple[str, str]]:
    yield name, str(getattr(command, "help", "") or "")
    for word, inner in dict(getattr(command, "commands", {})).items():
        yield from _helps(inner, f"{name} {word}")


def _codes(text: str) -> set[int]:
    plain = " ".join(text.split())
    found = {int(number) for number in re.findall(r"[Ee]xit codes? (?:are )?(\d+)", plain)}
    for rest in re.findall(r"Exit code \d+: [^.]*\.((?: \d+: [^.]*\.)+)", plain):
        found |= {int(number) for number in re.findall(r"(\d+): ", rest)}
    return found


def _rows(page: str) -> list[list[str]]:
    lines = (_PAGES / page).read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]


def test_each_number_is_an_exit_code_of_the_table() -> None:
    texts = dict(_helps(get_command(app)))
    texts |= {page.name: page.read_text(encoding="utf-8") for page in _PAGES.glob("*.md")}
    given = {name: codes for name, text in texts.items() if (codes := _codes(text))}
    assert given["tradectl journal verify"] == {0, 2, 4, 6}
    assert len(given) > 8
    for name, codes in given.items():
        assert codes <= {int(code) for code in ExitCode} | {_KILLED}, name


def test_the_pages_tell_supervisors_what_the_codes_do() -> None:
    may = {int(code) for code in ExitCode if code.may_restart}
    restart, fix = next(row for row in _rows("script-it.md") if row[0].startswith("1 "))
    assert {int(number) for number in re.findall(r"\b\d+\b", restart)} == may | {_KILLED}
    others = {int(code) for code in ExitCode} - may - {ExitCode.DONE, ExitCode.INTERRUPTED}
    assert {int(number) for number in re.findall(r"\b\d+\b", fix)} == others
    runbook = [row for row in _rows("when-an-alarm-rings.md") if re.match(r"\d", row[0])]
    told = {int(row[0].partition(",")[0]): row[3] == "yes" for row in runbook}
    assert told.pop(_KILLED)
    assert len(told) >= 7
    for code, restarts in told.items():
        assert restarts == ExitCode(code).may_restart, code
    text = (_PAGES / "when-an-alarm-rings.md").read_text(encoding="utf-8")
    (prevented,) = re.findall(r"RestartPreventExitStatus=([\d ]+)", text)
    assert {int(number) for number in prevented.split()} == others
