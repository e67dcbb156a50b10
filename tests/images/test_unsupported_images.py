import numpy as np
import pytest

from kontur.errors import InputError
from kontur.images import image_file, unsupported_images


@pytest.mark.parametrize("ending", sorted(unsupported_images.UNSUPPORTED))
def test_a_file_of_another_program_is_named_with_what_to_do(tmp_path, ending):
    path = tmp_path / f"Well A1{ending.upper()}"
    path.write_bytes(b"\0\1\2\3 some bytes of another program")
    name, advice = unsupported_images.UNSUPPORTED[ending]
    with pytest.raises(InputError) as caught:
        image_file.read_image(path)
    assert str(caught.value) == f"{path} is {name}, which Kontur does not read; {advice}"
    assert not image_file.is_image(path)


def test_what_is_read_is_not_foreign():
    assert not set(image_file.IMAGE_ENDINGS) & set(unsupported_images.UNSUPPORTED)


def test_a_file_without_its_ending_is_known_by_its_first_bytes(tmp_path):
    for content, name in [
        (b"ZISRAWFILE" + bytes(200), "Zeiss"),
        (b"\x89HDF\r\n\x1a\n" + bytes(200), "HDF5"),
        (bytes(128) + b"DICM" + bytes(100), "DICOM"),
    ]:
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(InputError, match=name):
            image_file.read_image(tmp_path / "a")


def test_a_right_image_with_a_wrong_ending_is_read(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 5)))
    (tmp_path / "a.npy").rename(tmp_path / "a.czi")
    assert image_file.read_image(tmp_path / "a.czi").pixels.shape == (4, 5, 1)
