"""Commands that are close to a text which is none; which of them are valid is not known here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from app.commands.ticket_grammar import ALL, OPTIONS
from app.commands.words import GrammarError, Word, Words

_LONGEST = 24
"""Characters beyond which a word is no misspelt verb or option."""

_INSTEAD = {"close": "flatten all", "sell": "flatten all", "lock": "pause", "unlock": "resume"}
"""What does to everything what a verb does to one symbol."""


def near_commands(text: str, error: GrammarError, verbs: Sequence[str]) -> Iterator[str]:
    """Yield what somebody may have meant, the likeliest first."""
    try:
        words = list(Words(text))
    except GrammarError:
        return
    if not words:
        return
    typed = [word.text for word in words]
    verb, *rest = typed
    joined = "-".join(typed[:2]).lower()
    if joined in verbs:
        yield " ".join((joined, *typed[2:]))
    for near in _near(verb, verbs):
        yield " ".join((near, *rest))
    if len(typed) > 2:  # noqa: PLR2004  (verb, amount and symbol in the wrong order)
        yield " ".join((verb, typed[2], typed[1], *typed[3:]))
    if rest and rest[0].lower() == ALL:
        yield f"{verb} {ALL}"
        yield _INSTEAD.get(verb.lower(), "")
    if verb.lower() == "set" and any("=" in word for word in rest):
        yield " ".join((verb, *(word.replace("=", " ", 1) for word in rest)))
    yield from _other_option(words, error.column)


def _other_option(words: Sequence[Word], column: int) -> Iterator[str]:
    """Yield the text with the word at a column, if no option, as each that is spelt like it."""
    for place, word in enumerate(words):
        if word.column == column and word.text.startswith("-") and word.lower not in OPTIONS:
            for near in _near(word.text, list(OPTIONS)):
                others = [each.text for each in words]
                yield " ".join((*others[:place], near, *others[place + 1 :]))


def _near(word: str, known: Sequence[str]) -> list[str]:
    return get_close_matches(word.lower(), known, n=3) if len(word) <= _LONGEST else []
