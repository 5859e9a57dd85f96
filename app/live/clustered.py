"""A live run as the hub of a cluster: what it is told of its day, and what it knows of the tape."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from app.cluster.admission import be_admitted
from app.cluster.hub import ClusterHub, HubDay
from app.live.request import LiveRequest
from app.runs.hosted_run import HostedRun
from app.strategies import Hosted
from engine.domain.errors import ConfigError
from engine.domain.session import Session
from engine.hub import Desk
from engine.runtime.live import GrantedTime, VenueOpening


async def opened(request: LiveRequest) -> VenueOpening:
    """Return what has to be known of the venue before a run is named.

    Raises
    ------
    StreamsDenied
        The server between hub and shards refuses us.
    VenueError
        The venue cannot be reached for as long as was asked for, or refuses us.
    """
    if request.cluster is not None:
        await be_admitted(request.cluster.open)
    return await request.wait.reached_soon(request.venue.opening)


def tapes_of(request: LiveRequest, found: VenueOpening, hours: Session) -> Mapping[str, str]:
    """Return the tape letter by symbol: as recorded where the day is, else as listed."""
    return request.market.tapes(hours.day) if request.market else found.tapes


def cluster_hub(
    request: LiveRequest,
    run: HostedRun,
    desk: Desk,
    found: VenueOpening,
    hosted: Hosted,
    stack: ExitStack,
) -> ClusterHub | None:
    """Return what is between this run and its shards; None where it scans by itself.

    Raises
    ------
    ConfigError
        Only a part of the tape was asked for.
    """
    if request.cluster is None:
        return None
    if request.letters or request.symbols:
        raise ConfigError(
            "shards work the whole tape: leave --letters and --symbols out, or run in one process"
        )
    is_granted = isinstance(found.host_time, GrantedTime)
    day = HubDay(
        run_id=run.run_id,
        epoch=run.journal.epoch,
        feed=request.feed,
        desk=desk,
        tapes=tapes_of(request, found, desk.books.session),
        across=hosted.across_symbols,
        clock=found.host_time,
        kept=request.verdicts / f"{run.run_id}.reports.msgpack",
        is_granted=is_granted,
    )
    hub = ClusterHub(request.cluster, day)
    stack.callback(hub.end)
    return hub
