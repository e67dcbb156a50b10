"""Photographs with a few large objects of three classes, made of the images inside two packages.

Grounds are parts of scikit-image's and mahotas' photographs, enlarged; on them lie leaves, stones
and stars, each filled with a part of a photographed texture in its class's colours, in light from
one side. Outlines are exact. The objects' sides, all classes and the clutter are those of a small
hand-made set of photographs, which is not there for everyone.
"""

import argparse
from pathlib import Path

import numpy as np
import shapely
from jaxtyping import Float
from PIL import Image
from shapely.affinity import translate

from kontur.data.synthetic import coverage, outline
from kontur.data.transforms.compose import sample_rng
from kontur.formats import write
from kontur.geometry.gaussian import blur
from kontur.instances import Instances

SIZE = (600, 800)  # height, width
SIDES = (52.0, 194.0)  # pixels: the longer side of an object's box
MOST = 8  # objects an image; at least four
APART = 6.0  # pixels between objects
TRIES = 60  # places tried for an object before it is left out
SHAPES = {"leaf": "ellipse", "stone": "blob", "star": "star"}
TEXTURES = {"leaf": "grass.png", "stone": "gravel.png", "star": "brick.png"}
COLOURS = {"leaf": (0.55, 0.8, 0.35), "stone": (0.75, 0.72, 0.68), "star": (0.95, 0.5, 0.3)}
GROUNDS = (
    "astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png",
    "camera.png", "coins.png", "grass.png", "gravel.png", "brick.png", "retina.jpg",
    "DepartmentStore.jpg", "luispedro.jpg",
)  # fmt: skip


def photograph(name: str) -> Float[np.ndarray, "h w 3"]:
    """An image of one of the two packages, 0 to 1."""
    import mahotas
    import skimage

    folders = Path(skimage.__file__).parent / "data", Path(mahotas.__file__).parent / "demos/data"
    path = next(folder / name for folder in folders if (folder / name).exists())
    return np.asarray(Image.open(path).convert("RGB"), np.float32) / 255


def part(
    rng: np.random.Generator, image: Float[np.ndarray, "h w 3"], size: tuple[int, int], grow: float
) -> Float[np.ndarray, "h2 w2 3"]:
    """A random part of an image, mirrored at random, seen `grow` times as large where it fits."""
    height, width = size
    share = min(1.0, image.shape[0] * grow / height, image.shape[1] * grow / width)
    h, w = int(height / grow * share), int(width / grow * share)
    top, left = (int(rng.integers(0, n - m + 1)) for n, m in zip(image.shape, (h, w), strict=False))
    cut = image[top : top + h, left : left + w]
    cut = cut[:, ::-1] if rng.random() < 0.5 else cut
    pixels = Image.fromarray(np.rint(cut * 255).astype(np.uint8))
    return np.asarray(pixels.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255


def objects(rng: np.random.Generator, sides: tuple[float, float]) -> Instances:
    """Outlines of all three classes, apart from one another, cut by the border at most a little."""
    height, width = SIZE
    placed: list[shapely.Polygon] = []
    labels: list[int] = []
    for _ in range(int(rng.integers(4, MOST + 1))):
        label = int(rng.integers(len(SHAPES)))
        shape = outline(rng, list(SHAPES.values())[label], 50.0)
        side = float(np.exp(rng.uniform(*np.log(sides))))
        left, top, right, bottom = shape.bounds
        factor = side / max(right - left, bottom - top)
        shape = shapely.transform(shape, lambda points, by=factor: points * by)
        for _ in range(TRIES):
            moved = translate(shape, *rng.uniform((0, 0), (width, height)))
            inside = shapely.intersection(moved, shapely.box(0, 0, width, height)).area
            free = not placed or shapely.distance(moved, np.array(placed)).min() > APART
            if free and inside > 0.8 * moved.area:
                placed.append(moved)
                labels.append(label)
                break
    found = Instances.of(placed, labels=labels, classes=tuple(SHAPES))
    return found.clip(SIZE)


def scene(
    seed: int, index: int, sides: tuple[float, float] = SIDES
) -> tuple[np.ndarray, Instances]:
    """An 8-bit colour image and its objects."""
    rng = sample_rng(seed, 0, index)
    ground = photograph(GROUNDS[index % len(GROUNDS)])
    image = part(rng, ground, SIZE, float(rng.uniform(1.2, 2.2))).copy()
    found = objects(rng, sides)
    light = rng.uniform(0, 2 * np.pi)
    for label, polygon in zip(found.labels, found.polygons, strict=True):
        name = found.classes[label]
        share = coverage(polygon, SIZE)[..., None]
        texture = part(rng, photograph(TEXTURES[name]), SIZE, float(rng.uniform(1.0, 2.5)))
        colour = np.array(COLOURS[name]) * rng.uniform(0.8, 1.2, 3) * rng.uniform(0.6, 1.25)
        left, top, right, bottom = polygon.bounds
        x = (np.arange(SIZE[1]) - (left + right) / 2) / (right - left) * np.cos(light)
        y = (np.arange(SIZE[0]) - (top + bottom) / 2) / (bottom - top) * np.sin(light)
        shade = 1 + 0.5 * (x[None] + y[:, None])[..., None]
        filled = (texture / texture.mean() * 0.6 + 0.4) * 0.75 * colour * shade
        shadow = blur(share, 5.0)
        image *= 1 - 0.35 * (np.roll(shadow, (4, 4), (0, 1)) * (1 - share))
        image += share * (filled - image)
    image += rng.normal(0, 0.02, image.shape)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8), found


def write_photographs(
    folder: Path, images: int = 18, *, seed: int = 0, sides: tuple[float, float] = SIDES
) -> list[str]:
    """A training folder of so many scenes, outlines as GeoJSON beside each image; their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"photograph-{index:02d}" for index in range(images)]
    for index, name in enumerate(names):
        pixels, found = scene(seed, index, sides)
        Image.fromarray(pixels).save(folder / f"{name}.png")
        write(folder / f"{name}.geojson", found)
    return names


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=18)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sides", type=float, nargs=2, default=SIDES)
    options = parser.parse_args()
    write_photographs(options.folder, options.images, seed=options.seed, sides=tuple(options.sides))
