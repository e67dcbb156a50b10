"""Objects for the round trips: random label images, moved and stretched off the pixel grid."""

from pathlib import Path

import numpy as np
import shapely
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kontur.images.zarr_store import files_of
from kontur.instances import Instances

CLASSES = ("nucleus", "mitosis, late", "细胞")


# A label image and a seed: holes, parts, single pixels, borders, diagonal touches, ignored ones.
# The objects are made from it in the test, since checked code may not run inside a strategy.
drawings = st.tuples(
    hnp.arrays(
        np.int32,
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        elements=st.sampled_from([0, 0, 1, 2, 7, 70000, -3]),
    ),
    st.integers(0, 2**32 - 1),
)


def objects(drawing: tuple[np.ndarray, int], *, on_grid: bool) -> Instances:
    image, seed = drawing
    rng = np.random.default_rng(seed)
    found = Instances.from_label_image(image, CLASSES)
    scores = np.where(rng.random(len(found)) < 0.3, np.nan, rng.random(len(found)))
    found = found.replace(labels=rng.integers(0, len(CLASSES), len(found)), scores=scores)
    if on_grid:
        return found
    moved = found.scale(*rng.uniform(0.5, 2, 2)).shift(*rng.uniform(-3, 3, 2))
    return moved.replace(size=(40, 50))


def content(path: Path) -> bytes | dict[str, bytes]:
    """The bytes of a file, or of every file of a store."""
    if path.is_file():
        return path.read_bytes()
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files_of(path)}


def with_holes(found: Instances) -> np.ndarray:
    return np.array(
        [shapely.get_num_interior_rings(shapely.get_parts(p)).any() for p in found.polygons],
        dtype=bool,
    )


def named(found: Instances) -> list[str]:
    return [found.classes[label] for label in found.labels]


def assert_same(left: Instances, right: Instances) -> None:
    """The same objects to the last bit, in the same order; the list of classes may differ."""
    assert shapely.to_wkb(left.polygons).tolist() == shapely.to_wkb(right.polygons).tolist()
    assert_all_but_outlines_same(left, right)


def assert_close(left: Instances, right: Instances) -> None:
    """The same objects, outlines and scores as files hold them: to a thousandth of a pixel."""
    near = shapely.hausdorff_distance(left.polygons, right.polygons)
    assert (near < 0.00071).all()  # half of a thousandth, in both directions
    assert shapely.is_valid(right.polygons).all()
    np.testing.assert_allclose(left.scores, right.scores, atol=1e-6)
    assert_all_but_outlines_same(left.replace(scores=right.scores), right)


def assert_all_but_outlines_same(left: Instances, right: Instances) -> None:
    assert left.ids.tolist() == right.ids.tolist()
    assert left.ignore.tolist() == right.ignore.tolist()
    assert named(left) == named(right)
    np.testing.assert_array_equal(left.scores, right.scores)


def ring_with_island() -> Instances:
    """Three objects drawn by hand: a square with a hole, one in two parts, a triangle."""
    frame = shapely.Polygon([(1, 1), (7, 1), (7, 7), (1, 7)], [[(3, 3), (3, 5), (5, 5), (5, 3)]])
    parts = shapely.MultiPolygon([shapely.box(9, 0, 10, 2), shapely.box(9, 4, 10.25, 6.5)])
    triangle = shapely.Polygon([(0, 8), (4, 8.125), (2, 9.5)])
    return Instances.of(
        [frame, parts, triangle],
        labels=[1, 0, 0],
        scores=[0.5, np.nan, 0.1 + 0.2],
        ids=[3, 4, 9],
        size=(10, 12),
        classes=("cell", "ring"),
    )
