"""Folders of small volumes and films with label volumes."""

import numpy as np
import tifffile

from tests.images import volumes

SIZE = (16, 20)


def volume(folder, name, planes, *, full=None, axes="ZYX"):
    """A volume of so many planes, with a square on each, or on those of `full`."""
    shape = planes if isinstance(planes, tuple) else (planes,)
    labels = np.zeros((*shape, *SIZE), np.uint8)
    for place in np.ndindex(shape):
        if full is None or place[0] in full:
            labels[place][2:9, 3 + place[0] % 8 : 10 + place[0] % 8] = 1
    for part, pixels in (("images", labels * 200 + 7), ("labels", labels)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        path = folder / part / name
        if name.endswith(".nii.gz"):
            volumes.write(path, pixels.T)
        else:
            how = {"photometric": "minisblack", "metadata": {"axes": axes}}
            tifffile.imwrite(path, pixels, ome=len(shape) > 1, **how)
    return folder
