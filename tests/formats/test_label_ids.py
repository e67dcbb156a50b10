import nibabel
import numpy as np
import pytest
import zarr

from kontur import formats
from kontur.formats import ImageAnnotation
from kontur.formats.information_loss import information_losses
from kontur.formats.label_ids import storable_ids
from kontur.instances import Instances
from kontur.instances.plane import Plane


def planes_of(*ids):
    """Planes of a stack whose objects are single pixels, one a column."""
    for z, own in enumerate(ids):
        painted = Instances.from_label_image(
            np.array([[1, 2, 3][: len(own)] + [0] * (3 - len(own))])
        )
        yield painted.replace(ids=own, plane=Plane(z))


@pytest.mark.parametrize("ending", [".nii.gz", ".labels.ome.zarr"])
@pytest.mark.parametrize(
    ("ids", "stored"),
    [
        ([[0, 1, 2], [3, 4, 5]], [[1, 2, 3], [4, 5, 6]]),
        ([[1, 2], [2**33, 5]], [[1, 2], [3, 4]]),
        ([[0, 7], [7, 3], [0]], [[1, 2], [2, 3], [1]]),  # tracks
        ([[4, 9], [9, 2]], [[4, 9], [2, 9]]),  # all can be stored; they are read by number
    ],
)
def test_an_id_on_several_planes_is_one_object_and_another_id_another(
    tmp_path, ending, ids, stored
):
    entries = [ImageAnnotation("a.tif", one.size, one) for one in planes_of(*ids)]
    formats.write_images(tmp_path / f"a{ending}", entries)
    read = formats.read_images(tmp_path / f"a{ending}")
    assert [one.instances.ids.tolist() for one in read] == stored
    losses = information_losses(formats.format_of(tmp_path / f"a{ending}"), entries)
    others = int((np.concatenate(ids) != np.concatenate(stored)).sum())
    said = (
        [f"{others} ids cannot be stored and become others"] if sorted(ids[1]) != stored[1] else []
    )
    assert [one.split(": ")[1] for one in losses if " ids " in one] == said


def test_regions_to_ignore_are_negative_and_no_objects_of_their_number():
    planes = [one.replace(ignore=[False, True]) for one in planes_of([3, 5], [5, -5])]
    assert [ids.tolist() for ids in storable_ids(planes)] == [[1, -2], [3, -4]]
    planes = [one.replace(ignore=[False, True]) for one in planes_of([3, 5], [5, -3])]
    assert [ids.tolist() for ids in storable_ids(planes)] == [[3, -5], [5, -3]]
    assert storable_ids([]) == []
    assert [ids.tolist() for ids in storable_ids([Instances.empty()])] == [[]]


@pytest.mark.parametrize("ending", [".nii.gz", ".labels.ome.zarr"])
def test_large_ids_beside_a_region_to_ignore_on_another_plane_are_of_32_bits(tmp_path, ending):
    large, ignored = planes_of([1, 70_000], [3, 4])
    planes = [large, ignored.replace(ignore=[False, True])]
    path = tmp_path / f"a{ending}"
    formats.write_images(path, [ImageAnnotation("a.tif", one.size, one) for one in planes])
    if ending == ".nii.gz":
        kind = nibabel.load(path).get_data_dtype()
    else:
        kind = next(zarr.open_group(path, mode="r").arrays())[1].dtype
    assert kind == np.int32
    read = formats.read_images(path)
    assert [one.instances.ids.tolist() for one in read] == [[1, 70_000], [-4, 3]]
