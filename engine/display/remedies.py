"""What a person can do about an issue or alarm of a run."""

from __future__ import annotations

REMEDIES = {
    "feed": "wait; if it stays, look at the network and at the venue's status page",
    "future prints": "set this machine's clock by NTP, or leave the simulator's time alone; then "
    "press q and start the same command again",
    "frozen tape": "wait: another connection is opened; if it stays, see the venue's status page",
    "late prints": "wait; if it stays, look at network and load of this machine; rehearse slower",
    "repeated prints": "wait; if it stays, ask the broker: the feed sends the same twice",
    "thin tape": "wait; if it stays, look at the venue's status page, or set min_heard_share lower",
    "mute symbols": "wait; if it stays, close by hand what is held in them",
    "backfill": "wait: it ends when signals no longer look back on what is missing",
    "orders": "wait; if it stays, look at keys, network and the venue's status page",
    "reconciliation": "wait; if it stays, look at keys, network and the venue's status page",
    "account": "ask the broker; close by hand what is held",
    "buying power": "free cash: close what is not this run's, or deposit; it goes on by itself",
    "day trades": "wait for tomorrow, or have 25,000 USD; what is open can still be closed",
    "clock": "set this machine's clock by NTP, then press q and start the same command again",
    "venue clock": "wait: it goes on by itself once the venue's time has caught up; only if the "
    "simulator was started anew without the --state it had: start it again with that",
    "positions": "bring the positions at the broker to what the ledger has: it goes on by itself",
    "commands": "nothing given by 'tradectl do' is obeyed any more: flatten by hand at the broker, "
    "or restore a backup into another database",
    "parameters": "no new version is taken any more: restore a backup into another database, then "
    "start another run",
    "warm-up": "wait",
    "shards": "start 'tradectl live --role shard' for the letters that nobody takes",
    "exit not filled": "look at the order on the broker's page; if it does not fill, close by hand",
    "streams": "bring the server between hub and shards back: all that it held is sent again",
    "recording": "make room on the disk, then start the same command again",
    "journal": "bring the database back, or make room on its disk: it goes on by itself",
    "not_flat": "close by hand at the broker, then see what kept it open",
    "positions_differ": "bring the position at the broker to what the ledger has",
    "quarantine": "nothing is entered any more; protect what is held, then start another run",
    "journal_broken": "restore a backup into another database; this run is never written again",
    "unprotected": "nothing: they are sold; look at the order on the broker's page",
    "exit_held_up": "halted: wait until it trades again; else close by hand at the broker",
}
"""What a person can do, by name of trouble or alarm."""

_OF_A_SLOT = "slot "
_OF_AN_ORDER = "wait: it is looked up; if it stays, look at the order on the broker's page"


def remedy(trouble: str) -> str:
    """Return what a person can do about a trouble or an alarm."""
    if trouble.startswith(_OF_A_SLOT):
        return "wait: another shard takes the slot; if it stays, see 'tradectl cluster status'"
    return REMEDIES.get(trouble, _OF_AN_ORDER)
