import numpy as np
import pytest

from kontur.data.folder import open_folder
from kontur.errors import InputError
from tests.formats import volumes


def save(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        volumes.write(folder / name, np.eye(5, 4, dtype=np.uint8)[:, :, None])


@pytest.mark.parametrize("image", ["a_0000.nii.gz", "a.nii.gz", "a_0000.nii"])
def test_the_first_channel_of_a_case_belongs_to_the_labels_of_the_case(tmp_path, image):
    save(tmp_path / "imagesTr", image, "b_0000.nii.gz")
    save(tmp_path / "labelsTr", "a.nii.gz", "b.nii.gz")
    folder = open_folder(tmp_path)
    assert folder.names == (image.split(".")[0], "b_0000")
    assert [item.annotation.name for item in folder.annotated] == ["a.nii.gz", "b.nii.gz"]
    assert folder.orphans == folder.unannotated == ()
    assert [len(sample.instances) for sample in folder.samples] == [1, 1]


def test_channels_in_files_of_their_own_are_refused(tmp_path):
    save(tmp_path / "imagesTr", "a_0000.nii.gz", "a_0001.nii.gz")
    save(tmp_path / "labelsTr", "a.nii.gz")
    with pytest.raises(InputError, match=r"channels of a in files of their own \(a_0000, a_0001\)"):
        open_folder(tmp_path)


def test_elsewhere_such_a_number_is_part_of_the_name(tmp_path):
    save(tmp_path / "images", "a_0000.nii.gz", "a_0001.nii.gz")
    save(tmp_path / "labels", "a_0000.nii.gz", "a.nii.gz")
    folder = open_folder(tmp_path)
    assert (folder.names, folder.unannotated, folder.orphans) == (("a_0000",), ("a_0001",), ("a",))
