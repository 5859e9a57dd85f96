"""Lists of symbols as they are given: between commas, or in a file that ``@FILE`` names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.domain.errors import ConfigError
from engine.domain.symbols import expect_symbol

_MARK = "@"
_COMMENT = "#"


def listed_symbols(words: str | Iterable[str], where: str) -> tuple[str, ...]:
    """Return the symbols of some lists, each once, ascending, in the capitals they are written in.

    Parameters
    ----------
    words : str or iterable of str
        Each a list with commas; a part ``@FILE`` stands for those in a text file: one a line or
        with commas, and nothing from a ``#`` at the start of a word to the end of its line.
    where : str
        What they were given as, such as ``--symbols``.

    Raises
    ------
    ConfigError
        A file cannot be read, no symbol is named, or one can be none.
    """
    given = [words] if isinstance(words, str) else list(words)
    parts = [part.strip() for word in given for part in word.split(",")]
    named = [name for part in parts for name in _names(part, where)]
    if not named:
        said = " ".join(given)
        raise ConfigError(f"{where} {said!r} names no symbol; write AAPL,MSFT or @FILE")
    return tuple(sorted({expect_symbol(name, where) for name in named}))


def typed_symbols(text: str) -> tuple[str, ...]:
    """Return the symbols between commas, none of an empty text; no file is read for a caller.

    Raises
    ------
    ConfigError
        One of them can be none.
    """
    names = {part.strip() for part in text.split(",")} - {""}
    return tuple(sorted(expect_symbol(name, "symbols") for name in names))


def _names(part: str, where: str) -> Iterator[str]:
    """Yield what one part of a list stands for."""
    if not part.startswith(_MARK):
        yield from [part] if part else []
        return
    file = Path(part[len(_MARK) :])
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigError(
            f"{where} {part} cannot be read: {why}; expected a text file with a symbol a line"
        ) from error
    for line in lines:
        for word in line.replace(",", " ").split():
            if word.startswith(_COMMENT):
                break
            yield word
