"""YAML files with more in them than parameters are refused in words, at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.parameters.file import load_parameters
from app.parameters.schedule import load_schedule
from engine.domain.errors import ConfigError
from engine.domain.parameters import Parameters

BOMB = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "aliases are not taken"),
        ("[" * 100_000, "nested deeper than 16 levels"),
        ("a: " + "{b: " * 17, "nested deeper than 16 levels"),
        ("- " * 40, "nested deeper than 16 levels"),
        ("a: " + "x" * (1 << 20), "more than 1,048,576 bytes"),
        ("a: 1\n---\nb: 2", "a single document"),
        ("a: \0", "special characters are not allowed"),
    ],
)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "given.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_parameters(path)
    with pytest.raises(ConfigError, match=said):
        load_schedule(path, Parameters(), "ann")


@pytest.mark.parametrize("text", ["index_symbols: [[SPY]]", "? [a]\n: 1", "? {a: b}\n: 1"])
def test_a_value_is_a_value_or_a_list_of_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "given.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="line 1"):
        load_parameters(path)
