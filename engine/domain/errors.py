"""What can go wrong, grouped by who must act; ``exit_codes`` has each code's remedy.

::

    TradectlError
    ├── ConfigError      fix the command, file or parameter and start again   exit 2
    ├── DataError        the input is bad: stop the run, repair or re-import   exit 3
    ├── NotFoundError    nothing is stored under that name or date             exit 4
    ├── RunError         the run itself failed                                 exit 1
    ├── StrategyError    a strategy is wrong: it is switched off, the run goes on
    ├── VenueError       the broker is the cause
    │   ├── VenueUnavailable   not reached or not able: wait, then try again   exit 75
    │   │   └── VenueUntrusted   its certificate is not valid: fix that first  exit 5
    │   └── VenueRejected      understood and refused: change the request      exit 5
    ├── StreamsUnavailable   hub and shards do not reach each other: wait      exit 75
    │   └── StreamsDenied    the server between them refuses this user         exit 2
    └── JournalError     facts cannot be kept: halt trading                    exit 1
        ├── JournalUnavailable  its server does not answer: wait, try again    exit 75
        ├── JournalDenied      user, password, name or permissions: correct    exit 2
        ├── JournalTaken       another process writes the run: end this one        exit 75
        ├── JournalBroken      its facts are not what was written              exit 6
        │   └── CommandsBroken  nor are the commands given to a run            exit 6
        └── NotKept            what was to be done is not kept: do not do it
"""

from engine.domain.exit_codes import ExitCode


class TradectlError(Exception):
    """Root of every error that tradectl raises on purpose."""

    exit_code = ExitCode.FAILED

    @property
    def is_passing(self) -> bool:
        """Whether the same request may work later without anybody doing anything."""
        return self.exit_code is ExitCode.UNAVAILABLE


class ConfigError(TradectlError):
    """A command, file or parameter is wrong; correct it and start again."""

    exit_code = ExitCode.CONFIG


class DataError(TradectlError):
    """Market data is missing, corrupt or impossible; the run must not go on."""

    exit_code = ExitCode.BAD_DATA


class NotFoundError(TradectlError):
    """Nothing is stored under the given name or date."""

    exit_code = ExitCode.NOT_FOUND


class RunError(TradectlError):
    """A run failed for a reason that lies in the run itself."""


class StreamsUnavailable(TradectlError):  # noqa: N818  (named for what the server is)
    """The server between hub and shards does not answer; the same call may work later."""

    exit_code = ExitCode.UNAVAILABLE


class StreamsDenied(StreamsUnavailable):
    """The server between hub and shards refuses this user; a start ends, a run waits."""

    exit_code = ExitCode.CONFIG


class StrategyError(TradectlError):
    """A strategy raised, or its answer cannot be believed; it is switched off."""

    def __init__(self, strategy_id: str, why: str) -> None:
        super().__init__(f"strategy {strategy_id}: {why}")
        self.strategy_id = strategy_id
        self.why = why


class JournalError(TradectlError):
    """Facts cannot be kept, so nothing may be traded."""


class JournalUnavailable(JournalError):  # noqa: N818  (named for what the database is)
    """The server of the database does not answer; it may later."""

    exit_code = ExitCode.UNAVAILABLE


class JournalDenied(JournalError):  # noqa: N818  (named for what happened)
    """The database refuses this user: name, password or the permissions of a file or folder."""

    exit_code = ExitCode.CONFIG


class JournalTaken(JournalError):  # noqa: N818  (named for what happened)
    """Another process writes the run: this one ends, and may be started again."""

    exit_code = ExitCode.UNAVAILABLE

    @property
    def is_passing(self) -> bool:
        """Return False: for this process waiting does not help."""
        return False


class JournalBroken(JournalError):  # noqa: N818  (named for what happened)
    """The facts of a run are not those that were written: nothing may be done on their account.

    Attributes
    ----------
    run_id : str
    detail : str
        The first fact that does not hold, and how.
    """

    exit_code = ExitCode.QUARANTINED

    def __init__(self, run_id: str, detail: str) -> None:
        super().__init__(
            f"the journal of {run_id} is broken, {detail}: the run is quarantined and is never "
            "written again; restore a backup into another database, or start another run"
        )
        self.run_id = run_id
        self.detail = detail


class CommandsBroken(JournalBroken):
    """The commands given to a run are not those that stand in its log: none is obeyed any more."""

    def __init__(self, run_id: str, detail: str) -> None:
        super().__init__(run_id, detail)
        message = (
            f"the commands of {run_id} are broken, {detail}: none that is given there is obeyed "
            "any more; flatten by hand at the broker, or restore a backup into another database"
        )
        self.args = (message,)


class NotPersisted(JournalError):  # noqa: N818  (named for what happened)
    """An intent is not kept while facts wait for their database; it is dropped, the run goes on."""


class VenueError(TradectlError):
    """The broker cannot be reached or refuses what was asked."""

    exit_code = ExitCode.REFUSED


class VenueUnavailable(VenueError):  # noqa: N818  (named for what the venue is)
    """The venue was not reached, or could not answer; the same request may work later.

    An order may nevertheless have arrived: only a look-up can tell.
    """

    exit_code = ExitCode.UNAVAILABLE


class VenueUntrusted(VenueUnavailable):
    """What answers in the venue's place has no valid certificate; a start ends, a run waits."""

    exit_code = ExitCode.REFUSED


class VenueRejected(VenueError):  # noqa: N818  (named for what happened)
    """The venue understood and refused; the same request will be refused again.

    Attributes
    ----------
    status : int or None
        HTTP status, None where the refusal came on a stream.
    code : int or None
        The venue's own code, None where it gave none.
    """

    def __init__(self, message: str, *, status: int | None = None, code: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
