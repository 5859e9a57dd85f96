"""The desk's parameters between runs: a journal of their versions in the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.domain.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from engine.domain.facts import ParamsChanged, ParamsWithdrawn
    from engine.domain.parameters.changes import ChangeRefused
    from engine.domain.parameters.versions import ParameterHistory
    from store import Journals

RUN_ID = "parameters"
"""The desk's run among those of the database."""


def read_desk(database: str) -> ParameterHistory:
    """Return the versions kept in a database; the defaults alone where nothing was ever changed."""
    from engine.domain.parameters import Parameters
    from engine.domain.parameters.versions import ParameterHistory
    from store import Journals

    try:
        journals = Journals.existing(database)
    except NotFoundError:
        return ParameterHistory(Parameters())
    return desk_versions(journals)


def desk_versions(journals: Journals) -> ParameterHistory:
    """Return the versions kept in journals that are open; the defaults alone without any.

    Raises
    ------
    JournalBroken
        They are not those that were kept.
    """
    from engine.domain.parameters import Parameters
    from engine.domain.parameters.versions import ParameterHistory, desk_history
    from store import verified_facts

    try:
        facts = verified_facts(journals, RUN_ID)
    except NotFoundError:
        return ParameterHistory(Parameters())
    found = desk_history(fact.payload for fact in facts)
    return found or ParameterHistory(Parameters())


def approved_at_desk(journals: Journals) -> ParameterHistory:
    """Return the same versions for whoever trades by them.

    Raises
    ------
    ConfigError
        One loosens a limit, and whoever made it did not prove who they are.
    """
    from engine.domain.parameters.changes import unproved

    history = desk_versions(journals)
    for change in history.changed:
        if change.version not in history.withdrawn and (names := unproved(change)):
            raise ConfigError(
                f"version {change.version} of the parameters loosens {', '.join(names)} without "
                "--step-up: it did not come from 'tradectl params'; look at 'params history', then "
                "make a version of your own or trade with --params"
            )
    return history


def chosen_at_desk(journals: Journals) -> set[str]:
    """Return the parameters that somebody has changed at the desk, by versions in force by now."""
    history, now = approved_at_desk(journals), time.time_ns()
    began = (each for each in history.changed if each.effective_ns <= now)
    return {
        change.name
        for version in began
        if version.version not in history.withdrawn
        for change in version.changes
    }


def refuse_unproved(change: ParamsChanged) -> None:
    """Let no version through that loosens a limit, unless its author has proved who they are.

    Raises
    ------
    ConfigError
        It does, and nobody has.
    """
    from engine.domain.parameters.changes import unproved

    if names := unproved(change):
        raise ConfigError(f"{', '.join(names)} is raised or loosened: confirm with --step-up")


def write_desk[Answer: ParamsChanged | ParamsWithdrawn | ChangeRefused](
    database: str, who: str, ask: Callable[[ParameterHistory, int], Answer]
) -> tuple[Answer, ParameterHistory]:
    """Ask for a change while nobody else can, keep it if it is granted, and return the history.

    Parameters
    ----------
    ask : callable
        Given the history and the time (UTC ns), returns the fact to keep or a refusal.

    Raises
    ------
    ConfigError
        It would loosen a limit, and nobody has proved who they are.
    JournalError
        Somebody else is writing at this moment, or the database refuses.
    """
    from engine.domain.facts import ParamsChanged
    from engine.domain.parameters import Parameters
    from engine.domain.parameters.changes import ChangeRefused, open_desk
    from engine.domain.parameters.versions import ParameterHistory, desk_history
    from store import Journals

    journals = Journals(database)
    known = any(run.run_id == RUN_ID for run in journals.runs())
    with journals.open(RUN_ID) if known else journals.start(RUN_ID) as journal:
        journal.claim()
        history = desk_history(fact.payload for fact in journal.facts())
        now = time.time_ns()
        opened = None
        if history is None:
            opened = open_desk(Parameters(), now, who, "the defaults")
            history = ParameterHistory(Parameters())
        answer = ask(history, now)
        if isinstance(answer, ChangeRefused):
            return answer, history
        if isinstance(answer, ParamsChanged):
            refuse_unproved(answer)
        with journal.group():
            for payload in filter(None, (opened, answer)):
                journal.append(payload, ts_event=now, ts_init=now)
        return answer, history.after(answer)
