"""The words of a typed command, each with its column, and the error that points at one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from engine.domain.errors import ConfigError

MOST_CHARACTERS = 1_000
"""Length of the longest command."""

_WORD = re.compile(r"\S+")


class GrammarError(ConfigError):
    """A text is no command.

    Attributes
    ----------
    column : int
        Where, from 1; one past the last character where a word is missing at the end.
    expected : str
        What should stand there.
    suggestion : str or None
        A command that is close by.
    """

    def __init__(self, column: int, expected: str, suggestion: str | None = None) -> None:
        hint = "" if suggestion is None else f"; did you mean {suggestion}?"
        super().__init__(f"column {column}: expected {expected}{hint}")
        self.column = column
        self.expected = expected
        self.suggestion = suggestion


class Word(NamedTuple):
    """A word as it was typed, and the column of its first character, from 1."""

    text: str
    column: int

    @property
    def lower(self) -> str:
        """The word in small letters: verbs, options and units may be typed either way."""
        return self.text.lower()


class Words:
    """What is left to read of a text, word by word.

    Raises
    ------
    GrammarError
        The text is longer than ``MOST_CHARACTERS``.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MOST_CHARACTERS:
            raise GrammarError(MOST_CHARACTERS + 1, f"at most {MOST_CHARACTERS:,} characters")
        self._text = text
        self._end = len(text.rstrip()) + 1
        self._left = [Word(found[0], found.start() + 1) for found in _WORD.finditer(text)]
        self._left.reverse()

    @property
    def next(self) -> Word | None:
        """The word that comes next; None at the end."""
        return self._left[-1] if self._left else None

    def take(self, expected: str) -> Word:
        """Return the next word and move on; raise ``GrammarError`` at the end."""
        if not self._left:
            raise GrammarError(self._end, expected)
        return self._left.pop()

    def rest(self, expected: str) -> str:
        """Return all that is left as it was typed; raise ``GrammarError`` if it is nothing."""
        first = self.take(expected)
        self._left.clear()
        return self._text[first.column - 1 :].rstrip()

    def finish(self) -> None:
        """Raise ``GrammarError`` unless everything was read."""
        if self._left:
            raise GrammarError(self._left[-1].column, "the end of the command")

    def __iter__(self) -> Iterator[Word]:
        """Yield the words that are left, moving on."""
        while self._left:
            yield self._left.pop()
