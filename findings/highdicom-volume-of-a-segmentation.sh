#!/usr/bin/env bash
# highdicom: a segmentation made from an array of 5 planes, objects in planes 1 and 3, read back with get_volume.
#
# Guess: the array that was given: 5 planes, 20 pixels in plane 1 and 12 in plane 3.
# What happens: 3 planes, with 12 pixels in the first and 20 in the last. Planes before the first object and after the
#   last were not stored, and the order is turned round: the volume begins at the far end of the series. With
#   omit_empty_frames=False it has 5 planes, also turned. The affine says all this; nothing else does.
# Matters: laid on the images by index, objects lie in the wrong planes, and where the first and the last hold the like,
#   nobody sees it; take get_pixels_by_source_instance, or the images too as a volume (get_volume_from_series).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check highdicom==0.28.2 pydicom==3.0.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import highdicom
import numpy as np
from highdicom import seg
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

print(*(f"{name} {version(name)}" for name in ("highdicom", "pydicom", "numpy")), sep=", ")
ROWS, COLUMNS = 20, 30
study, series, space = generate_uid(), generate_uid(), generate_uid()


def plane(k):
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, space
    for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime"):
        setattr(image, name, "")
    image.AccessionNumber = image.ReferringPhysicianName = image.PositionReferenceIndicator = image.Manufacturer = ""
    image.Modality, image.SeriesNumber, image.InstanceNumber = "CT", 1, k + 1
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 2.0 * k], [1, 0, 0, 0, 1, 0]
    image.PixelSpacing, image.SliceThickness = [1, 1], 2
    image.Rows, image.Columns, image.SamplesPerPixel, image.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.PixelData = bytes(2 * ROWS * COLUMNS)
    return image


def segmented(images, pixels, **words):
    cell = CodedConcept("4421005", "SCT", "Cell")
    kind = seg.SegmentDescription(1, "cell", cell, cell, seg.SegmentAlgorithmTypeValues.MANUAL)
    return seg.Segmentation(images, pixels, "BINARY", [kind], generate_uid(), 1, generate_uid(), 1, *"abcd", **words)


def planes(volume):
    return volume.array.sum((1, 2)).tolist()


images = [plane(k) for k in range(5)]
pixels = np.zeros((5, ROWS, COLUMNS), np.uint8)
pixels[1, 2:6, 3:8] = 1
pixels[3, 4:7, 5:9] = 1
stored = segmented(images, pixels)
found = planes(stored.get_volume(combine_segments=True))
all_planes = planes(segmented(images, pixels, omit_empty_frames=False).get_volume(combine_segments=True))
whole = highdicom.get_volume_from_series(images)
matched = planes(stored.get_volume(combine_segments=True).match_geometry(whole))
print(f"guess: {pixels.sum((1, 2)).tolist()} pixels in the planes")
print(f"found: {found}; with the empty frames kept {all_planes}; matched to the series {matched}")
turned = [0, 12, 0, 20, 0]
sys.exit(0 if (found, all_planes, matched) == ([12, 0, 20], turned, turned) else "the behaviour has changed")
PY
