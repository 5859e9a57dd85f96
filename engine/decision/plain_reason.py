"""Reasons as people read them; what counts and scripts read are the codes."""

from __future__ import annotations

import re

from engine.decision.governor.command_answer import DeclineReason
from engine.decision.refusal import RefusalReason
from engine.domain.facts import ExitReason
from engine.domain.parameters.changes import ChangeRefusal

_OF_COMMANDS = sorted({*DeclineReason, *ChangeRefusal})
_LEADING = re.compile(rf"^(?:(?:{'|'.join(_OF_COMMANDS)}): )+")
_CODES = sorted(each for each in {*RefusalReason, *ExitReason, *_OF_COMMANDS} if "_" in each)
_CODE = re.compile(rf"\b(?:{'|'.join(_CODES)})\b(?=[:,;]|$)")
"""A code that stands for itself: ``no_entry_after 15:30`` is the parameter."""


def refusal_in_words(reason: str) -> str:
    """Return why a command is refused without the codes before the sentence.

    ``change_refused: breaks_a_rule: min_price 9 must be below max_price 5`` says the rule alone.
    """
    sentence = _LEADING.sub("", reason)
    if reason.startswith(f"{DeclineReason.ALREADY_SO}: "):
        return f"it is so already: {sentence}"
    return sentence


def codes_in_words(text: str) -> str:
    """Return a text with the codes of reasons in it as words, as ``refused: symbol in trade``."""
    return _CODE.sub(lambda found: found[0].replace("_", " "), text)
