"""Files whose names end in four digits: channels of one image of nnU-Net, or numbered cases."""

import json

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.images.image_file import files_of, read_image
from kontur.infer.inputs import find_inputs
from tests.images import volumes

EYE = np.eye(5, 4, dtype=np.uint8)[:, :, None]


def save(folder, *names, array=EYE):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        volumes.write(folder / name, array + np.uint8(number))


def describe(folder, **content):
    (folder / "dataset.json").write_text(json.dumps(content))


def test_more_channels_of_a_case_with_labels_than_are_named_are_told(tmp_path):
    save(tmp_path / "imagesTr", "a_0000.nii.gz", "a_0001.nii.gz")
    save(tmp_path / "labelsTr", "a.nii.gz")
    describe(tmp_path, modality={"0": "MR"})
    with pytest.raises(InputError, match="names 1 channel"):
        read_image(tmp_path / "imagesTr" / "a_0000.nii.gz")


@pytest.mark.parametrize("numbers", [(0, 1), (1, 2), (7,)])
def test_cases_without_labels_are_images_of_their_own_where_one_channel_is_named(tmp_path, numbers):
    names = [f"la_{number:04}.nii.gz" for number in numbers]
    save(tmp_path / "imagesTs", *names)
    describe(tmp_path, modality={"0": "MRI"})
    assert [one.path.name for one in find_inputs([tmp_path / "imagesTs"])] == names
    for number, name in enumerate(names):
        image = read_image(tmp_path / "imagesTs" / name)
        assert (image.pixels.shape, image.pixels.max()) == ((4, 5, 1), 1 + number)
        assert files_of(tmp_path / "imagesTs" / name) == [tmp_path / "imagesTs" / name]


def test_where_nothing_says_whether_files_are_channels_or_cases_a_line_says_what_they_are_taken_for(
    tmp_path, caplog
):
    save(tmp_path / "imagesTs", "la_0000.nii.gz", "la_0001.nii.gz")
    for _ in range(2):
        read_image(tmp_path / "imagesTs" / "la_0000.nii.gz")
    (line,) = caplog.messages
    assert "la_0000, la_0001 and so on are read as channels of one image" in line


def test_files_of_channels_on_their_fourth_axis_are_no_channels_of_one_image(tmp_path):
    four = np.zeros((5, 4, 1, 2), np.uint8)
    save(tmp_path / "imagesTs", "la_0000.nii.gz", "la_0001.nii.gz", array=four)
    describe(tmp_path, modality={"0": "T1", "1": "T2"})
    with pytest.raises(InputError, match="holds 2 channels, and there are files beside it"):
        read_image(tmp_path / "imagesTs" / "la_0000.nii.gz")
