"""What reading throws, as one sentence without the words of a decoder."""

import errno

import pytest

from kontur.errors import InputError
from kontur.formats.images import read_image
from kontur.formats.read_errors import reading
from tests.formats import cut_images


@pytest.mark.parametrize("name", cut_images.HOW)
def test_an_image_that_ends_amid_its_pixels_is_named_with_what_to_do_and_nothing_else(
    tmp_path, name
):
    path = cut_images.save(tmp_path, name)
    with pytest.raises(InputError) as caught:
        read_image(path)
    assert str(caught.value) == cut_images.sentence(path)
    assert caught.value.__cause__ is not None  # where the decoder's words are


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EIO, "x"), "could not be read: Input/output error; try again"),
        (OSError(errno.EINVAL, "seek"), "is damaged or cut short; copy or export it again"),
        (OSError("image file is truncated"), "is damaged or cut short; copy or export it again"),
        (NotImplementedError("chroma 4:1:1"), r"cannot be read \(chroma 4:1:1\); export it again"),
    ],
)
def test_a_disk_that_fails_and_a_rare_encoding_are_not_called_damage(tmp_path, error, sentence):
    with pytest.raises(InputError, match=sentence), reading(tmp_path / "a.tif"):
        raise error
