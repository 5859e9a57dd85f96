"""What a live run was asked for, and which symbols that means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.cluster.place import ClusterPlace
from app.runs.start_wait import StartWait
from app.strategies import Hosted, hosted
from catalog import Catalog
from engine.domain.errors import ConfigError, JournalBroken
from engine.domain.market_data.recorded import MarketData, letter_of
from engine.domain.parameters import Parameters
from engine.domain.symbols import near_hint
from engine.journal import HolderBeat
from engine.runtime.live import RelayAddress, VenueAccount
from store import RunLabels


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRequest:
    """What was asked for.

    Attributes
    ----------
    venue : VenueAccount
        Where, and whose account.
    feed : str
        Where prints and quotes come from, by the venue's name for it.
    params : Parameters or None
        None for those of the parameter desk, whose changes the run then goes along with.
    letters, symbols : tuple of str
        What to look at and trade; both empty for the whole tape.
    run_id : str or None
        None for one that follows from venue and day.
    sends : bool
        Whether plans become orders.
    verdicts : Path
        Folder for the tables of verdicts and of what strategies saw: why, and why not.
    market : MarketData or None
        Where the day is recorded, if it is: trades are measured on it once they are over.
    wait : StartWait
        For how long a venue that is down at the start is waited for.
    catalog : Catalog or None
        Where the days before are, for strategies that look back at them.
    catalog_root : str
        Where that is, or where the day will be once it is recorded.
    labels : RunLabels
        What a new run is called.
    hosted : Hosted
        The strategies of a new run; one that goes on has those that its facts name.
    display : Path or None
        Folder under which the run shows itself to other processes; None for nowhere.
    spool : Path or None
        Folder under which what arrives is kept, so that a restart is warm; None for nowhere.
    doubt : JournalBroken or None
        Why the parameter desk is not to be believed: only a run is resumed that holds something,
        and nothing is entered.
    relay : RelayAddress or None
        Who hands the feed on; None for the venue itself.
    cluster : ClusterPlace or None
        Where the shards are that work the tape; None for a scanner in this process.
    lapsed : HolderBeat or None
        The lease of a hub whose term is over: its run is taken over, though it may live.
    """

    venue: VenueAccount
    feed: str
    params: Parameters | None
    letters: tuple[str, ...]
    symbols: tuple[str, ...]
    run_id: str | None
    sends: bool
    verdicts: Path
    wait: StartWait
    market: MarketData | None = None
    spool: Path | None = None
    catalog: Catalog | None = None
    catalog_root: str = ""
    labels: RunLabels = field(default_factory=RunLabels)
    hosted: Hosted = field(default_factory=hosted)
    doubt: JournalBroken | None = None
    display: Path | None = None
    relay: RelayAddress | None = None
    cluster: ClusterPlace | None = None
    lapsed: HolderBeat | None = None

    def subscribed(self, tradable: Iterable[str]) -> tuple[str, ...]:
        """Return what to subscribe to of what can be traded, none for the whole tape.

        Raises
        ------
        ConfigError
            Nothing tradable begins with these letters, or a symbol cannot be traded.
        """
        known = set(tradable)
        if unknown := [symbol for symbol in self.symbols if symbol not in known]:
            raise ConfigError(
                f"{', '.join(unknown)} cannot be traded at {self.venue.name}: misspelt, "
                f"renamed or delisted; correct or drop it{near_hint(unknown, known)}"
            )
        if not self.letters:
            return self.symbols
        found = sorted(symbol for symbol in known if letter_of(symbol) in self.letters)
        wanted = [symbol for symbol in found if symbol in self.symbols or not self.symbols]
        if not wanted:
            raise ConfigError(f"nothing tradable begins with {', '.join(self.letters)}")
        return tuple(wanted)
