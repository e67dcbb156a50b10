"""ROIs in a zip, as ImageJ writes them."""

import roifile


def saved(tmp_path, *rois: roifile.ImagejRoi):
    """A zip as another program writes it."""
    roifile.roiwrite(tmp_path / "RoiSet.zip", rois, mode="w")
    return tmp_path / "RoiSet.zip"
