"""The history of a folder: every object, every edit, in one SQLite file.

An edit is committed with the objects that it leaves before it is answered, so that a kill at any
moment loses at most the edit that was not answered yet. Undo goes back to the first edit. One
process at a time: SQLite holds the file until it ends, also by a kill.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from kontur.errors import InputError

FOLDER = ".kontur"  # in the folder of images; hidden, so that no command takes it for data
FILE = "history.sqlite"
VERSION = 1

SCHEMA = """
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE images (
  key TEXT PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL, revision INTEGER NOT NULL,
  written INTEGER NOT NULL DEFAULT 0, digest TEXT, file TEXT);
CREATE TABLE planes (
  key TEXT NOT NULL, page INTEGER NOT NULL, PRIMARY KEY (key, page)) WITHOUT ROWID;
CREATE TABLE objects (
  key TEXT NOT NULL, page INTEGER NOT NULL, id INTEGER NOT NULL,
  revision INTEGER NOT NULL, data TEXT, PRIMARY KEY (key, page, id)) WITHOUT ROWID;
CREATE TABLE edits (
  number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, page INTEGER NOT NULL,
  move TEXT NOT NULL, made REAL NOT NULL, changes TEXT NOT NULL,
  status_before TEXT NOT NULL, status_after TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0);
CREATE INDEX edits_of_a_plane ON edits (key, page, undone, number);
CREATE TABLE thumbnails (key TEXT PRIMARY KEY, stamp TEXT NOT NULL, picture BLOB NOT NULL);
"""

PAGES = "pages"  # note of the number of planes that an image had when it was seen last
# Planes beyond the end of a film that was replaced by a shorter one wait for one that is as long.
THERE = (
    "{0}.page < COALESCE((SELECT CAST(value AS INTEGER) FROM notes "
    f"WHERE name = '{PAGES} ' || {{0}}.key), 1 << 60)"
)

Status = Literal["untouched", "predicted", "corrected", "done"]
Stored = dict[int, str | None]  # an object as text by its id; None where there is none (any more)


class ImageRow(NamedTuple):
    """What is kept of an image: its status, its revision, the one that its file has, the file."""

    status: Status
    revision: int
    written: int
    digest: str | None
    file: str | None


class Steps(NamedTuple):
    """How many edits of a plane can be undone and redone."""

    undo: int
    redo: int


class History:
    """The open file; safe to use from several threads."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=1)
        try:
            self._prepare(path)
        except sqlite3.OperationalError as error:
            self._base.close()
            if "locked" in str(error):
                raise InputError(
                    f"{path.parent.parent} is open in another kontur serve; go on in that one, or "
                    "end it first"
                ) from None
            raise InputError(f"{path} cannot be used ({error})") from None
        except sqlite3.DatabaseError as error:
            self._base.close()
            raise InputError(
                f"{path} is damaged ({error}); move it away: the outlines beside the images stay"
            ) from None

    def _prepare(self, path: Path) -> None:
        run = self._base.execute
        run("PRAGMA locking_mode=EXCLUSIVE")  # held until this process ends
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        run("BEGIN IMMEDIATE")
        version = run("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in SCHEMA.split(";"):
                run(statement)
            run(f"PRAGMA user_version={VERSION}")
        run("COMMIT")
        if version > VERSION:
            raise InputError(f"{path} was written by a newer Kontur; update Kontur to open it")

    def close(self) -> None:
        """Close the file; nothing is open any more afterwards."""
        with self._lock:
            self._base.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._base.execute(query, values).fetchall()

    def note(self, name: str) -> Any:
        """A value of the folder, such as its classes; None where there is none."""
        rows = self._rows("SELECT value FROM notes WHERE name=?", name)
        return json.loads(rows[0][0]) if rows else None

    def set_note(self, name: str, value: Any) -> None:
        """Keep a value of the folder."""
        self.set_notes({name: value})

    def set_notes(self, notes: Mapping[str, Any]) -> None:
        """Keep several values of the folder, all of them or none."""
        rows = [(name, json.dumps(value)) for name, value in notes.items()]
        with self._transaction() as base:
            base.executemany("REPLACE INTO notes VALUES (?, ?)", rows)

    def images(self, key: str | None = None) -> dict[str, tuple[Status, int]]:
        """Status and number of objects of the images that have any, or of one alone, by key."""
        rows = self._rows(
            "SELECT i.key, i.status, COUNT(o.data) FROM images i LEFT JOIN objects o "
            f"ON o.key = i.key AND {THERE.format('o')} "
            "WHERE ?1 IS NULL OR i.key = ?1 GROUP BY i.key",
            key,
        )
        return {key: (status, count) for key, status, count in rows}

    def image(self, key: str) -> ImageRow | None:
        """What is kept of an image; None before it was opened for the first time."""
        query = "SELECT status, revision, written, digest, file FROM images WHERE key=?"
        rows = self._rows(query, key)
        return ImageRow(*rows[0]) if rows else None

    def unwritten(self) -> list[str]:
        """The keys of images whose file is older than their objects."""
        return [key for (key,) in self._rows("SELECT key FROM images WHERE written < revision")]

    def write_again(self) -> list[str]:
        """The keys of images with a file of ours, all of which is older from now on."""
        with self._transaction() as base:
            base.execute("UPDATE images SET written=-1 WHERE file IS NOT NULL")
        return self.unwritten()

    def set_written(self, key: str, revision: int, digest: str | None, file: str | None) -> None:
        """Keep which revision the file beside the image has, and what it is."""
        with self._transaction() as base:
            base.execute(
                "UPDATE images SET written=?, digest=?, file=? WHERE key=?",
                (revision, digest, file, key),
            )

    def set_status(self, key: str, status: str) -> None:
        """Keep a status that a person gave; the file is to be written, if there is none yet."""
        with self._transaction() as base:
            base.execute("UPDATE images SET status=?, written=-1 WHERE key=?", (status, key))

    def is_opened(self, key: str, page: int) -> bool:
        """Whether the objects of a plane are kept here already."""
        return bool(self._rows("SELECT 1 FROM planes WHERE key=? AND page=?", key, page))

    def open_plane(
        self, key: str, page: int, name: str, objects: Mapping[int, str], status: str
    ) -> None:
        """Keep the objects with which a plane begins, which cannot be undone."""
        with self._transaction() as base:
            base.execute(
                "INSERT INTO images (key, name, status, revision) VALUES (?, ?, ?, 0) "
                "ON CONFLICT (key) DO UPDATE SET status=excluded.status "
                "WHERE revision=0 AND status='untouched'",
                (key, name, status),
            )
            base.execute("INSERT OR IGNORE INTO planes VALUES (?, ?)", (key, page))
            base.executemany(
                "INSERT OR IGNORE INTO objects VALUES (?, ?, ?, 0, ?)",
                [(key, page, number, data) for number, data in objects.items()],
            )

    def planes(self, key: str) -> list[int]:
        """The planes of an image that are kept here, as far as the image has them."""
        query = f"SELECT page FROM planes WHERE key=? AND {THERE.format('planes')} ORDER BY page"
        return [page for (page,) in self._rows(query, key)]

    def films(self) -> list[str]:
        """The keys of images of which further planes than the first were opened."""
        return [key for (key,) in self._rows("SELECT DISTINCT key FROM planes WHERE page > 0")]

    def objects(self, key: str, page: int, *, since: int = -1) -> dict[int, tuple[int, str | None]]:
        """Revision and text of the objects of a plane that changed after a revision, by id."""
        rows = self._rows(
            "SELECT id, revision, data FROM objects WHERE key=? AND page=? AND revision>? "
            "ORDER BY id",
            *(key, page, since),
        )
        return {number: (revision, data) for number, revision, data in rows}

    def texts(self, key: str, page: int) -> dict[int, str]:
        """The objects of a plane as text, by id; without those that were deleted."""
        query = (
            "SELECT id, data FROM objects WHERE key=? AND page=? AND data IS NOT NULL ORDER BY id"
        )
        return dict(self._rows(query, key, page))

    def highest_id(self, key: str, *, besides: int) -> int | None:
        """The highest id on the other planes of an image, of deleted objects too; None of none."""
        query = (
            "SELECT MAX((SELECT MAX(id) FROM objects o WHERE o.key=p.key AND o.page=p.page)) "
            "FROM planes p WHERE p.key=? AND p.page<>?"
        )
        ((highest,),) = self._rows(query, key, besides)
        return None if highest is None else int(highest)

    def moves(self, key: str, page: int) -> list[str]:
        """The moves of a plane that were not undone, the oldest first."""
        query = "SELECT move FROM edits WHERE key=? AND page=? AND undone=0 ORDER BY number"
        return [move for (move,) in self._rows(query, key, page)]

    def edit(
        self, key: str, page: int, move: str, before: Stored, after: Stored, *, status: str
    ) -> int:
        """Keep an edit with what it leaves; what was undone before it is forgotten. The revision.

        `before` and `after` have the objects that differ.
        """
        changes = json.dumps([[number, before.get(number), after[number]] for number in after])
        with self._transaction() as base:
            old = base.execute("SELECT status FROM images WHERE key=?", (key,)).fetchone()[0]
            base.execute("DELETE FROM edits WHERE key=? AND page=? AND undone=1", (key, page))
            base.execute(
                "INSERT INTO edits (key, page, move, made, changes, status_before, status_after) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (key, page, move, time.time(), changes, old, status),
            )
            return self._store(base, key, page, after, status)

    def undo(self, key: str, page: int) -> tuple[str, int] | None:
        """Take back the newest edit of a plane; the move and the revision, None without one."""
        return self._step(key, page, undone=0, newest="DESC")

    def redo(self, key: str, page: int) -> tuple[str, int] | None:
        """Make the edit again that was undone last; as `undo`."""
        return self._step(key, page, undone=1, newest="ASC")

    def _step(self, key: str, page: int, *, undone: int, newest: str) -> tuple[str, int] | None:
        with self._transaction() as base:
            row = base.execute(
                "SELECT number, move, changes, status_before, status_after FROM edits "
                f"WHERE key=? AND page=? AND undone=? ORDER BY number {newest} LIMIT 1",
                (key, page, undone),
            ).fetchone()
            if row is None:
                return None
            number, move, changes, before, after = row
            index = 1 if undone == 0 else 2  # of an object's text: before the edit, after it
            objects = {change[0]: change[index] for change in json.loads(changes)}
            status = before if undone == 0 else after
            now = base.execute("SELECT status FROM images WHERE key=?", (key,)).fetchone()[0]
            kept = "status_after" if undone == 0 else "status_before"  # to come back to
            base.execute(
                f"UPDATE edits SET undone=?, {kept}=? WHERE number=?", (1 - undone, now, number)
            )
            return move, self._store(base, key, page, objects, status)

    def steps(self, key: str, page: int) -> Steps:
        """How many edits can be undone and redone."""
        rows = self._rows(
            "SELECT undone, COUNT(*) FROM edits WHERE key=? AND page=? GROUP BY undone", key, page
        )
        counts = dict(rows)
        return Steps(counts.get(0, 0), counts.get(1, 0))

    def _store(
        self, base: sqlite3.Connection, key: str, page: int, objects: Stored, status: str
    ) -> int:
        base.execute("UPDATE images SET revision=revision+1, status=? WHERE key=?", (status, key))
        revision = base.execute("SELECT revision FROM images WHERE key=?", (key,)).fetchone()[0]
        base.executemany(
            "REPLACE INTO objects VALUES (?, ?, ?, ?, ?)",
            [(key, page, number, revision, data) for number, data in objects.items()],
        )
        return int(revision)

    def thumbnail(self, key: str, stamp: str) -> bytes | None:
        """A kept thumbnail of the file that had this stamp."""
        query = "SELECT picture FROM thumbnails WHERE key=? AND stamp=?"
        rows = self._rows(query, key, stamp)
        return rows[0][0] if rows else None

    def set_thumbnail(self, key: str, stamp: str, picture: bytes) -> None:
        """Keep a thumbnail."""
        with self._transaction() as base:
            base.execute("REPLACE INTO thumbnails VALUES (?, ?, ?)", (key, stamp, picture))
