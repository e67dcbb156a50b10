"""A film of cells: every object in every plane with its track, and what became of each track."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
import tifffile
from typer.testing import CliRunner

from kontur import formats
from kontur.cli.app import app
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.tracks import tracks_of, with_tracks
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.measure.measure_many import measure_many
from kontur.measure.sources import large_outlines
from kontur.measure.sources.source import Picture, Source
from kontur.measure.tables.table_files import read_table, write_table
from kontur.measure.tracks import measure_tracks
from tests.measure.drawn import disc

SIZE = (96, 128)
KEEP = [".geojson", ".geojsonl", ".geo.parquet"]


def frame(t):
    """A square that moves by (3, 4) a frame, a disc that rests and grows; its child at the end."""
    shapes = [shapely.box(5 + 3 * t, 10 + 4 * t, 15 + 3 * t, 20 + 4 * t), disc(6 + t, (90, 50))]
    tracks, parents = [1, 2], [np.nan, np.nan]
    if t == 3:
        shapes, tracks = [*shapes, disc(4, (100, 80))], [1, 2, 3]
        parents = [np.nan, np.nan, 2]
    ids = np.arange(len(shapes)) + 10 * t + 1
    found = Instances.of(shapes, ids=ids, size=SIZE).replace(plane=Plane(t=t))
    return with_tracks(found, np.array(tracks), np.array(parents))


def sources_of(name, planes, pixel_size=None):
    """The sources of the planes of one image."""
    return [
        replace(Source.whole(name, lambda one=one: Picture(one, None, pixel_size)), plane=one.plane)
        for one in planes
    ]


def film_of(name, pixel_size=None):
    return sources_of(name, [frame(t) for t in range(4)], pixel_size)


def at(plane, *times):
    return [frame(t).replace(plane=plane(t)) for t in times]


@pytest.fixture
def film(tmp_path):
    pixels = np.arange(4, dtype=np.uint8)[:, None, None] * 10 + np.zeros(SIZE, np.uint8)
    tifffile.imwrite(tmp_path / "film.tif", pixels, imagej=True, metadata={"axes": "TYX"})
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, ["measure", *map(str, words)])


@pytest.mark.parametrize("ending", KEEP)
@pytest.mark.parametrize("large", [1 << 40, 0], ids=["in memory", "on disk"])
def test_every_object_of_every_frame_is_a_row_with_its_track(film, ending, large, monkeypatch):
    monkeypatch.setattr(large_outlines, "LARGE", large)
    entries = [ImageAnnotation("film.tif", SIZE, frame(t)) for t in range(4)]
    formats.write_images(film / f"film{ending}", entries)
    assert tracks_of(formats.read(film / f"film{ending}", page=3)).tolist() == [1, 2, 3]
    result = run(
        *(film / f"film{ending}", film / "film.tif", "--page", "all"),
        *("--out", film / "cells.parquet", "--tracks", film / "tracks.csv"),
        *("--geojson", film / "qupath", "--pixel-size", "0.5"),
    )
    assert result.exit_code == 0, result.output
    cells = pd.read_parquet(film / "cells.parquet")
    assert cells["t"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 3]
    assert cells["track"].tolist() == [1, 2, 1, 2, 1, 2, 1, 2, 3]
    assert cells["intensity_mean"].tolist() == (10.0 * cells["t"]).tolist()
    tracks = pd.read_csv(film / "tracks.csv").set_index("track")
    assert tracks["planes"].tolist() == [4, 4, 1]
    assert tracks["parent"].dropna().to_dict() == {3: 2}
    assert tracks.loc[1, ["path_length", "displacement", "speed"]].tolist() == pytest.approx(
        [7.5, 7.5, 2.5]
    )  # 5 pixels of half a µm in each of three steps
    assert tracks.loc[2, "path_length"] == pytest.approx(0, abs=1e-3)
    areas = np.pi * (6 + np.arange(4.0)) ** 2 / 4
    assert tracks.loc[2, "area_first":"area_last"].tolist() == pytest.approx(
        [areas[0], areas[-1]], rel=1e-3
    )
    assert tracks.loc[2, "area_growth"] == pytest.approx(
        np.polyfit(range(4), areas, 1)[0], rel=1e-3
    )
    assert tracks["speed"].isna().tolist() == [False, False, True]
    units = pd.read_csv(film / "tracks.units.csv").set_index("column")["unit"]
    assert units["speed"] == "µm/plane"
    assert units["area_growth"] == "µm²/plane"
    again = formats.read_images(film / "qupath" / "film.geojson")
    assert [entry.instances.plane.t for entry in again] == [0, 1, 2, 3]


@pytest.mark.parametrize("ending", KEEP)
@pytest.mark.parametrize("large", [1 << 40, 0], ids=["in memory", "on disk"])
def test_an_object_drawn_by_hand_is_in_no_row_of_a_track(film, ending, large, monkeypatch):
    monkeypatch.setattr(large_outlines, "LARGE", large)
    drawn = Instances.of([shapely.box(60, 70, 70, 80)], ids=[99], size=SIZE)
    frames = [Instances.concat([frame(t), drawn][: 2 if t == 2 else 1]) for t in range(4)]
    entries = [
        ImageAnnotation("film.tif", SIZE, one.replace(plane=Plane(t=t)))
        for t, one in enumerate(frames)
    ]
    formats.write_images(film / f"film{ending}", entries)
    result = run(
        *(film / f"film{ending}", "--page", "all", "--geojson", film / "qupath"),
        *("--out", film / "cells.csv", "--tracks", film / "tracks.csv"),
    )
    assert result.exit_code == 0, result.output
    cells = pd.read_csv(film / "cells.csv").set_index("id")
    assert cells["track"].isna().tolist() == (cells.index == 99).tolist()
    tracks = pd.read_csv(film / "tracks.csv").set_index("track")
    assert tracks["planes"].tolist() == [4, 4, 1]
    assert tracks.loc[1, "path_length"] == pytest.approx(15)


def test_a_stack_of_depths_is_followed_through_them(film):
    planes = [frame(t).replace(plane=Plane(z=t)) for t in range(2)]
    entries = [ImageAnnotation("film", SIZE, one) for one in planes]
    formats.write_images(film / "film.geojsonl", entries)
    result = run(
        *(film / "film.geojsonl", "--page", "all"),
        *("--out", film / "cells.csv", "--tracks", film / "tracks.csv"),
    )
    assert result.exit_code == 0, result.output
    tracks = pd.read_csv(film / "tracks.csv")
    assert tracks[["first", "last"]].to_numpy().tolist() == [[0, 1], [0, 1]]
    assert tracks["speed"].tolist() == pytest.approx([5, 0], abs=1e-3)


@pytest.mark.parametrize(
    ("planes", "first", "last"),
    [
        (at(lambda t: Plane(z=t), 0, 1, 2), [0, 0], [2, 2]),
        (at(lambda t: Plane(z=t, t=5), 0, 1, 2), [0, 0], [2, 2]),
        (at(lambda t: Plane(z=3), 0), [3, 3], [3, 3]),
        (at(lambda t: Plane(t=3), 0), [3, 3], [3, 3]),
        (at(lambda t: Plane(z=3, t=t), 0, 1), [0, 0], [1, 1]),
    ],
    ids=["stack", "stack at one time", "one depth", "one time", "film at one depth"],
)
def test_beside_a_film_each_image_is_followed_along_its_own_axis(planes, first, last):
    measured = measure_many([*film_of("film"), *sources_of("other", planes)])
    tracks = measure_tracks(measured).set_index("image")
    assert tracks.loc["film", "last"].tolist() == [3, 3, 3]
    assert tracks.loc["other", "first"].tolist() == first
    assert tracks.loc["other", "last"].tolist() == last
    assert tracks.loc["other", "planes"].tolist() == [len(planes)] * 2


def test_each_film_is_measured_with_its_own_pixel_size():
    films = [film_of(name, size) for name, size in (("a", 0.25), ("b", 0.5))]
    tracks = measure_tracks(measure_many([*films[0], *films[1]])).set_index(["image", "track"])
    assert tracks.attrs["units"]["path_length"] == "µm"
    for name, size in (("a", 0.25), ("b", 0.5)):
        assert tracks.loc[(name, 1), "path_length"] == pytest.approx(15 * size)
        assert tracks.loc[(name, 1), "area_mean"] == pytest.approx(100 * size**2)
    with pytest.raises(InputError, match=r"4 images .* of 8 state no pixel size"):
        measure_many([*films[0], *film_of("c")])
    in_pixels = measure_many([*films[0], *film_of("c")], pixel_size="pixels")
    tracks = measure_tracks(in_pixels).set_index(["image", "track"])
    assert tracks.attrs["units"]["path_length"] == "px"
    assert tracks.loc[[("a", 1), ("c", 1)], "path_length"].tolist() == pytest.approx([15, 15])


def test_a_table_read_from_parquet_still_knows_the_pixel_sizes_and_one_from_csv_says_so(tmp_path):
    measured = measure_many([*film_of("a", 0.25), *film_of("b", 0.5)])
    for ending in ("parquet", "csv"):
        write_table(tmp_path / f"cells.{ending}", measured)
    pd.testing.assert_frame_equal(
        measure_tracks(read_table(tmp_path / "cells.parquet")), measure_tracks(measured)
    )
    with pytest.raises(InputError, match="does not have the pixel size of a"):
        measure_tracks(read_table(tmp_path / "cells.csv"))


def test_outlines_without_tracks_have_none_and_a_plane_must_be_there(film):
    plain = [frame(t).replace(extras=[{}] * len(frame(t))) for t in range(4)]
    entries = [ImageAnnotation("film.tif", SIZE, one) for one in plain]
    formats.write_images(film / "film.geojson", entries)
    everything = (film / "film.geojson", film / "film.tif", "--page", "all")
    result = run(*everything, "--out", film / "a.csv", "--tracks", film / "b.csv")
    assert result.exit_code != 0
    assert "kontur predict FILM --page all --link" in " ".join(result.output.split())
    assert not (film / "a.csv").exists()
    assert run(*everything, "--out", film / "a.csv").exit_code == 0
    tifffile.imwrite(film / "film.tif", np.zeros((2, *SIZE), np.uint8), photometric="minisblack")
    result = run(*everything, "--out", film / "c.csv")
    assert result.exit_code != 0
    assert "no such page" in " ".join(result.output.split())


def test_a_film_without_objects_has_a_table_of_no_tracks(film):
    formats.write_images(
        film / "film.geojson", [ImageAnnotation("film.tif", SIZE, Instances.empty(SIZE))]
    )
    everything = (film / "film.geojson", film / "film.tif", "--page", "all")
    result = run(*everything, "--out", film / "a.csv", "--tracks", film / "b.csv")
    assert result.exit_code == 0, result.output
    assert len(read_table(film / "b.csv")) == 0
    assert "path_length" in read_table(film / "b.csv")
    assert len(measure_tracks(pd.DataFrame())) == 0


def test_a_table_made_by_hand_has_tracks_in_the_units_that_it_states():
    table = pd.DataFrame(
        {"image": "a", "track": 1, "t": [0, 1], "x": [0, 3], "y": [0, 4], "area": 9}
    )
    assert measure_tracks(table)["path_length"].tolist() == [5]  # pixels, without a word on units
    table.attrs = {"units": {"perimeter": "µm", "area": "µm²"}}
    with pytest.raises(InputError, match=r"not have the pixel size of a, .* in µm; .*attrs\["):
        measure_tracks(table)
    table.attrs["pixel_size"] = 0.5
    assert measure_tracks(table)["path_length"].tolist() == [2.5]
    del table.attrs["pixel_size"]
    table.attrs["pixel_sizes"] = {"a": 2.0}
    assert measure_tracks(table)["path_length"].tolist() == [10]
    table.attrs["units"] = {"perimeter": "mm"}
    with pytest.raises(InputError, match="lengths in px or µm, and the table's are in 'mm'"):
        measure_tracks(table)
    with pytest.raises(InputError, match="the table lacks x, area"):
        measure_tracks(table.drop(columns=["x", "area"]))
