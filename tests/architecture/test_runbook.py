"""Whatever rings has an entry in the runbook, and the runbook has no entry for what does not."""

from __future__ import annotations

import re
from pathlib import Path

from engine.display.remedies import REMEDIES, remedy
from engine.domain.facts import Alarm

_ROOT = Path(__file__).parents[2]
_OF_AN_ORDER = {"order", "change of", "stray", "command", "slot"}
_OTHERS = {"The process has ended"}
_TOLD = re.compile(r'issue_raised\(\s*f?"([a-z -]+?)"?[ {",]')


def _entries() -> set[str]:
    text = (_ROOT / "docs" / "how-to" / "when-an-alarm-rings.md").read_text()
    return {
        name
        for title in re.findall(r"^## (.+)$", text, re.MULTILINE)
        for name in ([title] if title in _OTHERS else title.split(", "))
    }


def test_every_trouble_and_alarm_has_an_entry_and_every_entry_rings() -> None:
    rings = set(REMEDIES) | _OF_AN_ORDER
    assert set(Alarm) <= rings
    assert _entries() - _OTHERS == rings


def test_every_name_that_the_sources_tell_has_a_remedy_of_its_own() -> None:
    sources = [
        path
        for room in ("adapters", "app", "cli", "engine/runtime/live")
        for path in (_ROOT / room).rglob("*.py")
    ]
    told = {name for path in sources for name in _TOLD.findall(path.read_text())}
    assert told
    for name in told:
        assert name in REMEDIES or name in _OF_AN_ORDER, name
    assert remedy("order 7") != remedy("feed")
