#!/usr/bin/env bash
# rt-utils: masks of images of 40 rows and 50 columns, written as an RTSTRUCT and read again with get_roi_mask_by_name.
#
# Guess: arrays of the shape that was given, (40, 50, slices), with the same pixels, as it is for square images.
# What happens: arrays of (50, 40, slices), not transposed: objects lie at the same rows and columns as before, in an
#   array that has ten rows too many and ten columns too few. What lies to the right of column 39 is cut off: of an
#   object in columns 34 to 43 60 % are left, one further right is empty. No word is said; square images hide it.
# Matters: volumes and doses of what lies on one side shrink, and who transposes the mask to make it fit moves all of
#   it. Read the contours themselves, or pad the images to squares before.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check rt-utils==1.2.7 pydicom==3.0.2 \
  opencv-python==5.0.0.93 numpy==2.2.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import contextlib
import io
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from rt_utils import RTStructBuilder

print(*(f"{name} {version(name)}" for name in ("rt-utils", "pydicom", "numpy")), sep=", ")


def write_series(folder, rows, columns):
    Path(folder).mkdir()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for number in range(3):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID, image.Modality = CTImageStorage, generate_uid(), "CT"
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
        image.InstanceNumber, image.StudyDate, image.StudyTime = number + 1, "20260101", "120000"
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 2 * number]
        image.PixelSpacing, image.SliceThickness, image.SliceLocation = [1, 1], 2, 2 * number
        image.Rows, image.Columns, image.SamplesPerPixel = rows, columns, 1
        image.PhotometricInterpretation, image.PixelRepresentation = "MONOCHROME2", 0
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        for word in ("AccessionNumber", "ReferringPhysicianName", "Manufacturer", "PatientName", "PatientID"):
            setattr(image, word, "")
        for word in ("StudyID", "StudyDescription", "SeriesDescription", "PatientBirthDate", "PatientSex"):
            setattr(image, word, "")
        image.SeriesNumber, image.PatientAge, image.PatientSize, image.PatientWeight = 1, "", "", ""
        image.PixelData = np.zeros((rows, columns), np.uint16).tobytes()
        image.save_as(f"{folder}/{number}.dcm", enforce_file_format=True)


def read_again(folder, rows, columns):
    write_series(folder, rows, columns)
    builder = RTStructBuilder.create_new(dicom_series_path=folder)
    read = {}
    for start in (12, 34, 42):
        mask = np.zeros((rows, columns, 3), bool)
        mask[5:11, start : start + 10, 1] = True
        mask[:, columns - 1 :] = False
        with contextlib.redirect_stdout(io.StringIO()):
            builder.add_roi(mask=mask, name=f"from {start}")
        found = builder.get_roi_mask_by_name(f"from {start}")
        places = np.nonzero(found)
        at = (int(places[0].min()), int(places[1].min())) if found.any() else None
        read[start] = found.shape, int(mask.sum()), int(found.sum()), at
    return read


oblong, square = read_again("oblong", 40, 50), read_again("square", 50, 50)
for start in oblong:
    print(f"columns from {start}: guess shape (40, 50, 3), {oblong[start][1]} pixels from (5, {start})")
    print(f"  found: shape, written, read and first row and column {oblong[start]}; in a square image {square[start]}")
wrong, wide = (50, 40, 3), (50, 50, 3)
seen = {12: (wrong, 60, 60, (5, 12)), 34: (wrong, 60, 36, (5, 34)), 42: (wrong, 42, 0, None)}
right = {12: (wide, 60, 60, (5, 12)), 34: (wide, 60, 60, (5, 34)), 42: (wide, 42, 42, (5, 42))}
sys.exit(0 if oblong == seen and square == right else "the behaviour has changed")
PY
