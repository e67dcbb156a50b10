"""What the tiles of an image gave, kept beside its outputs until all of them are finished.

A run that is killed and started again looks only at the tiles that are missing. A file a tile,
written whole or not at all; several processes may fill one store.
"""

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from kontur.formats.atomic import replacing, write_text
from kontur.infer.tiles import Tile, Tiling
from kontur.models.candidates import Candidates

PLAN = "tiles.json"


class TileStore:
    """The candidates of finished tiles in a folder.

    `identity` says of which image, model and settings they are; what a folder holds of others is
    removed when the tiles begin.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]):
        self.folder = folder
        self._identity = json.loads(json.dumps(dict(identity)))
        self._known = self._read()

    @property
    def side(self) -> int | None:
        """The side of the tiles that are there, of the same image and settings; None without."""
        return None if self._known is None else int(self._known["side"])

    def begin(self, tiling: Tiling) -> None:
        """Make ready for these tiles; others that are there are removed."""
        tiles = json.loads(json.dumps(asdict(tiling)))
        if self._known == tiles:
            return
        self.remove()
        content = {"identity": self._identity, "tiles": tiles}
        write_text(self.folder / PLAN, json.dumps(content, indent=1) + "\n")
        self._known = tiles

    def candidates(self, tile: Tile, propose: Callable[[Tile], Candidates]) -> Candidates:
        """What the tile gave, from its file or else proposed now and written."""
        found = _load(self._file(tile))
        if found is None:
            found = propose(tile)
            self.add(tile, found)
        return found

    def add(self, tile: Tile, candidates: Candidates) -> None:
        """Write what a tile gave; nothing where the image was finished meanwhile."""
        if self.folder.is_dir():
            with replacing(self._file(tile)) as beside:
                _save(beside, candidates)

    def holds(self, tile: Tile) -> bool:
        """Whether the file of a tile is there and whole."""
        return _load(self._file(tile)) is not None

    def remove(self) -> None:
        """Remove the folder: the outputs are there, or it is of something else."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, tile: Tile) -> Path:
        return self.folder / f"{tile.row}-{tile.column}.npz"

    def _read(self) -> dict[str, Any] | None:
        try:
            content = json.loads((self.folder / PLAN).read_text(encoding="utf-8"))
            known: dict[str, Any] = content["tiles"]
            return known if content["identity"] == self._identity else None
        except (OSError, ValueError, LookupError, TypeError):
            return None


def _save(file: Path, candidates: Candidates) -> None:
    outlines = shapely.to_wkb(candidates.polygons)
    with file.open("wb") as opened:
        np.savez(
            opened,
            outlines=np.frombuffer(b"".join(outlines), np.uint8),
            lengths=np.array([len(outline) for outline in outlines], np.int64),
            repaired=candidates.repaired,
            scores=candidates.scores,
            labels=candidates.labels,
            boxes=candidates.boxes,
            points=candidates.owner_points,
            size=np.array(candidates.size),
            classes=np.array(candidates.classes),
        )


def _load(file: Path) -> Candidates | None:
    """The candidates of a file; None where it is missing or damaged."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            content = {name: stored[name] for name in stored.files}
        ends = np.cumsum(content["lengths"])
        whole = content["outlines"].tobytes()
        starts = ends - content["lengths"]
        outlines = [whole[start:end] for start, end in zip(starts, ends, strict=True)]
        height, width = content["size"].tolist()
        return Candidates(
            shapely.from_wkb(np.array([*outlines, None], object)[:-1]),
            content["repaired"],
            content["scores"],
            content["labels"],
            content["boxes"],
            (height, width),
            tuple(content["classes"].tolist()),
            points=content["points"],
        )
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, shapely.GEOSException):
        return None
