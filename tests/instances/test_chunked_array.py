import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

from kontur.errors import InputError
from kontur.instances import Instances
from kontur.instances.chunked_array import CHUNK
from tests.instances.drawn import HOLED, TWO_PARTS, assert_same, several


def test_one_outline_is_replaced_and_all_else_is_shared():
    before = several()
    after = before.with_polygon(1, box(4, 0, 9, 4))
    assert after.polygons[1].equals(box(4, 0, 9, 4))
    assert before.polygons[1] is TWO_PARTS
    assert_same(after[[0, 2]], before[[0, 2]])
    assert_same(after, before.replace(polygons=[HOLED, box(4, 0, 9, 4), before.polygons[2]]))
    assert after.ids is before.ids
    assert after.extras is before.extras
    assert before.with_polygon(-1, HOLED).polygons[2] is HOLED


@pytest.mark.parametrize(
    ("polygon", "sentence"),
    [
        (Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), "number 3 is not .Self-intersection"),
        (Polygon(), "number 3 is not .it is empty"),
        (shapely.Point(1, 2), "number 3 is Point"),
        (None, "number 3 is nothing"),
    ],
)
def test_an_outline_that_is_no_object_replaces_none(polygon, sentence):
    with pytest.raises(InputError, match=sentence):
        several().with_polygon(2, polygon)
    outlines = several().polygons.copy()
    outlines[2] = polygon
    with pytest.raises(InputError, match=sentence):
        several().replace(polygons=outlines)


@pytest.mark.parametrize("place", [3, -4, 1000])
def test_a_place_without_an_object_is_refused(place):
    for use in (
        lambda: several().with_polygon(place, HOLED),
        lambda: several().polygon(place),
        lambda: Instances.empty().polygon(0),
    ):
        with pytest.raises(InputError, match="objects, with indices from 0"):
            use()


def test_objects_are_found_by_their_ids():
    assert [several().index_of(i) for i in (7, 3, 12)] == [0, 1, 2]
    with pytest.raises(InputError, match="none of the 3 objects has the id 1"):
        several().index_of(1)


@given(st.data())
@settings(max_examples=25)
def test_any_edits_come_to_what_they_come_to_in_a_plain_list_and_can_be_taken_back(data):
    k = data.draw(st.sampled_from([1, 2, 1023, 1024, 1025, 3000]))
    plain = [box(i, 0, i + 1, 1) for i in range(k)]
    versions, lists = [Instances.of_valid(np.array(plain))], [plain]
    places = data.draw(st.lists(st.integers(0, k - 1), max_size=8))
    for step, place in enumerate(places):
        shape = box(place, 0, place + 1, step + 2)
        versions.append(versions[-1].with_polygon(place, shape))
        lists.append([*lists[-1][:place], shape, *lists[-1][place + 1 :]])
        assert versions[-1].polygon(place) is shape
    for version, expected in zip(versions, lists, strict=True):
        assert all(a is b for a, b in zip(version.polygons, expected, strict=True))
        assert version.polygon(-1) is expected[-1]


def test_an_edit_copies_no_more_among_many_objects_than_its_own_part():
    square = box(0, 0, 1, 1)
    copied = []
    for k in (2_000, 200_000):
        found = Instances.of_valid(np.full(k, square, dtype=object))
        edited = found.with_polygon(k // 2, box(0, 0, 2, 2))
        mine = [a for a, b in pairs_of_chunks(edited, found) if a is not b]
        copied.append(sum(chunk.size for chunk in mine))
    assert copied[0] <= CHUNK
    assert copied[1] <= CHUNK


def pairs_of_chunks(first, second):
    """The chunks in which both keep their outlines, side by side."""
    return zip(first.outlines._chunks, second.outlines._chunks, strict=True)
