"""The log: a JSON object per line, turned over by size, without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app.redaction import redacted
from engine.domain.errors import ConfigError

_MOST_BYTES = 16 << 20
_KEPT_FILES = 5
_NANOS = 1_000_000_000


class Level(StrEnum):
    """How much is logged: from everything to failures only."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class JsonLines(logging.Formatter):
    """Formats a record as one line.

    Its fields: ``ts`` (UTC ns), ``level``, ``logger``, ``message``, ``process``; ``run_id`` where a
    run is spoken of (``extra={"run_id": …}``), ``exception`` where one was caught.
    """

    def __init__(self, secrets: frozenset[str]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, less what is secret in it."""
        line: dict[str, object] = {
            "ts": round(record.created * _NANOS),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage(), self._secrets),
            "process": record.process,
        }
        if (run_id := getattr(record, "run_id", None)) is not None:
            line["run_id"] = redacted(str(run_id), self._secrets)
        if record.exc_info:
            line["exception"] = redacted(self.formatException(record.exc_info), self._secrets)
        return json.dumps(line)


@contextmanager
def json_log(
    path: Path | None, level: Level, secrets: frozenset[str], most_bytes: int = _MOST_BYTES
) -> Iterator[None]:
    """Log into a file while the context lasts; without one, nowhere.

    When it has ``most_bytes`` the file becomes ``<name>.1``, that one ``.2`` and so on to ``.5``,
    the last. Processes that log at the same time need files of their own.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    handler: logging.Handler = logging.NullHandler()
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handler = RotatingFileHandler(
                path, maxBytes=most_bytes, backupCount=_KEPT_FILES, encoding="utf-8"
            )
        except OSError as error:
            raise ConfigError(
                f"cannot log into {path}: {error.strerror}; give another with --log-file"
            ) from error
        handler.setFormatter(JsonLines(secrets))
    # Alembic logs every look at a database, httpx of every request with its whole address.
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
        handler.close()
