"""``make quick`` stays quick: nothing in its folders waits for a server or for another command."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_SLOW = re.compile(r"\b(nursery|postgres|database_url|simulated)\b *[:(]|\bPostgres\(")


def test_no_folder_of_make_quick_starts_a_database_server_or_a_command() -> None:
    makefile = (_ROOT / "Makefile").read_text()
    (listed,) = re.findall(r"^QUICK := ((?:.*\\\n)*.*)$", makefile, re.MULTILINE)
    folders = listed.replace("\\", " ").split()
    assert len(folders) > 8
    for folder in folders:
        files = list((_ROOT / "tests" / folder).glob("*.py"))
        assert files, folder
        for path in files:
            assert not _SLOW.search(path.read_text()), path
    assert _SLOW.search((_ROOT / "tests" / "store" / "test_journal.py").read_text())
