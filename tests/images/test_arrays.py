import numpy as np
import pytest
from PIL import Image as Picture

from kontur.errors import InputError
from kontur.images.arrays import image_array, without_opaque_alpha

RNG = np.random.default_rng(0)


def numbers(*shape, dtype=np.uint8):
    return (RNG.random(shape) * 250).astype(dtype)


class Lazy:
    """As Dask's and Zarr's arrays: a shape, and the numbers when they are wanted."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape

    def __array__(self, dtype=None, copy=None):
        return self.array.astype(dtype or self.array.dtype)


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("size", [(64, 48), (200, 9), (9, 300)])
def test_channels_may_come_first_or_last(channels, size):
    array = numbers(*size, channels)
    np.testing.assert_array_equal(image_array(array), array)
    np.testing.assert_array_equal(image_array(np.moveaxis(array, -1, 0)), array)
    if channels > 1:
        first = image_array(np.moveaxis(array, -1, 0), channel=1)
        np.testing.assert_array_equal(first, array[:, :, 1:2])


@pytest.mark.parametrize(
    "shape", [(15, 17), (1, 15, 17), (1, 1, 15, 17), (15, 17, 1), (1, 15, 17, 3), (1, 15, 17, 1)]
)
def test_axes_of_one_are_no_axes(shape):
    array = numbers(*shape)
    np.testing.assert_array_equal(image_array(array), array.reshape(15, 17, -1))


def test_many_channels_are_the_axis_that_is_much_shorter():
    array = numbers(200, 150, 31)
    np.testing.assert_array_equal(image_array(array, channel=30), array[:, :, 30:])
    np.testing.assert_array_equal(image_array(np.moveaxis(array, 2, 0), channel=4), array[..., 4:5])


def test_axes_that_cannot_be_known_are_asked_for():
    cube = numbers(40, 41, 42)
    with pytest.raises(InputError, match=r"40 × 41 × 42, and which axis holds the channels"):
        image_array(cube)
    with pytest.raises(InputError, match="for channel 2"):
        image_array(cube, channel=2)
    np.testing.assert_array_equal(image_array(cube, page=7)[:, :, 0], cube[7])
    np.testing.assert_array_equal(image_array(cube, size=(40, 41)), cube)
    np.testing.assert_array_equal(image_array(cube, size=(41, 42)), np.moveaxis(cube, 0, -1))
    np.testing.assert_array_equal(image_array(cube, channels=42), cube)
    np.testing.assert_array_equal(image_array(cube, channels=40), np.moveaxis(cube, 0, -1))


def test_a_page_is_a_plane_of_the_first_axes():
    stack = numbers(30, 64, 48)
    np.testing.assert_array_equal(image_array(stack, page=29)[:, :, 0], stack[29])
    with pytest.raises(InputError, match=r"30 pages \(0 to 29\); page 30 is not"):
        image_array(stack, page=30)
    films = numbers(2, 3, 64, 48, 4)
    np.testing.assert_array_equal(image_array(films, page=4), films[1, 1])
    with pytest.raises(InputError, match=r"one plane is wanted: choose it with page=N, 0 to 5"):
        image_array(films)
    batch = numbers(2, 3, 64, 48)
    np.testing.assert_array_equal(image_array(batch, page=1), np.moveaxis(batch[1], 0, -1))
    with pytest.raises(InputError, match="page 1 is not"):
        image_array(numbers(64, 48, 3), page=1)
    assert image_array(numbers(64, 48, 3), page=0).shape == (64, 48, 3)


def test_a_bool_array_is_a_picture_in_black_and_white():
    mask = numbers(5, 7) > 100
    np.testing.assert_array_equal(image_array(mask)[:, :, 0], np.uint8(255) * mask)
    assert image_array(mask).dtype == np.uint8


def test_an_opaque_alpha_can_be_dropped_and_a_fourth_stain_stays():
    array = numbers(12, 9, 4)
    assert without_opaque_alpha(array) is array
    array[:, :, 3] = 0
    assert without_opaque_alpha(array) is array
    array[:, :, 3] = 255
    np.testing.assert_array_equal(without_opaque_alpha(array), array[:, :, :3])
    np.testing.assert_array_equal(image_array(array), array)


@pytest.mark.parametrize("dtype", ["u1", "i2", ">u2", ">f4", "f2", "f8", "u8"])
def test_numbers_of_every_type_stay_as_they_are(dtype):
    array = numbers(5, 7, dtype=dtype)
    read = image_array(array)
    np.testing.assert_array_equal(read[:, :, 0], array)
    assert read.dtype.isnative
    assert read.dtype == np.dtype(dtype).newbyteorder("=")


def test_every_kind_of_array_is_taken(tmp_path):
    array = numbers(20, 30, 3)
    np.save(tmp_path / "a.npy", array)
    kinds = [
        array.tolist(),
        list(array),
        tuple(map(tuple, array)),
        np.load(tmp_path / "a.npy", mmap_mode="r"),
        Lazy(array),
        memoryview(array),
        np.ma.masked_array(array),
        array[::-1][::-1],
        Picture.fromarray(array),
    ]
    for kind in kinds:
        np.testing.assert_array_equal(image_array(kind), array)


@pytest.mark.parametrize("count", [2, 3, 12])
@pytest.mark.parametrize("made", [np.asarray, Picture.fromarray])
def test_several_grey_images_are_no_channels_of_one(count, made):
    grey = list(numbers(count, 64, 48))
    several = [made(one) for one in grey]
    with pytest.raises(InputError, match=f"a list of {count} images, and one is wanted: loop"):
        image_array(several)
    np.testing.assert_array_equal(image_array(several, page=1)[:, :, 0], grey[1])
    stacked = np.stack(grey, axis=-1)
    if count < 12:
        np.testing.assert_array_equal(image_array(np.stack(grey)), stacked)
        np.testing.assert_array_equal(image_array(np.stack(grey).tolist()), stacked)
    np.testing.assert_array_equal(image_array([several[0]]), stacked[:, :, :1])


def test_a_tensor_without_numbers_is_refused_in_a_sentence():
    torch = pytest.importorskip("torch")
    with pytest.raises(InputError, match="does not become an array of numbers"):
        image_array(torch.zeros(9, 9, device="meta"))


def test_tensors_are_taken_without_torch_being_named():
    torch = pytest.importorskip("torch")
    array = numbers(3, 64, 48, dtype=np.float32)
    tensor = torch.from_numpy(array).requires_grad_()
    for one in (tensor, tensor[None], tensor * 1):
        np.testing.assert_array_equal(image_array(one), np.moveaxis(array, 0, -1))
    with pytest.raises(InputError, match="a Tensor that does not become an array of numbers"):
        image_array(tensor.to(torch.bfloat16))


def test_pictures_of_pillow_are_read_as_from_their_files():
    array = numbers(5, 7, 4)
    np.testing.assert_array_equal(image_array(Picture.fromarray(array)), array[:, :, :3])
    palette = Picture.new("P", (7, 5))
    palette.putpalette([0, 0, 0, 9, 8, 7])
    palette.paste(1, (0, 0, 2, 2))
    assert image_array(palette)[0, 0].tolist() == [9, 8, 7]
    assert image_array(Picture.new("1", (7, 5), 1)).tolist() == [[[255]] * 7] * 5


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "got an array of object"),
        (3.5, "got a single number"),
        ([1, 2, 3], r"got 3$"),
        (np.zeros((0, 5)), "at least one pixel, got 0 × 5"),
        (np.zeros((5, 7), complex), "complex numbers .* numpy.abs"),
        (np.zeros((5, 7), object), "got an array of object"),
        (np.zeros((5, 7), [("red", "u1"), ("green", "u1")]), "records with the fields red, green"),
        (np.zeros((5, 7), "M8[s]"), "got an array of datetime64"),
        (["a.tif", "b.tif"], "loop over the names"),
        ([[1, 2], [3]], "a list that does not become an array of numbers"),
        ({"a": 1}, r"got an array of object \(a dict\)"),
        (np.ma.masked_greater(np.arange(12).reshape(3, 4), 5), "a masked array; .* .filled"),
    ],
)
def test_what_is_no_picture_of_numbers_is_refused_in_one_sentence(value, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        image_array(value)
    assert "\n" not in str(caught.value)
