"""Every help is whole at 80 and at 140 columns: no word of it is cut, no line too long."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest
from typer.main import get_command

from cli.main import app

_FRAME = str.maketrans(dict.fromkeys("│╭╮╰╯─", " "))
_MARKS = str.maketrans(dict.fromkeys("[]", " "))
"""Typer puts them around what it tells of an option itself."""


def _commands(line: Any, context: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every command and group with its context."""
    yield line, context
    for word, inner in getattr(line, "commands", {}).items():
        yield from _commands(inner, type(context)(inner, info_name=word, parent=context))


def _texts(line: Any) -> Iterator[str]:
    """Yield what the help of a command is to show."""
    yield line.help or ""
    yield from (
        (each.help or "").split("\n\n")[0] for each in getattr(line, "commands", {}).values()
    )
    for each in line.params:
        if each.param_type_name == "option":
            yield " ".join((*each.opts, *each.secondary_opts))
        yield getattr(each, "help", None) or ""
        yield each.metavar or ""
        yield each.envvar if isinstance(each.envvar, str) else ""


def _words(text: str) -> list[str]:
    plain = text.translate(_FRAME)
    return [*plain.split(), *plain.translate(_MARKS).split()]


@pytest.mark.parametrize("width", [80, 140])
def test_no_word_of_any_help_is_cut(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", width)
    root = get_command(app)
    broken: dict[str, list[str]] = {}
    pages = 0
    top = root.make_context("tradectl", ["doctor"], resilient_parsing=True)
    for line, context in _commands(root, top):
        out = io.StringIO()
        with redirect_stdout(out):
            line.get_help(context)
        page = out.getvalue()
        shown = _words(page)
        assert max(map(len, page.splitlines())) <= width
        pages += 1
        choices = [word for word in page.translate(_FRAME).split() if word.startswith("<")]
        assert not [word for word in choices if "|" in word and not word.endswith(">")]
        if cut := [word for text in _texts(line) for word in _words(text) if word not in shown]:
            broken[context.command_path] = cut
    assert pages > 90
    assert broken == {}
