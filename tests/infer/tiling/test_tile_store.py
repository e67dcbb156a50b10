"""The tiles of an image that is not finished: no run takes those of another tiling for its own."""

import numpy as np
import pytest
import shapely

from kontur.infer.tiling.tile_store import TileStore
from kontur.infer.tiling.tiles import Tiling
from kontur.models.candidates import Candidates

SIZE = (460, 450)
LARGE = Tiling(SIZE, side=224, halo=64, reach=32, grid=32)
OTHERS = {  # what runs of one image and the same settings may differ in
    "side": Tiling(SIZE, side=96, halo=64, reach=32, grid=32),
    "size": Tiling((461, 450), side=224, halo=64, reach=32, grid=32),
    "halo": Tiling(SIZE, side=224, halo=96, reach=32, grid=32),
}


def one_square(x):
    """A candidate whose left border is at x."""
    box = np.array([[x, 0.0, x + 4, 4]])
    square = np.array([shapely.box(*box[0])])
    return Candidates(square, np.array([False]), np.array([0.5]), np.array([0]), box, SIZE, ("o",))


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_runs_in_other_tiles_at_the_same_time_take_no_tile_of_each_other(tmp_path, other):
    ours, theirs = (TileStore(tmp_path / "tiles", {"of": 1}) for _ in range(2))
    ours.begin(LARGE)
    ours.add(LARGE, LARGE.tile(0, 0), one_square(1))
    theirs.begin(other)
    assert not ours.holds(LARGE, LARGE.tile(0, 0))  # what they cost each other
    for store, tiling, x in ((ours, LARGE, 1), (theirs, other, 2)):
        for place in ((0, 0), (1, 0)):
            store.add(tiling, tiling.tile(*place), one_square(x))
    for store, tiling, x in ((ours, LARGE, 1), (theirs, other, 2)):
        taken = store.candidates(tiling, tiling.tile(1, 0), pytest.fail)
        assert taken.boxes[0, 0] == x
    assert TileStore(tmp_path / "tiles", {"of": 1}).side == other.side
    again = TileStore(tmp_path / "tiles", {"of": 1})
    assert not again.holds(other, other.tile(0, 1))
    assert again.candidates(other, other.tile(0, 0), pytest.fail).boxes[0, 0] == 2
