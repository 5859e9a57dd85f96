"""Every hop: what can go wrong, grouped by who must act.

::

    TradectlError
    ├── ConfigError      fix the command, file or parameter and start again   exit 2
    ├── DataError        the input is bad: stop the run, repair or re-import   exit 3
    ├── NotFoundError    nothing is stored under that name or date             exit 4
    ├── RunError         the run itself failed                                 exit 1
    ├── VenueError       the broker is the cause                               exit 5
    │   ├── VenueUnavailable   not reached or not able: wait, then try again
    │   └── VenueRejected      understood and refused: change the request
    └── JournalError     facts cannot be kept: halt trading                    exit 1
        ├── JournalTaken       another process writes the run: end this one
        ├── JournalBroken      its facts are not what was written              exit 6
        └── NotKept            what was to be done is not kept: do not do it
"""


class TradectlError(Exception):
    """Root of every error that tradectl raises on purpose."""

    exit_code = 1


class ConfigError(TradectlError):
    """A command, file or parameter is wrong; correct it and start again."""

    exit_code = 2


class DataError(TradectlError):
    """Market data is missing, corrupt or impossible; the run must not go on."""

    exit_code = 3


class NotFoundError(TradectlError):
    """Nothing is stored under the given name or date."""

    exit_code = 4


class RunError(TradectlError):
    """A run failed for a reason that lies in the run itself."""


class JournalError(TradectlError):
    """Facts cannot be kept, so nothing may be traded."""


class JournalTaken(JournalError):  # noqa: N818  (named for what happened)
    """Another process writes the run; waiting does not help."""


class JournalBroken(JournalError):  # noqa: N818  (named for what happened)
    """The facts of a run are not those that were written: nothing may be done on their account.

    Attributes
    ----------
    run_id : str
    detail : str
        The first fact that does not hold, and how.
    """

    exit_code = 6

    def __init__(self, run_id: str, detail: str) -> None:
        super().__init__(
            f"the journal of {run_id} is broken, {detail}: the run is quarantined and is never "
            "written again; restore a backup into another database, or start another run"
        )
        self.run_id = run_id
        self.detail = detail


class NotKept(JournalError):  # noqa: N818  (named for what happened)
    """An intent is not kept while facts wait for their database; it is dropped, the run goes on."""


class VenueError(TradectlError):
    """The broker cannot be reached or refuses what was asked."""

    exit_code = 5


class VenueUnavailable(VenueError):  # noqa: N818  (named for what the venue is)
    """The venue was not reached, or could not answer; the same request may work later.

    An order may nevertheless have arrived: only a look-up can tell.
    """


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
