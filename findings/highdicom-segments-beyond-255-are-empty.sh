#!/usr/bin/env bash
# highdicom: segment 300 of a label-map segmentation of segments 1, 2 and 300, read by itself.
#
# Guess: its pixels, as the whole label image has them.
# What happens: no pixel, in every way of choosing it: by segment_numbers=[300] in one label image, relabelled, and as a
#   channel of its own, where nothing was chosen too. Read as one label image of all, 300 is there. Nothing is raised.
# Matters: segmentations of cells, or of an atlas, have numbers beyond 255; objects from there on are empty in a stack of
#   masks, and a measurement of them says 0.
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
labels[1, 5:15, 5:15], labels[1, 5:10, 20:28], labels[2, 5:10, 20:24] = 1, 2, 300
read = written_and_read(labels, [1, 2, 300], hd.seg.SegmentationTypeValues.LABELMAP)


def found(**how):
    return read.get_pixels_by_source_instance(instances, **how)


whole = pixels(found(combine_segments=True))
alone = pixels(found(segment_numbers=[300], combine_segments=True))
renumbered = pixels(found(segment_numbers=[300], combine_segments=True, relabel=True))
channels = [int(channel.sum()) for channel in np.moveaxis(found(), -1, 0)]
volume = [int(channel.sum()) for channel in np.moveaxis(read.get_volume().array, -1, 0)]
print("guess: whole {1: 100, 2: 40, 300: 20}, alone {300: 20}, relabelled {1: 20}, channels [100, 40, 20]")
print(f"found: whole {whole}, alone {alone}, relabelled {renumbered}, channels {channels}, of the volume {volume}")
seen = whole == {1: 100, 2: 40, 300: 20} and alone == renumbered == {} and channels == volume == [100, 40, 0]
sys.exit(0 if seen else "the behaviour has changed")
PY
