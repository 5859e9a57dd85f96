"""Change the desk's parameters: asked, previewed, kept or refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from app.parameters.desk import read_desk, refuse_unproved, write_desk
from app.parameters.preview import ChangePreview, RecordProgress, Traded, previewed
from app.redaction import refuse_secrets
from app.strategies import hosted
from engine.domain.facts import ParamsChanged
from engine.domain.parameters.changes import (
    ChangeRefusal,
    ChangeRefused,
    propose,
    roll_back,
    step_ups,
    takes,
    withdraw,
)
from engine.domain.parameters.versions import ParameterHistory

type ChangeWish = Callable[..., ParamsChanged | ChangeRefused]
"""Given a history, and who asks when and why, returns the version to keep or a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for a change and why; ``base`` is the newest version they have seen, None: this."""

    who: str
    because: str
    base: int | None
    stepped_up: bool


class ChangeProposal:
    """A change that was looked at and is not kept yet.

    Parameters
    ----------
    database : str
        Where the desk is.
    wish : ChangeWish
    asker : Asker
    """

    def __init__(self, database: str, wish: ChangeWish, asker: Asker) -> None:
        self._database = database
        self._wish = wish
        self._asker = asker
        self._seen = read_desk(database)
        self.answer = self._ask(self._seen, time.time_ns())

    def preview(
        self, catalog: str, start: str | None, end: str | None, progress: RecordProgress
    ) -> ChangePreview | None:
        """Return what the change would have done; raises as ``previewed`` does."""
        if isinstance(self.answer, ChangeRefused):
            return None
        effective_ns = self.answer.effective_ns
        before = self._seen.at(effective_ns)
        after = self._seen.after(self.answer).at(effective_ns)
        alone = hosted()
        sides = Traded(before, alone), Traded(after, alone)
        return previewed(catalog, *sides, start, end, progress)

    def refuse_unproved(self) -> None:
        """Raise ``ConfigError`` if the change loosens a limit and nobody has stepped up."""
        if isinstance(self.answer, ParamsChanged):
            refuse_unproved(self.answer)

    def keep(self) -> ParamsChanged | ChangeRefused:
        """Keep the change, unless somebody made another one since; raises as ``write_desk``."""
        kept, _ = write_desk(self._database, self._asker.who, self._ask)
        return kept

    def _ask(self, history: ParameterHistory, now: int) -> ParamsChanged | ChangeRefused:
        asker = self._asker
        base = self._seen.latest if asker.base is None else asker.base
        return self._wish(
            history,
            base=base,
            now=now,
            who=asker.who,
            because=asker.because,
            stepped_up=asker.stepped_up,
        )


def new_values(values: Mapping[str, Any], effective_ns: int | None = None) -> ChangeWish:
    """Return the wish for new values, from an instant on (UTC ns) or from now.

    Raises
    ------
    ConfigError
        One of them is a secret.
    """
    refuse_secrets({f"parameter {name}": str(value) for name, value in values.items()})

    def wish(history: ParameterHistory, **asked: Any) -> ParamsChanged | ChangeRefused:
        return propose(history, dict(values), effective_ns=effective_ns, **asked)

    return wish


def values_of(version: int) -> ChangeWish:
    """Return the wish that everything is as it was in an earlier version."""
    return lambda history, **asked: roll_back(history, version, **asked)


def withdraw_scheduled(database: str, version: int, who: str, because: str) -> ChangeRefused | None:
    """Take a scheduled change back; return why not, None when it is done."""
    answer, _ = write_desk(
        database,
        who,
        lambda history, now: withdraw(history, version, now=now, who=who, because=because),
    )
    return answer if isinstance(answer, ChangeRefused) else None


def scheduled_changes(database: str) -> tuple[ParamsChanged, ...]:
    """Return the changes that are yet to take effect."""
    return tuple(read_desk(database).scheduled(time.time_ns()))


def refusal_message(refused: ChangeRefused) -> str:
    """Return why nothing is changed; the engine's session is more hours than most people's."""
    if refused.reason is not ChangeRefusal.NEEDS_RESTART:
        return refused.detail
    return f"{refused.detail} (a session is 04:00 to the close, New York time)"


def change_row(change: ParamsChanged) -> dict[str, Any]:
    """Return a version by name, with how each value takes effect and what needs a step-up."""
    told: dict[str, Any] = msgspec.to_builtins(change)
    return told | {
        "takes": {each.name: takes(each.name) for each in change.changes},
        "step_up": list(step_ups(change.changes)),
    }
