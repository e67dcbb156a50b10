"""Segmentations as Cellpose pickles them."""

import pickle

import numpy as np

MASKS = np.array([[0, 1, 1], [2, 1, 1], [2, 0, 3]], dtype=np.uint16)


def save(tmp_path, value, protocol=None):
    path = tmp_path / "a_seg.npy"
    if protocol is None:
        np.save(path, value, allow_pickle=True)
        return path
    header = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    array = np.empty((), dtype=object)
    array[()] = value
    path.write_bytes(header.ljust(127) + b"\n" + pickle.dumps(array, protocol=protocol))
    return path
