"""The tables of a database brought from one revision to another, by Alembic."""

from __future__ import annotations

import logging

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from engine.domain.errors import ConfigError, JournalError
from store.database.revisions import MIGRATIONS, UNSTAMPED

_log = logging.getLogger(__name__)


def migrate(connection: Connection, present: str | None, revision: str) -> None:
    """Bring the tables, and what is in them, up or down to a revision.

    Parameters
    ----------
    present : str or None
        Revision of the tables, None where there are none.
    revision : str
        ``head`` for the newest.

    Raises
    ------
    ConfigError
        There is no such revision.
    JournalError
        The tables were made by a newer version.
    """
    config = _config(connection)
    script = ScriptDirectory.from_config(config)
    known = [step.revision for step in script.walk_revisions()]
    target = known[0] if revision == "head" else revision
    if target not in known:
        raise ConfigError(f"expected a revision of {', '.join(reversed(known))}, found {revision}")
    if present is not None and present not in known:
        raise JournalError(
            f"the tables are of revision {present}, this tradectl knows up to {known[0]}: "
            "use the newer tradectl that made them"
        )
    if present == UNSTAMPED:
        command.stamp(config, UNSTAMPED)
    later = present is None or known.index(target) <= known.index(present)
    (command.upgrade if later else command.downgrade)(config, target)
    _log.info("migrated the tables from revision %s to %s", present, target)


def stamp(connection: Connection) -> None:
    """Say of tables that were just made that they are of the newest revision."""
    command.stamp(_config(connection), "head")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
