"""The last resort: what nobody foresaw, its traceback kept in a file and no longer shown."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path

from app.redaction import secrets_hidden
from engine.domain.exit_codes import ExitCode


def report_crash(error: BaseException) -> ExitCode:
    """Write a traceback into a file, say in one line what failed and where it is; return the code.

    What the system refuses to an output, as on a full disk, needs no traceback.

    The file lies in the first folder that takes it: that for temporary files, the current one.
    """
    whole = secrets_hidden("".join(traceback.format_exception(error)))
    told = secrets_hidden(f"{type(error).__name__}: {error}".strip().rstrip(":"))
    message = told if isinstance(error, OSError) else f"unexpected: {told}; {_kept(whole)}"
    with suppress(OSError, ValueError):
        sys.stderr.write(f"error: {message}\n")
    if "--json" in sys.argv:
        status = {"status": "error", "error": type(error).__name__, "message": message}
        with suppress(OSError, ValueError):
            sys.stdout.write(json.dumps(status) + "\n")
            sys.stdout.flush()
    return ExitCode.FAILED


def _kept(whole: str) -> str:
    reason = ""
    for folder in _folders():
        path = folder / f"tradectl-crash-{time.time_ns()}-{os.getpid()}.txt"
        try:
            path.write_text(whole, encoding="utf-8", errors="replace")
        except OSError as error:
            reason = f"{folder}: {error.strerror}"
            continue
        return f"the traceback is in {path}; report it with that file"
    return f"the traceback could not be kept ({reason}); set TMPDIR to a folder that can be written"


def _folders() -> list[Path]:
    found: list[Path] = []
    with suppress(OSError):  # there is none that can be written
        found.append(Path(tempfile.gettempdir()))
    with suppress(OSError):  # it is gone
        found.append(Path.cwd())
    return found
