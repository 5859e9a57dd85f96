"""What the data API answers when it will not answer."""

from __future__ import annotations

from typing import Any

from serving import sentence


class Refused(Exception):  # noqa: N818  (an answer, not a fault of ours)
    """A request is answered with an error body.

    Parameters
    ----------
    status : int
        HTTP status.
    message : str
        As the venue words it.
    code : int, optional
        The venue's own number; most of its data errors carry none.
    """

    def __init__(self, status: int, message: str, code: int | None = None) -> None:
        message = sentence(message)
        super().__init__(message)
        self.headers: dict[str, str] = {}
        self.status = status
        self.body: dict[str, Any] = {"message": message}
        if code is not None:
            self.body = {"code": code, "message": message}
