"""Holds the n-th fact of a run between write and commit, in PostgreSQL."""

from __future__ import annotations

from contextlib import suppress

import psycopg

_KEY = 77
_MADE = """
create table held_fact (seq bigint);
insert into held_fact values (null);
create function hold_fact() returns trigger language plpgsql as $$
begin
    if new.run_id = '{run}' and new.seq >= (select seq from held_fact) then
        perform pg_advisory_xact_lock_shared({key});
    end if;
    return new;
end $$;
create trigger hold_fact before insert on facts for each row execute function hold_fact();
"""


class HeldFact:
    """Makes whoever writes the n-th fact from now on wait, until it is let go or killed.

    Parameters
    ----------
    url : str
        A database that has its tables.
    run : str
        Whose facts are counted.
    """

    def __init__(self, url: str, run: str) -> None:
        self._url = url
        self._run = run
        self._holder: psycopg.Connection | None = None
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_MADE.format(run=run, key=_KEY).encode())

    def arm(self, number: int) -> None:
        """Hold the n-th from the last one that is kept."""
        self.release()
        self._holder = psycopg.connect(self._url, autocommit=True)
        self._holder.execute("select pg_advisory_lock(%s)", [_KEY])
        self._holder.execute(
            "update held_fact set seq = %s + "
            "(select coalesce(max(seq), 0) from facts where run_id = %s)",
            [number, self._run],
        )

    def is_reached(self) -> bool:
        """Say whether somebody waits."""
        if self._holder is None:
            return False
        waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted"
        return self._holder.execute(waiting).fetchone() is not None

    def release(self) -> None:
        """Hold nothing any more; the server may be dead."""
        if self._holder is not None:
            with suppress(psycopg.Error):
                self._holder.close()
            self._holder = None
