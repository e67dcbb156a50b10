"""Prediction in tiles: the very objects of the whole image, in every family."""

import functools
from dataclasses import replace

import numpy as np
import pytest
import shapely

from kontur.data.synthetic import scene
from kontur.errors import InputError
from kontur.infer.load import load
from kontur.infer.options import PredictOptions
from kontur.infer.predict import Predictor
from kontur.infer.scale_and_contrast import ScaleAndContrast
from kontur.infer.tiling import tiled, tiles
from kontur.models import catalog
from kontur.models.candidates import Candidates
from kontur.models.card import Card
from kontur.models.family import nothing_to_measure
from kontur.models.graphs import Graphs
from tests.models import contract
from tests.models.contract import SIDE

FIXED = ("transunet", "swinunet")
IN_BLOCKS = ("maskrcnn", "snake-rpn")  # of 256 pixels, which a tile has at least
NEIGHBOURS = {"kind": "attention", "neighbours": 2, "width": 32}
VARIANTS = {
    "baseline": {},
    "snake-rpn": {"detector": "rpn", **contract.QUICK},
    "snake-neighbours": {"refiner": NEIGHBOURS, **contract.QUICK},
}


@functools.cache
def predictor(name):
    """A predictor that knows the scene by heart."""
    if name in catalog.KINDS and name != "baseline":
        return contract.learned(name).predictor
    if name == "baseline":
        config = catalog.config("baseline", {"channels": 1, "min_distance": 4.0})
        card = Card(kind=name, config=config.model_dump(mode="json"), object_size=11.0, version="0")
        return Predictor(NoEngine(), card)
    config = contract.settings("snake", **VARIANTS[name])
    train = functools.partial(contract.train, "snake", 80, config=config)
    return contract.predictor(contract.made_once(f"tiled-{name}", train).eval(), "snake")


class NoEngine:
    def __init__(self):
        self.graphs = Graphs({})


def connected():
    """A predictor of connected regions, which belong to their first pixel."""
    config = catalog.config("baseline", {"channels": 1, "min_distance": 0.0})
    return Predictor(NoEngine(), predictor("baseline").card.replace(config=config.model_dump()))


def mosaic(rows, columns, size=None):
    """The scene again and again, moved and mirrored, with noise of its own."""
    scene, rng = contract.learning_scene().image, np.random.default_rng(0)
    parts = [
        [
            np.roll(scene[:: 1 - 2 * (i % 2), :: 1 - 2 * (j % 2)], (5 * i, 7 * j), (0, 1))
            for j in range(columns)
        ]
        for i in range(rows)
    ]
    image = np.concatenate([np.concatenate(row, axis=1) for row in parts])
    noisy = np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
    return noisy if size is None else noisy[: size[0], : size[1]]


def unmatched(a, b):
    """The objects of `a` without one of `b` that has an IoU of at least 0.99 with it."""
    i, j = shapely.STRtree(b.polygons).query(a.polygons)
    common = shapely.area(shapely.intersection(a.polygons[i], b.polygons[j]))
    best = np.zeros(len(a))
    np.maximum.at(best, i, common / (a.areas[i] + b.areas[j] - common))
    return int((best < 0.99).sum())


def shown(predictor, image):
    return ScaleAndContrast(predictor.prepare(image), None, 1.0)


@pytest.mark.parametrize(
    ("name", "side"), [("snake", 64), *((n, 160) for n in ("snake", "maskrcnn", "unet", *VARIANTS))]
)
def test_tiles_give_the_objects_of_the_whole_image(name, side):
    model, image = predictor(name), mosaic(5, 5, (313, 271) if name in IN_BLOCKS else (243, 251))
    assert model.tiled(shown(model, image), model.card.thresholds) is None
    assert len(model.tiled(shown(model, image), model.card.thresholds, side).tiling) > 1
    whole, parts = model.predict(image), model.predict(image, tile=side)
    assert len(whole) > 30
    assert abs(len(parts) - len(whole)) <= len(whole) // 1000
    assert unmatched(whole, parts) + unmatched(parts, whole) <= len(whole) // 1000
    assert (np.diff(parts.scores) <= 0).all()
    assert parts.ids.tolist() == list(range(1, len(parts) + 1))
    assert (parts.size, parts.classes) == (whole.size, whole.classes)


@pytest.mark.parametrize("name", FIXED)
def test_where_everything_decides_about_all_tiles_are_fixed_and_nothing_is_doubled_or_cut(
    name, monkeypatch
):
    monkeypatch.setattr(tiled, "FIXED_CELL", 64)
    monkeypatch.setattr(tiled, "FIXED_HALO", 48)
    model, image = predictor(name), mosaic(3, 4, (181, 243))
    assert len(model.tiled(shown(model, image), model.card.thresholds).tiling) > 1
    found = model.predict(image)
    assert unmatched(found, model.predict(image, tile=160)) == 0
    i, j = shapely.STRtree(found.polygons).query(found.polygons)
    common = shapely.area(shapely.intersection(found.polygons[i], found.polygons[j]))[i != j]
    assert common.max(initial=0) < 20  # objects of a hundred
    monkeypatch.undo()
    whole = model.predict(image)
    assert abs(len(found) - len(whole)) < 0.1 * len(whole)


@pytest.mark.parametrize("scale", [0.7, 1.6])
def test_tiles_of_a_scaled_image_give_its_objects(scale):
    model, image = predictor("snake"), mosaic(5, 5, (301, 277))
    options = {"diameter": 11.0 / scale}
    whole, parts = model.predict(image, **options), model.predict(image, **options, tile=64)
    assert len(parts) == len(whole) > 10
    assert unmatched(whole, parts) == 0


def test_an_object_larger_than_a_tile_is_seen_wider_and_kept_whole():
    image = np.zeros((700, 700), np.uint8)
    image[60:400, 90:130] = image[360:400, 90:650] = 200
    image[500:510, 500:510] = 180
    model = predictor("baseline")
    found = model.predict(image, tile=64)
    assert sorted(found.areas.tolist()) == sorted(model.predict(image).areas.tolist())
    assert found.areas.max() > 20_000


def test_an_object_is_judged_by_all_of_it_not_by_what_a_tile_shows_first():
    """Its upper part alone would score too little, that of another too much."""
    image = np.zeros((400, 120), np.uint8)
    image[20:120, 20:30], image[120:380, 20:30] = 120, 250
    image[20:120, 80:90], image[120:380, 80:90] = 250, 120
    model = connected()
    whole = model.predict(image, score=0.5)
    assert (whole.boxes[:, 0] < 50).tolist() == [True]
    found = model.predict(image, score=0.5, tile=64)
    assert found.areas.tolist() == whole.areas.tolist()


def test_a_window_becomes_wider_only_where_an_object_goes_on(monkeypatch):
    """Without a limit: no tile after that of an object's first pixel can add to it."""
    monkeypatch.setattr(tiles, "FARTHEST", 100)
    image = np.zeros((1500, 700), np.uint8)
    image[20:1480, 330:340] = 200
    image[::50, 40:60] = 180
    model, sizes = predictor("baseline"), []
    family = model.family
    monkeypatch.setattr(
        *(model, "family"),
        replace(
            model.family,
            propose=lambda graphs, images, *more: (
                sizes.append(images.shape[2:]) or family.propose(graphs, images, *more)
            ),
        ),
    )
    found = model.predict(image, tile=64)
    assert max(height for height, _ in sizes) >= 1460
    assert max(width for _, width in sizes) < 300
    whole = model.predict(image)
    assert sorted(found.areas.tolist()) == sorted(whole.areas.tolist())


@pytest.mark.parametrize("region", [None, "600,0,680,64"])
def test_only_the_leftmost_tile_looks_at_all_of_a_flat_top(region, monkeypatch):
    """Else the pixels looked at grow with the square of the number of tiles in the row."""
    image = np.zeros((64, 1280), np.uint8)
    image[:40, 10:1270] = 200
    model, looked = predictor("baseline"), []
    whole, family = model.predict(image), model.family

    def propose(graphs, images, *more):
        looked.append(images.shape[2] * images.shape[3])
        return family.propose(graphs, images, *more)

    monkeypatch.setattr(model, "family", replace(family, propose=propose))
    found = model.predict(image, tile=64, region=region)
    assert found.areas.tolist() == whole.areas.tolist()
    assert sum(looked) < 8 * image.size


def test_an_object_larger_than_any_tile_is_an_error_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr(tiles, "FARTHEST", 100)
    image = np.zeros((700, 700), np.uint8)
    image[60:600, 90:130] = 200
    model = predictor("baseline")
    of_centres = replace(model.family, by_first_pixel=False)
    monkeypatch.setattr(model, "family", of_centres)
    with pytest.raises(InputError, match="more than 100 pixels beyond its tile; give larger"):
        model.predict(image, tile=64)
    whole = model.predict(image)
    monkeypatch.setattr(tiled, "BUDGET", 300 * 200**2)
    assert unmatched(whole, model.predict(image)) == 0  # nobody asked for tiles: it fits as a whole


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (65, 64), (129, 3)])
def test_odd_sizes_are_tiled_too(size):
    image = np.random.default_rng(0).integers(0, 255, size, dtype=np.uint8)
    for name in ("snake", "baseline"):
        found = predictor(name).predict(image, tile=64, score=0.05)
        contract.assert_sound(found, size)
        assert unmatched(predictor(name).predict(image, score=0.05), found) == 0


def test_an_empty_image_has_no_objects_and_a_side_of_nothing_is_refused():
    model = predictor("snake")
    assert len(model.predict(np.zeros((SIDE, 3 * SIDE), np.uint8), tile=64)) == 0
    with pytest.raises(InputError, match="a number of pixels above 0, got 0"):
        model.predict(np.zeros((SIDE, SIDE), np.uint8), tile=0)


def test_what_does_not_fit_is_tiled_of_itself(monkeypatch):
    model, image = predictor("snake"), mosaic(1, 32)
    whole = model.predict(image)
    needs = model.family.memory(model.config, (352, 352))  # a tile of 64² and its halo
    monkeypatch.setattr(tiled, "BUDGET", needs)
    made = model.tiled(shown(model, image), model.card.thresholds)
    assert len(made.tiling) == 32
    found = model.predict(image)
    assert len(found) == len(whole) > 100
    assert unmatched(whole, found) == 0


HALF, SEES = 16, 24  # pixels: of an object's side, and from its outline to what decides about it


def seen_by_a_witness(graphs, images, config, lowest, sizes, within=None, corner=(0, 0)):
    """A network of known reach: a square at each dot around which a dim pixel lies that far."""
    ((height, width),) = sizes
    values = images[0, 0, :height, :width]
    dim, squares = np.argwhere((values > 0.25) & (values < 0.75)), []
    for dot in np.argwhere(values > 0.75):
        if (np.abs(dim - dot).max(axis=1) == HALF + SEES).any():
            y, x = dot + 0.5
            squares.append((x - HALF, y - HALF, x + HALF, y + HALF))
    boxes = np.array(squares).reshape(-1, 4)
    k = len(boxes)
    outlines, labels = shapely.box(*boxes.T), np.zeros(k, np.int64)
    return [Candidates(outlines, labels > 0, np.full(k, 0.9), labels, boxes, sizes[0], ("object",))]


@pytest.mark.parametrize("augment", [None, "flips"])
@pytest.mark.parametrize("reach", [SEES, None])
def test_a_halo_shows_all_that_decides_about_the_objects_of_its_cell(reach, augment, monkeypatch):
    """Four dots in a cell of 64 pixels, farther from its border than the neighbours own as well.

    What decides about each lies beyond another side of the cell.
    """
    monkeypatch.setattr(tiled, "FIXED_CELL", 64)
    monkeypatch.setattr(tiled, "FIXED_HALO", HALF + SEES)
    card = predictor("baseline").card.replace(
        object_size=HALF / tiles.LARGEST, normalise={"mode": "moments", "mean": [0], "std": [1]}
    )
    looks, model = [], Predictor(NoEngine(), card)

    def propose(graphs, images, *more):
        assert (
            more[3] is not None
        )  # `within`: a network that goes by the background says how far it is
        looks.append(images.shape)
        return seen_by_a_witness(graphs, images, *more)

    model.family = replace(
        *(model.family,),
        **{"propose": propose, "measure": nothing_to_measure},
        **{"reach": lambda config, side: reach, "grid": lambda config: 8},
    )
    image = np.zeros((192, 192), np.uint8)
    exact = reach and augment is None
    low, high = (66, 125) if exact else (81, 110)
    first, last = low - HALF - SEES, high + HALF + SEES
    image[[low, low, high, high], [low, high, low, high]] = 255
    image[[low, first, last, high], [first, high, low, last]] = 128
    found = model.predict(image, tile=64, augment=augment)
    assert sorted(shapely.get_coordinates(shapely.centroid(found.polygons)).tolist()) == [
        [x + 0.5, y + 0.5] for x in (low, high) for y in (low, high)
    ]
    if exact:
        assert len(looks) == 9  # none of the tiles had to look again, wider


@pytest.mark.parametrize("reach", [1, None])
def test_a_flat_top_of_which_tiles_see_other_pixels_first_is_neither_lost_nor_doubled(
    reach, monkeypatch
):
    """Each of two tiles says that the object begins in the other: its top is at the threshold."""
    monkeypatch.setattr(tiled, "FIXED_CELL", 64)
    monkeypatch.setattr(tiled, "FIXED_HALO", 48)
    image = np.zeros((64, 240, 3), np.uint8)
    image[21:40, 20:110, 0] = 230
    image[20, 20:110] = 127, 0, 255  # a row of which another probability decides
    image[..., 1] = np.arange(240)

    def segment(images):
        here, x, top = images[0]
        lifted = (x > 90 / 255) if x.min() == 0 else (x < 40 / 255)
        there = here + top * np.where(lifted, 0.01, -0.01)
        return (np.stack([1 - there, there, 0 * there])[None],)

    family, config = catalog.family("transunet"), contract.settings("transunet", channels=3)
    moments = {"mode": "moments", "mean": [0] * 3, "std": [1] * 3}
    card = contract.card("transunet", config).replace(object_size=4.0, normalise=moments)
    engine = NoEngine()
    engine.graphs = Graphs({"segment": segment})
    model = Predictor(engine, card)
    model.family = replace(family, reach=lambda config, side: reach, grid=lambda config: 16)
    (found,) = model.predict(image, tile=64).areas
    assert 19 * 90 <= found < 20 * 90


def test_fixed_tiles_have_the_sides_that_the_documents_say():
    model = predictor("baseline")
    family = replace(model.family, reach=lambda config, side: None, grid=lambda config: 32)
    for size, halo in ((11.0, 128), (60.0, 256)):  # 128, and 4 sides of an object, if more
        card = model.card.replace(object_size=size)
        plan = {"side": None, "free": 8e9}
        tiling = tiled.plan_tiles(family, model.config, card, (2000, 2000), **plan)
        assert (tiling.side, tiling.halo) == (512, halo)


def of_pixels(kind):
    """A predictor of a family of pixels, whose network names what is bright."""

    def segment(images):
        bright = np.clip(images[:, 0] + 0.05, 0, 1)
        return (np.stack([1 - bright, bright, 0 * bright], 1),)

    moments = {"mode": "moments", "mean": [0], "std": [1]}
    card = contract.card(kind, contract.settings(kind)).replace(normalise=moments)
    engine = NoEngine()
    engine.graphs = Graphs({"segment": segment})
    return Predictor(engine, card)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("unet", {"diameter": 11 / 1.4}),
        ("unet", {"augment": "flips"}),
        ("transunet", {"diameter": 11 / 1.4}),
    ],
)
def test_options_mean_in_tiles_what_they_mean_of_the_whole_image(name, options, monkeypatch):
    model, image = of_pixels(name), mosaic(3, 3, (151, 143))
    whole = model.predict(image, **options)
    x0, y0, x1, y1 = whole.boxes.T
    some = whole[(x0 + x1 > 40) & (y0 + y1 > 180)]
    monkeypatch.setattr(tiled, "FIXED_CELL", 32)
    monkeypatch.setattr(tiled, "FIXED_HALO", 48)
    options = {**options, "tile": 64}
    assert len(model.plan(image, PredictOptions(**options)).tiled.tiling) > 1
    found = model.predict(image, **options)
    assert len(found) == len(whole) > len(some) > 5
    assert unmatched(whole, found) == 0
    part = model.predict(image, **options, region="20,90,900,900")
    assert len(part) == len(some)
    assert unmatched(some, part) == 0


def test_tiles_of_the_shipped_model_give_the_whole_to_the_last_bit():
    """In integers a digit that differed would become tenths of pixels."""
    nuclei = load("nuclei", device="cpu", threads=1, precision="int8")
    rng = np.random.default_rng(3)
    image = scene(rng, size=(128, 2600), count=90, radius=(5.0, 9.0)).image
    whole, parts = (nuclei.predict(image, tile=tile) for tile in (2600, 512))
    assert len(whole) > 40
    for a, b in zip(whole.rings(), parts.rings(), strict=True):
        assert (a == b).all()
