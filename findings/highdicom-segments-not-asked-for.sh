#!/usr/bin/env bash
# highdicom: segments 1 and 2 of a label-map segmentation of three, read with segment_numbers=[1, 2] in one label image.
#
# Guess: the pixels of segments 1 and 2, and 0 elsewhere, as of a binary segmentation of the same labels.
# What happens: the third segment is there too, with its own value; one of number 300 comes as 44, cut to eight bits.
#   Asked for one segment, or with relabel=True, or without combine_segments, what was chosen comes alone.
# Matters: a volume of "liver and lesions" holds every other organ, and numbers cut to eight bits meet those of other
#   segments; since binary segmentations do what is asked, a script changes its result with the kind of the file.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check highdicom==0.28.2 pydicom==3.0.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import datetime
import sys
from importlib.metadata import version

import highdicom as hd
import numpy as np
import pydicom
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

print(*(f"{name} {version(name)}" for name in ("highdicom", "pydicom")), sep=", ")
ROWS, COLUMNS, PLANES = 20, 30, 4
study, series, frame_of_reference = generate_uid(), generate_uid(), generate_uid()


def ct_slice(number):
    """One plane of a CT series, without anything in it."""
    image = pydicom.Dataset()
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame_of_reference
    for empty in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber"):
        setattr(image, empty, "")
    image.ReferringPhysicianName = image.PositionReferenceIndicator = ""
    image.StudyDate, image.StudyTime = datetime.date(2026, 1, 1), datetime.time()
    image.Modality, image.SeriesNumber, image.InstanceNumber = "CT", 1, number + 1
    image.Rows, image.Columns, image.PixelSpacing, image.SliceThickness = ROWS, COLUMNS, [0.5, 0.5], 2.0
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 2.0 * number], [1, 0, 0, 0, 1, 0]
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation, image.SamplesPerPixel = 15, 0, 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.PixelData = bytes(2 * ROWS * COLUMNS)
    return image


images = [ct_slice(number) for number in range(PLANES)]
instances = [image.SOPInstanceUID for image in images]


def written_and_read(labels, numbers, kind):
    """A segmentation of these labels, which went through a file."""
    segments = [
        hd.seg.SegmentDescription(
            number, f"segment {number}", codes.SCT.Organ, codes.SCT.Liver, hd.seg.SegmentAlgorithmTypeValues.MANUAL
        )
        for number in numbers
    ]
    names = ("maker", "model", "1", "1")
    written = hd.seg.Segmentation(images, labels, kind, segments, generate_uid(), 2, generate_uid(), 1, *names)
    written.save_as("labels.dcm")
    return hd.seg.segread("labels.dcm")


def pixels(values):
    return dict(zip(*(part.tolist() for part in np.unique(values[values > 0], return_counts=True))))


labels = np.zeros((PLANES, ROWS, COLUMNS), np.uint16)
labels[1, 5:15, 5:15], labels[2, 5:10, 20:28] = 1, 2


def found(kind, third, **how):
    labels[2, 12:15, 20:28] = third
    read = written_and_read(labels, [1, 2, third], kind)
    return pixels(
        read.get_pixels_by_source_instance(instances, segment_numbers=[1, 2], combine_segments=True, **how)
    ), pixels(read.get_volume(segment_numbers=[1, 2], combine_segments=True, **how).array)


KINDS = hd.seg.SegmentationTypeValues
binary, label_map = found(KINDS.BINARY, 3), found(KINDS.LABELMAP, 3)
high, relabelled = found(KINDS.LABELMAP, 300), found(KINDS.LABELMAP, 3, relabel=True)
print("guess: {1: 100, 2: 40} of either kind")
print(f"found: binary {binary[0]}, label map {label_map[0]}, with a segment 300 {high[0]}, relabelled {relabelled[0]}")
seen = (
    binary == relabelled == ({1: 100, 2: 40},) * 2
    and label_map == ({1: 100, 2: 40, 3: 24},) * 2
    and high == ({1: 100, 2: 40, 44: 24},) * 2
)
sys.exit(0 if seen else "the behaviour has changed")
PY
