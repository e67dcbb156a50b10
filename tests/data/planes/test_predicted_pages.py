"""Outlines whose file cannot say of which page they are: `predict.json` beside them says it."""

import json

import pytest
import shapely

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.data.conversion.convert_folders import convert_folders
from kontur.data.pairing.find_predictions import find_predictions
from kontur.data.truth import open_truth
from kontur.errors import InputError
from kontur.infer.folder_evaluation import evaluate_files
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.measure.sources.find_sources import find_sources

FOUND = Instances.of([shapely.box(2, 3, 9, 8)], size=(24, 32)).replace(plane=Plane())
NONE = FOUND[[]]


def recorded(folder, page, *names):
    folder.mkdir(exist_ok=True)
    made = [{"page": page, "images": {name: {} for name in names}}, {"page": None, "images": {}}]
    (folder / "predict.json").write_text(json.dumps({"kontur": "0", "made": made}))


@pytest.mark.parametrize(
    ("name", "found"),
    [("film.coco.json", FOUND), ("film.labels.tif", FOUND), ("film.geojson", NONE)],
)
def test_what_was_predicted_on_one_page_is_not_taken_for_another(tmp_path, name, found):
    for place in (tmp_path, tmp_path / name):  # a folder, and its file alone
        recorded(tmp_path, 0, "film")
        formats.write(tmp_path / name, found)
        read = {page: find_predictions(place, page=page)["film"]() for page in (None, 0)}
        assert [len(one) for one in read.values()] == [len(found)] * 2
        with pytest.raises(InputError, match=r"was predicted on page 0, as predict\.json says"):
            find_predictions(place, page=3)["film"]()
        for page in (3, "all"):
            recorded(tmp_path, page, "film")
            assert len(find_predictions(place, page=3)["film"]()) == len(found)


def test_a_file_that_says_its_planes_is_believed(tmp_path):
    recorded(tmp_path, 0, "film")
    formats.write(tmp_path / "film.geojson", FOUND.replace(plane=Plane(t=3)))  # corrected since
    assert len(find_predictions(tmp_path, page=3)["film"]()) == 1


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"made": [{"images": 3, "page": 1}]}', "{}"])
def test_what_is_no_record_of_ours_says_nothing(tmp_path, text):
    formats.write(tmp_path / "film.coco.json", FOUND)
    (tmp_path / "predict.json").write_text(text)
    assert len(find_predictions(tmp_path, page=3)["film"]()) == 1


def test_of_a_table_of_several_planes_one_is_to_be_chosen(tmp_path):
    planes = [FOUND.replace(plane=Plane(t=t)) for t in range(2)]
    entries = [formats.ImageAnnotation("film.tif", one.size, one) for one in planes]
    formats.write_images(tmp_path / "film.csv", entries)
    with pytest.raises(InputError, match="choose one with --page"):
        find_predictions(tmp_path / "film.csv")
    assert len(find_predictions(tmp_path / "film.csv", page=1)["film"]()) == 1


@pytest.mark.parametrize("name", ["film.coco.json", "film.geojson", "film.csv"])
def test_a_page_that_nothing_tells_is_refused_where_there_is_no_image(tmp_path, name):
    path, other = tmp_path / name, tmp_path / "other" / name
    formats.write(path, FOUND.replace(plane=None))
    other.parent.mkdir()
    formats.write(other, FOUND.replace(plane=None))
    target = tmp_path / "new.labels.tif"
    acts = {
        "convert": lambda page: convert(path, target, page=page).objects,
        "convert_folders": lambda page: (
            convert_folders([path], tmp_path / "out", format="coco", page=page).objects
        ),
        "measure": lambda page: len(find_sources(path, page=page).images[0].read().instances),
        "open": lambda page: len(find_sources(path, page=page).images[0].open().instances),
        "evaluate": lambda page: (
            evaluate_files(path, open_truth(other, page=page), page=page).images[0].true_count
        ),
    }
    for act in acts.values():
        with pytest.raises(InputError, match=r"does not say on which plane .* there is no page 9"):
            act(9)
    assert not target.exists()
    assert {word: act(0) for word, act in acts.items()} == dict.fromkeys(acts, 1)
    recorded(tmp_path, 9, "film")  # which tells it
    assert acts["convert"](9) == acts["measure"](9) == acts["evaluate"](9) == 1


def test_a_page_of_which_one_side_of_an_evaluation_tells_is_evaluated(tmp_path):
    for name, plane in [("true", None), ("predicted", Plane(t=9))]:
        (tmp_path / name).mkdir()
        formats.write(tmp_path / name / "film.geojson", FOUND.replace(plane=plane))
    truth = open_truth(tmp_path / "true", page=9)
    (scores,) = evaluate_files(tmp_path / "predicted", truth, page=9).images
    assert (scores.true_count, scores.predicted_count) == (1, 1)


@pytest.mark.parametrize("true", ["film.labels.tif", "film.geojson"])
@pytest.mark.parametrize("found", ["film.labels.tif", "film.geojson"])
def test_label_images_of_one_page_on_both_sides_do_not_tell_of_another(tmp_path, true, found):
    for side, name in (("true", true), ("found", found)):
        (tmp_path / side).mkdir()
        formats.write(tmp_path / side / name, FOUND.replace(plane=None))
    truth = open_truth(tmp_path / "true", page=7)
    with pytest.raises(InputError, match=r"does not say on which plane .* there is no page 7"):
        evaluate_files(tmp_path / "found", truth, page=7)
    recorded(tmp_path / "found", 7, "film")
    assert evaluate_files(tmp_path / "found", truth, page=7).summary.mean_ap == 1


def test_a_table_of_two_images_that_names_no_plane_has_no_other_page(tmp_path):
    entries = [
        formats.ImageAnnotation(f"{n}.tif", (24, 32), FOUND.replace(plane=None)) for n in "ab"
    ]
    for side in ("true", "found"):
        formats.write_images(tmp_path / f"{side}.csv", entries)
    truth = open_truth(tmp_path / "true.csv", page=7)
    with pytest.raises(InputError, match=r"does not say on which plane .* there is no page 7"):
        evaluate_files(tmp_path / "found.csv", truth, page=7)


@pytest.mark.parametrize("name", ["film.geojson", "film.csv"])
def test_a_page_behind_all_outlines_of_both_sides_is_not_evaluated(tmp_path, name):
    for side, t in (("true", 2), ("found", 4)):
        (tmp_path / side).mkdir()
        formats.write(tmp_path / side / name, FOUND.replace(plane=Plane(t=t)))

    def images(page):
        truth = open_truth(tmp_path / "true", page=page)
        return evaluate_files(tmp_path / "found", truth, page=page).images

    with pytest.raises(InputError, match="no outline is on page 5; they are on 2, 4; give another"):
        images(5)
    assert [(i.true_count, i.predicted_count) for n in (2, 3, 4) for i in images(n)] == [
        (1, 0),
        (0, 0),  # of an image that has a page 4
        (0, 1),
    ]


def test_a_label_image_of_one_page_is_not_measured_as_another(tmp_path):
    formats.write(tmp_path / "film.labels.tif", FOUND.replace(plane=None))

    def measured(page):
        (source,) = find_sources(tmp_path, page=page).images
        return [len(read().instances) for read in (source.read, source.open)]

    with pytest.raises(InputError, match=r"does not say on which plane .* there is no page 9"):
        measured(9)
    assert measured(0) == [1, 1]
    recorded(tmp_path, 9, "film")
    assert measured(9) == [1, 1]
