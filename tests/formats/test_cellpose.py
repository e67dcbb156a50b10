import contextlib

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from kontur import formats
from kontur.errors import InputError
from kontur.images.page_count import count_pages, list_planes
from kontur.instances import Instances
from kontur.instances.plane import Plane
from tests.images.pickles import MASKS, save


def content(masks=MASKS):
    """The dictionary that Cellpose's `masks_flows_to_seg` makes."""
    return {
        "outlines": (masks > 0).astype(np.uint16),
        "masks": masks,
        "chan_choose": [0, 0],
        "ismanual": np.zeros(int(masks.max()), bool),
        "filename": "/data/plate 1/a.tif",
        "flows": [np.zeros((1, 3, 3, 3), np.uint8), None, np.float32(0.5), []],
        "diameter": np.float64(30.5),
        "est_diam": None,
    }


@pytest.mark.parametrize("protocol", [None, 0, 1, 2, 3, 4, 5])
def test_masks_are_read_from_every_pickle(tmp_path, protocol):
    (entry,) = formats.read_images(save(tmp_path, content(), protocol))
    np.testing.assert_array_equal(entry.instances.label_image(), MASKS)
    assert (entry.file_name, entry.size) == ("a.tif", (3, 3))


@pytest.mark.parametrize("dtype", [">u2", "<i4", "u4", "i8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_masks_of_any_whole_number_type(tmp_path, dtype, order):
    masks = np.array(MASKS, dtype=dtype, order=order)
    found = formats.read(save(tmp_path, content(masks)))
    np.testing.assert_array_equal(found.label_image(), masks.astype(int))


def test_an_image_without_objects(tmp_path):
    found = formats.read(save(tmp_path, {"masks": np.zeros((4, 5), np.uint16)}))
    assert (len(found), found.size) == (0, (4, 5))


def test_of_a_stack_a_plane_is_chosen(tmp_path):
    path = save(tmp_path, content(np.stack([MASKS, MASKS * 0, MASKS.T])))
    with pytest.raises(InputError, match="planes"):
        formats.read(path)
    first, last = formats.read_images(path)  # the plane between them has no object
    np.testing.assert_array_equal(first.instances.label_image(), MASKS)
    np.testing.assert_array_equal(last.instances.label_image(), MASKS.T)
    assert [one.instances.plane for one in (first, last)] == [Plane(z=0), Plane(z=2)]
    assert list_planes(path) == [Plane(z=0), Plane(z=1), Plane(z=2)]
    assert count_pages(path) == 3
    np.testing.assert_array_equal(formats.read(path, page=2).label_image(), MASKS.T)
    with pytest.raises(InputError, match="page 7 is not among them"):
        formats.read(path, page=7)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"outlines": MASKS}, "has no array 'masks' of whole numbers; it has outlines"),
        ({"masks": MASKS / 2}, "has no array 'masks'"),
        ({"masks": [[1, 2]]}, "has no array 'masks'"),
        (np.array([[1], "x"], dtype=object), "holds no masks of Cellpose"),
        ({"masks": np.zeros((0, 4), int)}, "masks are of the shape 0×4"),
        (MASKS, "is a plain array"),
    ],
)
def test_other_files_of_numpy_are_one_sentence(tmp_path, value, sentence):
    with pytest.raises(InputError, match=sentence):
        formats.read(save(tmp_path, value))


@hypothesis.settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(st.data())
def test_damaged_files_are_one_sentence_or_read(tmp_path, data):
    sound = save(tmp_path, content()).read_bytes()
    start = data.draw(st.integers(0, len(sound) - 1))
    stop = data.draw(st.integers(start, len(sound)))
    between = data.draw(
        st.sampled_from([b"", b"\0", b"\xff\xff\xff\xff", b".", b"R", b"b", b"cos\nsystem\n"])
    )
    path = tmp_path / "b_seg.npy"
    path.write_bytes(sound[:start] + between + sound[stop:])
    with contextlib.suppress(InputError):
        assert isinstance(formats.read(path), Instances)


def test_it_is_only_read(tmp_path):
    with pytest.raises(InputError, match="which Kontur reads only"):
        formats.write(tmp_path / "a_seg.npy", Instances.empty((3, 3)))
