"""What the tiles of an image gave, kept until all of them are finished (`unfinished`)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from kontur.infer.outline_arrays import outline_arrays, outlines_from
from kontur.infer.tiling.tiles import Tile, Tiling
from kontur.infer.unfinished import Unfinished
from kontur.models.candidates import Candidates


class TileStore:
    """The candidates of finished tiles in a folder; `identity` and `check` as in `Unfinished`.

    The tiles of one image may have several sides: `--tile` is no setting, and by itself a run takes
    what fits into the memory of its machine. So the name of a file says of which tiling a tile is.
    """

    def __init__(
        self, folder: Path, identity: Mapping[str, Any], check: Callable[[], None] = lambda: None
    ):
        self._files = Unfinished(folder, "tiles", identity, check)

    @property
    def side(self) -> int | None:
        """The side of the tiles that are there, of the same image and settings; None without."""
        tiles = self._files.parts
        return int(tiles["side"]) if isinstance(tiles, dict) and "side" in tiles else None

    def begin(self, tiling: Tiling) -> None:
        """Make ready for these tiles; others that are there are removed."""
        self._files.begin(asdict(tiling))

    def candidates(
        self, tiling: Tiling, tile: Tile, propose: Callable[[Tile], Candidates]
    ) -> Candidates:
        """What a tile of the tiling gave, from its file or else proposed now and written."""
        found = self._load(tiling, tile)
        if found is None:
            found = propose(tile)
            self.add(tiling, tile, found)
        return found

    def add(self, tiling: Tiling, tile: Tile, candidates: Candidates) -> None:
        """Write what a tile gave; nothing where the image was finished meanwhile."""
        self._files.add(_name(tiling, tile), _arrays(candidates))

    def holds(self, tiling: Tiling, tile: Tile) -> bool:
        """Whether the file of a tile is there and whole."""
        return self._load(tiling, tile) is not None

    def remove(self) -> None:
        """Remove the folder: the outputs are there, or it is of something else."""
        self._files.remove()

    def _load(self, tiling: Tiling, tile: Tile) -> Candidates | None:
        """The candidates of a tile; None where they are missing or damaged."""
        arrays = self._files.load(_name(tiling, tile))
        try:
            return None if arrays is None else _candidates(arrays)
        except (ValueError, LookupError, shapely.GEOSException):
            return None


def _name(tiling: Tiling, tile: Tile) -> str:
    whole = (*tiling.size, tiling.side, tiling.halo, tiling.reach, tiling.grid)
    return f"{tile.row}-{tile.column}.{'-'.join(map(str, whole))}"


def _arrays(candidates: Candidates) -> dict[str, Any]:
    return {
        **outline_arrays(candidates.polygons),
        "repaired": candidates.repaired,
        "scores": candidates.scores,
        "labels": candidates.labels,
        "boxes": candidates.boxes,
        "points": candidates.owner_points,
        "size": np.array(candidates.size),
        "classes": np.array(candidates.classes),
    }


def _candidates(arrays: Mapping[str, np.ndarray]) -> Candidates:
    height, width = arrays["size"].tolist()
    return Candidates(
        outlines_from(arrays),
        arrays["repaired"],
        arrays["scores"],
        arrays["labels"],
        arrays["boxes"],
        (height, width),
        tuple(arrays["classes"].tolist()),
        points=arrays["points"],
    )
