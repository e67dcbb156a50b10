"""On which level of the pyramid a box is read."""

import numpy as np

from kontur.models.maskrcnn.levels import roi_levels


def test_a_box_reads_the_level_of_its_size():
    sides = np.array([2.0, 20, 111, 112, 223, 224, 447, 448, 5000])
    boxes = np.stack([sides * 0, sides * 0, sides, sides], axis=1)
    found = roi_levels(boxes, np.ones(9, np.int64), size=(512, 512), strides=(4, 8, 16, 32))
    assert found.strides.tolist() == [4, 4, 4, 8, 8, 16, 16, 32, 32]
    rows = [128 * 128, 64 * 64, 32 * 32, 16 * 16]
    firsts = {4: 0, 8: rows[0], 16: sum(rows[:2]), 32: sum(rows[:3])}
    assert found.starts.tolist() == [sum(rows) + firsts[int(s)] for s in found.strides]
    assert found.sizes[:, 0].tolist() == [512 // int(s) for s in found.strides]
