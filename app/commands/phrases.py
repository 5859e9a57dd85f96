"""The commands that can be typed, each with its form, what it does and an example."""

from __future__ import annotations

import msgspec


class Phrase(msgspec.Struct, frozen=True):
    """One command: ``verb`` is its first word."""

    form: str
    meaning: str
    example: str

    @property
    def verb(self) -> str:
        """The word that it begins with."""
        return self.form.split()[0]


_OPTIONS = "[-sl N] [-tp N] [-tsl N] [-l PRICE] [-t DURATION] [-e VENUE] [-a ACCOUNT]"
_TRADE_OPTIONS = f"{_OPTIONS} [--dry] [--unprotected]"

PHRASES = (
    Phrase("status", "Show phase, limits, locks and alarms.", "status"),
    Phrase("positions [SYMBOL]", "List what is held.", "positions AAPL"),
    Phrase("orders [SYMBOL]", "List open orders.", "orders"),
    Phrase("balance", "Show cash, equity and what the day brought.", "balance"),
    Phrase("why SYMBOL", "Say what was last decided on a symbol.", "why AAPL"),
    Phrase("help [COMMAND]", "List the commands.", "help flatten"),
    Phrase("pause", "Enter nothing until resumed.", "pause"),
    Phrase("resume", "Allow entries again.", "resume"),
    Phrase("stop-entries", "Enter nothing for the rest of the day.", "stop-entries"),
    Phrase("cancel-entries", "Cancel entries that are not filled.", "cancel-entries"),
    Phrase("flatten SYMBOL|all", "Cancel orders and close positions.", "flatten AAPL"),
    Phrase("close SYMBOL|TRADE", "Close one trade.", "close AAPL"),
    Phrase(
        "move-stop TRADE PRICE",
        "Move the stop of a trade towards the market.",
        "move-stop 20260918-AAPL-103005 14.82",
    ),
    Phrase(
        "move-target TRADE PRICE",
        "Move the target of a trade towards the entry.",
        "move-target 20260918-AAPL-103005 15.10",
    ),
    Phrase("lock SYMBOL", "Keep a symbol from being entered.", "lock AAPL"),
    Phrase("unlock SYMBOL", "Let a symbol be entered again.", "unlock AAPL"),
    Phrase(
        "set NAME VALUE … [--base VERSION] --because TEXT",
        "Change parameters from the next bucket on.",
        "set max_trades_per_day 3 --because calm",
    ),
    Phrase(
        "switch-strategy NAME on|off",
        "Switch a strategy of the run on or off from the next bucket on.",
        "switch-strategy reversion off",
    ),
    Phrase(
        "set-weights NAME=W …",
        "Weigh the run's strategies anew from the next bucket on; 1 unless named.",
        "set-weights reversion=2",
    ),
    Phrase("quit", "End the conversation; the run goes on.", "quit"),
    Phrase(
        f"buy SYMBOL NUMBER [UNIT] {_TRADE_OPTIONS}",
        "Understood, but refused: no market takes orders by text yet.",
        "buy btc 80 -tsl 2.8 -e bybit",
    ),
    Phrase(
        f"sell SYMBOL NUMBER|all [UNIT] {_TRADE_OPTIONS}",
        "Understood, but refused: no market takes orders by text yet.",
        "sell btc all",
    ),
    Phrase(
        f"short SYMBOL NUMBER [UNIT] {_TRADE_OPTIONS}",
        "Understood, but refused: no market takes orders by text yet.",
        "short TSLA 10 sh -sl 1.5",
    ),
    Phrase("yes CODE", "Understood, but refused: no preview asks for a code yet.", "yes K7Q2"),
    Phrase("no CODE", "Understood, but refused: no preview asks for a code yet.", "no K7Q2"),
)
"""In the order in which they are listed."""


def phrases(verb: str | None = None) -> tuple[Phrase, ...]:
    """Return all phrases, or those that begin with a verb."""
    return tuple(each for each in PHRASES if verb in (None, each.verb))
