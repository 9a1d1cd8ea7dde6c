"""The ledger: an append-only SQLite table of what was asked of providers, what they took and what it cost. Row 7.

Money is in whole micro-dollars, never in floats. An attempt whose end nobody knows stays unsettled and is shown so. It
must not hold a prompt or a picture: what is kept is enough to resume a job by its id and to account for it, no more.
A failure is kept up to its first colon, because a provider's own words, which may quote the prompt, stand after it.

Statements run on the event loop, each a transaction of its own. In WAL mode with `synchronous = NORMAL` an append
touches the page cache and no disk: 26 microseconds (the median of 20,000), where a thread and back takes 45; once in a
thousand pages a checkpoint takes some 10 ms. What is written survives the death of the process; that of the machine
can cost the last moments.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..client import Attempt
from ..errors import Failure, PentaprismError
from ..types import CompiledRequest, Cost, micros

__all__ = ["SqliteLedger", "Totals", "Unfinished"]

VERSION = 1
_SCHEMA = f"""
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('received', 'submitting', 'accepted', 'settled', 'failed', 'answered')),
    request_id TEXT NOT NULL,
    attempt_id TEXT,
    endpoint TEXT,
    provider TEXT,
    provider_request_id TEXT,
    low_micros INTEGER,
    high_micros INTEGER,
    failure TEXT,
    data TEXT NOT NULL DEFAULT '{{}}'
);
CREATE UNIQUE INDEX one_of_each_kind_per_attempt ON events (attempt_id, kind) WHERE attempt_id IS NOT NULL;
CREATE UNIQUE INDEX one_of_each_kind_per_request ON events (request_id, kind) WHERE attempt_id IS NULL;
CREATE INDEX by_request ON events (request_id);
CREATE INDEX by_arrival ON events (seq) WHERE kind = 'received';
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
PRAGMA user_version = {VERSION};
"""
_COLUMNS = (
    *("at_ms", "kind", "request_id", "attempt_id", "endpoint", "provider", "provider_request_id"),
    *("low_micros", "high_micros", "failure", "data"),
)
# An attempt is unsettled from its submission until it is paid for, or until it failed in a way that bills nothing.
_TOTALS = """
SELECT coalesce(sum(settled.low_micros), 0), coalesce(sum(settled.high_micros), 0),
       coalesce(sum(settled.seq IS NOT NULL AND settled.high_micros IS NULL), 0),
       coalesce(sum(settled.seq IS NULL AND failed.seq IS NULL), 0),
       coalesce(sum(CASE WHEN settled.seq IS NULL AND failed.seq IS NULL THEN submitting.high_micros END), 0)
FROM events submitting
LEFT JOIN events settled ON settled.attempt_id = submitting.attempt_id AND settled.kind = 'settled'
LEFT JOIN events failed ON failed.attempt_id = submitting.attempt_id AND failed.kind = 'failed'
     AND failed.failure IN ('not-sent', 'rejected')
WHERE submitting.kind = 'submitting'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The ledger summed up, in micro-dollars.

    `low` and `high` bound what the settled attempts cost, `unpriced` counts those of them without a known price;
    `unsettled` counts attempts that may have been billed, for up to `reserved`.
    """

    low: int
    high: int
    unpriced: int
    unsettled: int
    reserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """An attempt that neither ended nor failed: of a process that is no more, or of one that still works on it.

    `kept` is what was kept of the accepted job, to follow it; None where it was not accepted, or nothing was kept.
    """

    request_id: str
    attempt_id: str
    endpoint: str
    provider: str
    provider_request_id: str | None = None
    detail: str | None = None
    kept: Mapping[str, Any] | None = None


# Attempts without an end, with what was written at their acceptance.
_UNFINISHED = """
SELECT submitting.request_id, submitting.attempt_id, submitting.endpoint, submitting.provider,
       accepted.provider_request_id, accepted.data
FROM events submitting
LEFT JOIN events accepted ON accepted.attempt_id = submitting.attempt_id AND accepted.kind = 'accepted'
WHERE submitting.kind = 'submitting' AND NOT EXISTS (
    SELECT 1 FROM events ended WHERE ended.attempt_id = submitting.attempt_id AND ended.kind IN ('settled', 'failed')
) ORDER BY submitting.seq
"""


class SqliteLedger:
    """A `pentaprism.client.Ledger` in a file. `clock` gives Unix seconds.

    `wordless` takes a compiled request and gives what may be kept of it; without it an accepted job can be looked up
    by its id and not be resumed.

    Raises PentaprismError where the file cannot be opened or is no ledger of this version.

    >>> ledger = SqliteLedger(Path(":memory:"))
    >>> ledger.totals().unsettled, ledger.records()
    (0, [])
    >>> ledger.close()
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        wordless: Callable[[CompiledRequest], CompiledRequest] | None = None,
    ) -> None:
        self._clock = clock
        self._wordless = wordless
        # The lock lets a reader in another thread of this process share the connection.
        self._lock = threading.Lock()
        try:
            if str(path) != ":memory:":
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._open(path)
        except (OSError, sqlite3.Error) as error:
            raise PentaprismError(f"{path} cannot be used as the ledger: {error}.") from error

    def _open(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0)
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version not in (0, VERSION):
                raise sqlite3.DatabaseError(f"it has version {version}, and this program writes version {VERSION}")
            if version == 0:
                self._db.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        except sqlite3.Error:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def check(self) -> None:
        """Raise PentaprismError where the ledger does not answer."""
        try:
            self._read("SELECT 1")
        except sqlite3.Error as error:
            raise PentaprismError(f"The ledger does not answer: {error}.") from error

    def received(self, request_id: str, *, model: str, mode: str, n: int, user: str | None) -> None:
        """A request is about to be run."""
        self._append("received", request_id, data={"model": model, "mode": mode, "n": n, "user": user})

    def submitting(self, attempt: Attempt) -> None:
        """A submission is about to be sent; `reserved` is what it may cost."""
        call = attempt.compiled.calls[attempt.call]
        self._append_attempt("submitting", attempt, attempt.reserved, data={"call": attempt.call, "url": call.url})

    def accepted(self, attempt: Attempt, provider_request_id: str | None, detail: str | None) -> None:
        """The provider took the job: with its id and `detail` it can be resumed."""
        data: dict[str, Any] = {"detail": detail}
        if self._wordless is not None:
            compiled = self._wordless(attempt.compiled).to_dict()
            data["kept"] = {"call": attempt.call, "compiled": compiled, "on_mismatch": attempt.on_mismatch.value}
        self._append_attempt("accepted", attempt, provider_request_id=provider_request_id, data=data)

    def settled(self, attempt: Attempt, cost: Cost) -> None:
        """The pictures are here; this is what they cost."""
        self._append_attempt("settled", attempt, cost, data={"derivation": cost.derivation})

    def failed(self, attempt: Attempt, failure: Failure, message: str) -> None:
        """The attempt failed; the class says whether it may have been billed."""
        ours = message.partition(": ")[0]
        self._append_attempt("failed", attempt, failure=failure.value, data={"message": ours})

    def answered(self, request_id: str, *, code: str | None, milliseconds: int, media: tuple[str, ...] = ()) -> None:
        """The request is over: with an error's code, or None and the names of its pictures' files."""
        self._append("answered", request_id, data={"code": code, "ms": milliseconds, "media": list(media)})

    def lost(self, call: Unfinished, failure: Failure, message: str) -> None:
        """An attempt of an earlier process can be followed no further."""
        self._append(
            "failed",
            call.request_id,
            attempt_id=call.attempt_id,
            endpoint=call.endpoint,
            provider=call.provider,
            failure=failure.value,
            data={"message": message},
        )

    def unfinished(self) -> list[Unfinished]:
        """Every attempt that neither ended nor failed, oldest first."""
        found = []
        for *names, data in self._read(_UNFINISHED):
            told = json.loads(data) if data else {}
            request_id, attempt_id, endpoint, provider, accepted = names
            found.append(
                Unfinished(
                    request_id=request_id,
                    attempt_id=attempt_id,
                    endpoint=endpoint,
                    provider=provider,
                    provider_request_id=accepted,
                    detail=told.get("detail"),
                    kept=told.get("kept"),
                )
            )
        return found

    def is_answered(self, request_id: str) -> bool:
        """Whether the caller's request has ended."""
        return bool(self._read("SELECT 1 FROM events WHERE request_id = ? AND kind = 'answered'", request_id))

    def _append_attempt(
        self,
        kind: str,
        attempt: Attempt,
        cost: Cost | None = None,
        *,
        data: dict[str, Any],
        **columns: str | None,
    ) -> None:
        low, high = (None, None) if cost is None else (cost.low, cost.high)
        self._append(
            kind,
            attempt.request_id,
            attempt_id=attempt.id,
            endpoint=attempt.compiled.endpoint,
            provider=attempt.compiled.provider,
            low_micros=None if low is None else micros(low),
            high_micros=None if high is None else micros(high),
            data=data,
            **columns,
        )

    def _append(self, kind: str, request_id: str, *, data: dict[str, Any], **columns: Any) -> None:
        row = {"at_ms": int(self._clock() * 1000), "kind": kind, "request_id": request_id, **columns}
        row["data"] = json.dumps(data, separators=(",", ":"))
        marks = ", ".join("?" * len(row))
        with self._lock:
            self._db.execute(f"INSERT INTO events ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def _read(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    def totals(self) -> Totals:
        """Everything summed up."""
        low, high, unpriced, unsettled, reserved = self._read(_TOTALS)[0]
        return Totals(low=low, high=high, unpriced=unpriced, unsettled=unsettled, reserved=reserved)

    def records(self, *, limit: int = 20, after: str | None = None) -> list[list[dict[str, Any]]]:
        """The events of the newest requests, newest request first; `after`, of those older than that one.

        Raises KeyError where there is no request `after`.
        """
        newest = "SELECT request_id FROM events WHERE kind = 'received' AND seq < ? ORDER BY seq DESC LIMIT ?"
        before = 2**63 - 1
        if after is not None:
            found = self._read("SELECT seq FROM events WHERE kind = 'received' AND request_id = ?", after)
            if not found:
                raise KeyError(after)
            before = found[0][0]
        return [self.record(request_id) for (request_id,) in self._read(newest, before, limit)]

    def record(self, request_id: str) -> list[dict[str, Any]]:
        """The events of one request, oldest first; none where it is unknown. The columns by name, `data` read."""
        rows = self._read(f"SELECT {', '.join(_COLUMNS)} FROM events WHERE request_id = ? ORDER BY seq", request_id)
        return [{**dict(zip(_COLUMNS, row, strict=True)), "data": json.loads(row[-1])} for row in rows]
