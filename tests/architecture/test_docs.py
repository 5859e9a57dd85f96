"""The docs say what the code does, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from docs.generate import REFERENCE, pages
from engine.domain.facts import AnyPayload
from engine.domain.parameters import Parameters

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


@pytest.mark.parametrize("name", pages())
def test_reference_page_is_what_the_code_says(name: str) -> None:
    stored = (REFERENCE / name).read_text(encoding="utf-8")
    assert stored == pages()[name], "run `make docs`"


def test_every_parameter_and_fact_has_its_row() -> None:
    parameters, facts = pages()["parameters.md"], pages()["facts.md"]
    assert all(f"| `{name}` |" in parameters for name in Parameters.model_fields)
    assert all(f"## `{kind.__struct_config__.tag}`" in facts for kind in get_args(AnyPayload))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_page_is_reached_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    others = [page for page in PAGES if page.is_relative_to(ROOT / "docs")]
    missing = [
        page.name
        for page in others
        if page.name != "index.md"
        and f"({page.relative_to(ROOT / 'docs').as_posix()})" not in index
    ]
    assert missing == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_decision_record_says_why_and_what_follows(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert all(f"\n## {part}\n" in text for part in ("Context", "Decision", "Consequences"))
    assert 15 <= len(text.splitlines()) <= 45
