"""Ordered backtests, one after the other, each in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from threading import Condition, Thread
from typing import Any

import msgspec

from app.backtest.order_process import Ordered
from app.backtest.ordered import BacktestOrder, BacktestPlaces
from app.own_process import own_process
from engine.domain.errors import NotFoundError, RunError
from engine.domain.unreadable import UNREADABLE

_CODE = "from app.backtest.order_process import main; main()"
MOST_JOBS = 100
"""Jobs that are remembered, those that are over first forgotten; their runs stay."""

_KEPT_FROM_US = ("APCA_", "ALPACA_")
"""Beginnings of what the environment has for brokers: a backtest asks none."""


class JobStatus(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An ordered backtest; times are UTC ns.

    Attributes
    ----------
    progress : float
        Percent.
    run_id : str or None
        What it has left, a part of it where it was cancelled.
    detail : str
        Why it failed, or a note of the run.
    """

    job_id: str
    who: str
    order: BacktestOrder
    status: JobStatus
    ordered_ns: int
    started_ns: int | None = None
    ended_ns: int | None = None
    progress: float = 0.0
    run_id: str | None = None
    detail: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in {JobStatus.DONE, JobStatus.CANCELLED, JobStatus.FAILED}


class QueueFull(RunError):  # noqa: N818  (named for what it is)
    """One backtest runs and another one waits; the same order may be taken later."""


class BacktestQueue:
    """Runs one order at a time; a second one waits, a third is refused."""

    def __init__(self, places: BacktestPlaces) -> None:
        self._places = places
        self._jobs: dict[str, Job] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._news = Condition()
        self._closed = False
        self._listeners: list[Callable[[], None]] = []
        self._thread = Thread(target=self._work, name="backtests", daemon=True)
        self._thread.start()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Let somebody hear of every change, from any thread."""
        self._listeners.append(listener)

    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs, the one ordered last first."""
        with self._news:
            return tuple(self._jobs.values())[::-1]

    def job(self, job_id: str) -> Job:
        """Return one of them; raises ``NotFoundError``."""
        with self._news:
            found = self._jobs.get(job_id)
        if found is None:
            raise NotFoundError(f"no job {job_id!r}: jobs are forgotten with the gateway's process")
        return found

    def order(self, order: BacktestOrder, who: str) -> Job:
        """Take an order.

        Raises
        ------
        QueueFull
            One runs and one waits already.
        """
        job = Job(
            job_id=uuid.uuid4().hex[:16],
            who=who,
            order=order,
            status=JobStatus.QUEUED,
            ordered_ns=time.time_ns(),
        )
        with self._news:
            if any(each.status is JobStatus.QUEUED for each in self._jobs.values()):
                raise QueueFull("a backtest runs and another one waits: try again when one is done")
            over = [each.job_id for each in self._jobs.values() if each.is_over]
            for forgotten in over[: max(0, len(self._jobs) + 1 - MOST_JOBS)]:
                del self._jobs[forgotten]
            self._jobs[job.job_id] = job
            self._news.notify_all()
        self._say()
        return job

    def cancel(self, job_id: str) -> Job:
        """End a job, one that runs as by Ctrl-C; one that is over is forgotten, its run stays."""
        job = self.job(job_id)
        with self._news:
            job = self._jobs[job_id]
            if job.is_over:
                del self._jobs[job_id]
            elif job.status is JobStatus.QUEUED:
                job = self._put(job, status=JobStatus.CANCELLED, ended_ns=time.time_ns())
            else:
                job = self._put(job, status=JobStatus.CANCELLING)
                if self._process is not None:
                    self._process.send_signal(signal.SIGINT)
        self._say()
        return job

    def close(self) -> None:
        """Take no more orders, and end what runs as by Ctrl-C."""
        with self._news:
            self._closed = True
            if self._process is not None:
                self._process.send_signal(signal.SIGINT)
            self._news.notify_all()
        self._thread.join(30)

    def _put(self, job: Job, **changes: Any) -> Job:
        changed = msgspec.structs.replace(self._jobs[job.job_id], **changes)
        self._jobs[job.job_id] = changed
        return changed

    def _say(self) -> None:
        for listener in self._listeners:
            listener()

    def _work(self) -> None:
        while True:
            with self._news:
                while (job := self._next()) is None and not self._closed:
                    self._news.wait()
                if job is None or self._closed:
                    return
                self._process = self._start()
                job = self._put(job, status=JobStatus.RUNNING, started_ns=time.time_ns())
            self._say()
            self._follow(job, self._process)

    def _next(self) -> Job | None:
        queued = (each for each in self._jobs.values() if each.status is JobStatus.QUEUED)
        return next(queued, None)

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith(_KEPT_FROM_US)
        }
        return subprocess.Popen(  # noqa: S603  (this program)
            own_process(_CODE),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C at the gateway's terminal comes by way of it alone
        )

    def _follow(self, job: Job, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101  (asked for)
        assert process.stdout is not None  # noqa: S101  (same)
        with suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(Ordered(job.order, self._places)) + b"\n")
            process.stdin.flush()
        said: dict[str, Any] = {}
        for line in process.stdout:
            try:
                said = msgspec.json.decode(line)
            except UNREADABLE:
                continue
            if "progress" in said:
                with self._news:
                    self._put(job, progress=said["progress"])
                self._say()
        code = process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        with self._news:
            self._process = None
            self._put(job, ended_ns=time.time_ns(), **self._end(job, said, code))
        self._say()

    def _end(self, job: Job, said: dict[str, Any], code: int) -> dict[str, Any]:
        result = said.get("result")
        is_cancelled = self._jobs[job.job_id].status is JobStatus.CANCELLING
        if result is not None:
            whole = result["status"] == "Ended"
            status = JobStatus.DONE if whole else JobStatus.CANCELLED
            return {
                "status": status,
                "progress": 100.0 if whole else self._jobs[job.job_id].progress,
                "run_id": result["run_id"],
                "detail": result["note"],
                "warnings": tuple(result["warnings"]),
            }
        detail = said.get("error") or f"its process ended with code {code}"
        return {
            "status": JobStatus.CANCELLED if is_cancelled else JobStatus.FAILED,
            "detail": detail,
        }
