import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.data.layouts.other_programs import images_sentence
from kontur.errors import InputError
from kontur.images.image_file import read_image
from kontur.infer.inputs import find_inputs, images_below, unsupported_files, without_duplicates
from kontur.infer.records.source_file import SourceFile
from kontur.instances import Instances
from tests.images import films, stores


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def names(*images: str | Path) -> list[str]:
    return [each.name for each in find_inputs(images)]


def test_a_folder_gives_its_images_by_name_and_nothing_else(tmp_path):
    touch(tmp_path, "b.tif", "a.PNG", "c.ome.tif", "notes.txt", ".hidden.png", "below/d.png")
    assert names(tmp_path) == ["a", "b", "c"]


def test_masks_and_outputs_beside_their_images_are_not_images(tmp_path):
    touch(tmp_path, "a.tif", "a_masks.tif", "a_flows.tif", "a.overlay.png", "a.labels.tif")
    touch(tmp_path, "tissue_mask.png")  # nothing else is called tissue: it is an image
    assert names(tmp_path) == ["a", "tissue_mask"]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(tmp_path):
    touch(tmp_path, "a.tif", "a_masks.tif", "a.labels.tif")
    assert names(tmp_path / "a_masks.tif") == ["a_masks"]
    assert names(tmp_path / "a.labels.tif") == ["a.labels"]


def test_a_pattern_looks_into_folders_below_where_it_says_so(tmp_path):
    touch(tmp_path, "p1/a.png", "p2/b.png", "p2/deep/c.png", "p2/c.txt")
    assert names(f"{tmp_path}/*/*.png") == ["a", "b"]
    assert names(f"{tmp_path}/**/*.png") == ["a", "b", "c"]


def test_a_file_whose_name_is_a_pattern_is_that_file(tmp_path):
    touch(tmp_path, "a[1].png", "a1.png")
    assert names(tmp_path / "a[1].png") == ["a[1]"]


def test_an_image_named_twice_is_worked_on_once(tmp_path):
    touch(tmp_path, "a.png", "b.png")
    assert names(tmp_path, tmp_path / "a.png") == ["a", "b"]


def test_images_that_differ_in_their_ending_only_keep_it(tmp_path):
    touch(tmp_path, "a.png", "a.tif", "b.png")
    assert names(tmp_path) == ["a.png", "a.tif", "b"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("a.png", "a.png.tif", "a.tif"), ["a.png", "a.png.tif", "a.tif"]),
        (("x.jpg", "x.tif", "x.tif.tif"), ["x.jpg", "x.tif", "x.tif.tif"]),
        (("x.tif.tif.png", "x.tif", "x.jpg", "x.tif.tif"), None),
        (("a.tif.ome.tif", "a.jpg", "a.tif"), None),
        (("A.tif", "a.png"), ["A.tif", "a.png"]),  # on the disks of macOS and Windows
        (("p1/a.png", "p1/a.tif", "p2/a.png.tif"), ["p1/a.png", "p1/a.tif", "p2/a.png"]),
    ],
)
def test_no_two_images_have_one_name(tmp_path, files, expected):
    touch(tmp_path, *files)
    found = names(*sorted(tmp_path / file for file in files))
    assert found == (expected or sorted(files))


def test_a_folder_by_two_paths_is_one(tmp_path):
    touch(tmp_path, "p/a.png", "p/a.tif")
    assert names(tmp_path / "p" / "a.png", tmp_path / "p/../p/a.tif") == ["a.png", "a.tif"]


def test_images_of_one_name_keep_their_folders(tmp_path):
    touch(tmp_path, "p1/a.png", "p1/b.png", "p2/a.png", "p2/a.tif")
    assert names(f"{tmp_path}/*/*.*") == ["p1/a", "p1/b", "p2/a.png", "p2/a.tif"]
    assert names(tmp_path / "p1", tmp_path / "p2" / "a.tif") == ["p1/a", "p1/b", "p2/a"]
    assert names(tmp_path / "p1" / "b.png", tmp_path / "p2" / "a.tif") == ["b", "a"]


def test_names_that_differ_in_their_case_keep_their_folders(tmp_path):
    touch(tmp_path, "p1/a.png", "p2/A.png")  # one file on the disks of macOS and Windows
    assert names(tmp_path / "p1", tmp_path / "p2") == ["p1/a", "p2/A"]


def test_of_a_training_folder_the_images_are_taken_and_not_the_masks(tmp_path):
    touch(tmp_path, "images/a.png", "images/b.png", "masks/a.png", "masks/b_mask.png")
    assert [each.path for each in find_inputs([tmp_path])] == [
        *(tmp_path / "images" / "a.png", tmp_path / "images" / "b.png")
    ]


def test_scans_and_microscopes_tiffs_by_other_names_are_images(tmp_path):
    touch(tmp_path, "a.svs", "b.lsm", "c.ndpi", "d.czi")
    assert names(tmp_path) == ["a", "b", "c"]


def test_files_that_are_not_read_are_counted_by_ending_with_what_to_do(tmp_path):
    touch(tmp_path, "a.png", "b.czi", "c.CZI", "d.nd2", "notes.txt", "._e.czi")
    czi, nd2 = unsupported_files([tmp_path, tmp_path / "a.png"])
    assert czi.startswith("2 .czi files not read: a Zeiss CZI image; export it as OME-TIFF")
    assert nd2.startswith("1 .nd2 file not read: a Nikon ND2 image; export it")
    assert unsupported_files([tmp_path / "a.png"]) == []


def test_outlines_that_kontur_wrote_are_no_unread_images(tmp_path):
    found = Instances.of([shapely.box(1, 1, 5, 5)], size=(9, 9))
    for name, one in formats.WRITABLE.items():
        (tmp_path / name).mkdir()
        formats.write(tmp_path / name / f"a{one.ending}", found)
        assert unsupported_files([tmp_path / name]) == []
        assert images_sentence(tmp_path.glob(f"{name}/*")) is None
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("b.png", b"")
    assert unsupported_files([tmp_path]) == ["1 .zip file not read: an archive; unpack it first"]


def test_a_folder_or_pattern_of_such_files_alone_says_what_to_do(tmp_path):
    touch(tmp_path, "b.czi", "c.czi")
    for place in (tmp_path, tmp_path / "*"):
        with pytest.raises(InputError, match=r"2 \.czi files not read: .*OME-TIFF"):
            find_inputs([place])


def test_a_missing_file_among_others_is_left_to_its_reader(tmp_path):
    touch(tmp_path, "a.png")
    assert names(tmp_path / "a.png", tmp_path / "gone.png") == ["a", "gone"]


@pytest.mark.parametrize(
    ("files", "asked", "sentence"),
    [
        ((), "gone", "there is no image or folder .*gone"),
        ((), ".", "holds no image"),
        (("notes.txt",), ".", "holds no image"),
        (("p1/a.png", "p2/a.png"), ".", "its folders p1, p2 hold some"),
        (("a.overlay.png", "a.labels.tif"), ".", r"a\.labels\.tif is by its name a result"),
        (("a.png",), "*.tif", r"fits the pattern .*\*\.tif"),
    ],
)
def test_nothing_to_work_on_is_said_with_what_is_there(tmp_path, files, asked, sentence):
    touch(tmp_path, *files)
    with pytest.raises(InputError, match=sentence):
        find_inputs([tmp_path / asked])


def test_no_argument_at_all_is_reported():
    with pytest.raises(InputError, match="name at least one"):
        find_inputs([])


def test_a_store_of_zarr_is_one_image_and_its_labels_are_none(tmp_path):
    for name in ("a.ome.zarr", "a.labels.ome.zarr"):
        stores.save(tmp_path / name, np.zeros((4, 5), np.uint8), "yx")
    for place in (tmp_path, tmp_path / "a.ome.zarr", tmp_path / "*.zarr"):
        assert [one.path.name for one in find_inputs([place])] == ["a.ome.zarr"]
        assert [one.name for one in find_inputs([place])] == ["a"]
    stores.save(tmp_path / "b.ome.zarr", np.ones((4, 5), np.uint8), "yx")
    a, b = (SourceFile.of(tmp_path / f"{name}.ome.zarr", tmp_path) for name in "ab")
    assert a.sha256 != b.sha256


def test_a_place_in_an_archive_of_zarr_is_an_image_that_is_known_by_the_archive(tmp_path):
    sources = []
    for value in (3, 4):
        stores.save(tmp_path / f"plate{value}" / "0", np.full((4, 5), value, np.uint8), "yx")
        shutil.make_archive(str(tmp_path / "p.ome.zarr"), "zip", tmp_path / f"plate{value}")
        (found,) = find_inputs([tmp_path / "p.ome.zarr.zip" / "0"])
        assert (read_image(found.path).pixels == value).all()
        sources.append(SourceFile.of(found.path, tmp_path))
    assert sources[0].source == "p.ome.zarr.zip/0"
    assert sources[0].sha256 != sources[1].sha256


def test_a_film_of_a_file_for_each_frame_is_taken_once(tmp_path):
    frames = np.zeros((3, 8, 9), np.uint8)
    films.save(tmp_path / "one", frames)
    films.save(tmp_path / "two", frames[:2])
    films.save(tmp_path / "alone", frames[:1])
    touch(tmp_path / "one", "a.tif", "broken.ome.tif")
    places = [tmp_path / name for name in ("one", "two", "alone")]
    taken, lines = without_duplicates(find_inputs(places))
    assert [image.name for image in taken] == [
        "one/a", "one/broken", "one/f0", "two/f0", "alone/f0",
    ]  # fmt: skip
    assert lines == [
        "2 files (f1.ome.tif, f2.ome.tif) left out: one image with f0.ome.tif, which is taken once",
        "1 file (f1.ome.tif) left out: one image with f0.ome.tif, which is taken once",
    ]
    last = tmp_path / "one" / "f2.ome.tif"
    assert without_duplicates(find_inputs([last])) == (find_inputs([last]), [])


def test_images_that_only_one_of_their_files_joins_are_all_taken(tmp_path):
    """As the positions of a plate, whose first file names the others, and they do not."""
    frames = np.zeros((2, 8, 9), np.uint8)
    films.save(tmp_path, frames)
    films.save_frame(tmp_path, frames[1:], 0)
    (tmp_path / "f0.ome.tif").rename(tmp_path / "f1.ome.tif")
    films.save_frame(tmp_path, frames, 0)
    inputs = find_inputs([tmp_path])
    assert without_duplicates(inputs) == (inputs, [])


def test_images_in_folders_below_that_are_not_read_are_counted(tmp_path):
    folder = touch(tmp_path / "in", "a.png", "sub/b.png", "sub/b_masks.png", "sub/deep/c.tif")
    touch(folder, "masks/a.png", "sub/notes.txt", ".hidden/d.png", "e.zarr/chunk.png")
    touch(folder, "earlier/a.labels.tif", "earlier/predict.json", "out/a.labels.tif")
    (folder / "sub" / "again").symlink_to(folder, target_is_directory=True)

    def below(*images):
        return images_below(images, find_inputs(images), folder / "out")

    (line,) = below(folder)
    assert line.startswith(f"2 images not read, in folders below {folder} (sub, sub/deep): ")
    assert line.endswith("name these folders too, or give a pattern with ** in quotes")
    (line,) = below(folder, folder / "sub")
    assert line.startswith(f"1 image not read, in folders below {folder} (sub/deep): ")
    assert len(images_below([folder], find_inputs([folder]), folder)) == 1
    assert below(folder / "a.png") == below(folder, folder / "sub", folder / "sub/deep") == []
    assert below(touch(tmp_path / "train", "images/a.png", "masks/a.png")) == []


@pytest.mark.parametrize("target", ["nowhere.png", "b.png"])
def test_a_link_that_leads_nowhere_is_an_image_that_cannot_be_read(tmp_path, target):
    touch(tmp_path, "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / target)  # or to itself
    (tmp_path / "notes").symlink_to(tmp_path / target)
    assert names(tmp_path) == names(f"{tmp_path}/*") == ["a", "b"]
    with pytest.raises(InputError, match=r"b\.png(: the link leads to .*nowhere| could not be)"):
        read_image(tmp_path / "b.png")
