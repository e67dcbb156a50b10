import time

import numpy as np
import shapely
from skimage.color import rgb2lab

from kontur.display import neighbour_colours as module
from kontur.display.colours import PALETTE
from kontur.display.neighbour_colours import neighbour_colours


def squares(corners, side=10.0):
    corners = np.asarray(corners, dtype=float)
    return np.hstack([corners, corners + side])


def grid(count):
    return squares(np.stack(np.meshgrid(*[np.arange(count) * 10] * 2), -1).reshape(-1, 2))


def distances(boxes):
    """How far apart in CIE Lab the colours of objects are whose boxes touch."""
    lab = rgb2lab(np.array(PALETTE)[neighbour_colours(boxes)][None] / 255)[0]
    shapes = shapely.box(*boxes.T)
    one, other = shapely.STRtree(shapes).query(shapes)
    pairs = one < other
    return np.linalg.norm(lab[one[pairs]] - lab[other[pairs]], axis=1)


def test_objects_that_touch_have_clearly_different_colours_whatever_their_order():
    boxes = grid(12)
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(boxes)
        apart = distances(shuffled)
        assert len(apart) == 2 * 12 * 11 + 2 * 11**2
        assert apart.min() > 60, seed


def test_an_object_among_many_takes_a_colour_that_the_nearest_have_not():
    around = [[20 * x, 20 * y] for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]
    touching = squares([*around, [9, 0], [-9, 0], [0, 0]], side=10)
    colours = neighbour_colours(touching)
    assert colours[-1] not in colours[-3:-1]


def test_the_colours_go_round_where_no_object_has_a_neighbour():
    apart = squares([[100 * i, 0] for i in range(9)])
    assert neighbour_colours(apart).tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    assert neighbour_colours(apart[:1]).tolist() == [0]
    points = np.zeros((3, 4))  # boxes without any side, all in one place
    assert len(set(neighbour_colours(points).tolist())) == 3


def test_a_crowd_takes_well_under_a_second():
    rng = np.random.default_rng(0)
    middles, sides = rng.uniform(0, 3000, (25_000, 2)), rng.uniform(3, 9, (25_000, 2))
    crowd = np.hstack([middles - sides, middles + sides])
    start = time.process_time()
    colours = neighbour_colours(crowd)
    assert time.process_time() - start < 0.8  # about 0.12 here
    np.testing.assert_array_equal(neighbour_colours(crowd), colours)
    assert (distances(crowd) == 0).mean() < 0.001  # 14 of 100 by their order alone


def test_a_heap_takes_no_square_of_its_objects_in_steps_and_has_all_colours():
    wide = np.random.default_rng(0).uniform(0, 5, (10_000, 2))
    for heap in (squares(wide, 50), squares(0 * wide, 0)):
        start = time.process_time()
        colours = neighbour_colours(heap)
        assert time.process_time() - start < 1.5  # about 0.1 here, 60 where each looks at all
        assert np.bincount(colours).min() > 0.1 * len(heap)  # of 7 colours
        first = np.lexsort(heap[:, 1::-1].T)[:7]
        assert len(set(colours[first].tolist())) == 7


def heap_of_sizes(count, width):
    """Boxes of five octaves of width and of height in a square of this width."""
    rng = np.random.default_rng(0)
    sides = 8 * 2 ** rng.uniform(0, 5, (count, 2))
    corners = rng.uniform(0, width, (count, 2)) - sides / 2
    boxes = np.hstack([corners, corners + sides])
    return boxes[np.lexsort(boxes[:, 1::-1].T)]


def test_the_neighbours_are_the_nearest_of_all_before():
    boxes = heap_of_sizes(400, 240)
    near = module.NEAR * np.median(boxes[:, 2:] - boxes[:, :2])
    starts, found, _ = module._earlier_neighbours(boxes)
    for i in range(len(boxes)):
        apart = np.maximum(boxes[:i, :2] - boxes[i, 2:], boxes[i, :2] - boxes[:i, 2:])
        gap = np.hypot(*np.maximum(apart, 0).T)
        wanted = [j for j in np.argsort(gap, kind="stable") if gap[j] <= near][: module.MOST]
        assert found[starts[i] : starts[i + 1]].tolist() == wanted


def test_of_many_that_touch_few_are_looked_at(monkeypatch):
    seen, gaps = [], module._gaps
    monkeypatch.setattr(module, "_gaps", lambda one, two: seen.append(len(one)) or gaps(one, two))
    boxes = heap_of_sizes(4000, 200)  # each touches about a thousand others
    module._earlier_neighbours(boxes)
    assert sum(seen) < 150 * len(boxes)
