"""What a check found, and the remedy."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """``WARN`` wants attention, with ``FAIL`` something cannot work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(msgspec.Struct, frozen=True):
    """One finding; the remedy is empty where nothing is wrong."""

    name: str
    status: Status
    finding: str
    remedy: str = ""


def passed(name: str, finding: str) -> Check:
    """Return a check that found nothing wrong."""
    return Check(name, Status.OK, finding)


def warned(name: str, finding: str, remedy: str) -> Check:
    """Return a check that found something to attend to."""
    return Check(name, Status.WARN, finding, remedy)


def failed(name: str, finding: str, remedy: str) -> Check:
    """Return a check that found something that cannot work."""
    return Check(name, Status.FAIL, finding, remedy)
