"""Synthetic scenes whose outlines are known exactly, for tests and first trials without data.

Every object is a polygon, from which it is painted: a pixel takes the share of it that the
polygon covers (4×4 samples). Textured ground, uneven light, a soft lens and noise come on top, and
none of them moves an edge.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from jaxtyping import Float
from PIL import Image
from shapely import LineString, MultiPolygon, Polygon
from shapely.affinity import rotate, scale, translate

from kontur.data.sample import Sample
from kontur.data.transforms.compose import sample_rng
from kontur.data.transforms.photometric import Noise, Shading
from kontur.errors import InputError
from kontur.geometry.gaussian import blur
from kontur.geometry.raster import rasterize
from kontur.instances import Instances

SHAPES: tuple[str, ...] = ("blob", "ellipse", "worm", "star")
SAMPLES = 4  # a side of a pixel, when its share is measured
POINTS = 48  # of a smooth outline
ATTEMPTS = 40  # places tried for one object before it is left out
GAP = 2.0  # pixels between objects that do not touch
PRESS = 1.5  # pixels that a touching object is pushed into its neighbour, which then cuts it
OVERLAP = (0.08, 0.4)  # share of the smaller object that crossing objects have in common
OPACITY = 0.7  # of an object that lies over another
LENS = 0.6  # pixels, sigma of the blur of the whole image


def scene(
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = (256, 256),
    shapes: tuple[str, ...] = SHAPES,
    count: int = 25,
    radius: tuple[float, float] = (7.0, 20.0),
    touching: float = 0.3,
    overlap: float = 0.0,
    holes: float = 0.0,
    classes: Literal["one", "shapes"] = "one",
    channels: int = 1,
    ground: Literal["dark", "bright"] = "dark",
    noise: float = 0.03,
    name: str = "scene",
) -> Sample:
    """An 8-bit image of objects on a textured ground, with their exact outlines.

    Args:
        rng: the source of all randomness.
        size: `(height, width)`.
        shapes: drawn from evenly. With `classes="shapes"` they are the class names, else all
            objects are of the one class `object`.
        count: objects wanted; fewer where no place is left.
        radius: range of sizes in pixels (half of an ellipse's length; a worm is longer).
        touching, overlap: shares of objects placed against another one, with an edge in common,
            and across another one.
        holes: share of objects with a hole (worms have none).
        classes: one class, or one class per shape.
        channels: of the image; with three the objects have colours.
        ground: dark as in fluorescence, or bright as in brightfield.
        noise: standard deviation, where 1 is the span from black to white.
        name: of the sample.

    Objects at the border are cut by it. Raises `InputError` for an unknown shape.
    """
    if not shapes or not set(shapes) <= set(SHAPES):
        raise InputError(f"shapes are {', '.join(SHAPES)}; got {', '.join(shapes) or 'none'}")
    polygons: list[Polygon] = []
    labels: list[int] = []
    for _ in range(count):
        label = int(rng.integers(len(shapes)))
        polygon = outline(rng, shapes[label], float(rng.uniform(*radius)))
        if shapes[label] != "worm" and rng.random() < holes:
            share = rng.uniform(
                0.3, 0.5
            )  # all but worms see their centre, so the hole stays inside
            polygon = polygon.difference(scale(polygon, share, share, origin=(0, 0)))
        placed = _place(rng, polygon, polygons, size, touching=touching, overlap=overlap)
        if placed is not None:
            polygons.append(placed)
            labels.append(label)
    one = classes == "one"
    instances = Instances.of(
        polygons,
        labels=np.zeros(len(labels), dtype=int) if one else labels,
        classes=("object",) if one else shapes,
    ).clip(size)
    instances = instances[instances.areas >= 1]
    instances = instances.replace(ids=np.arange(1, len(instances) + 1))
    image = _paint(rng, instances, size, channels=channels, ground=ground)
    sample = Sample(image, instances, name)
    sample = Shading(0.3)(sample, rng)
    sample = sample.replace(image=blur(sample.image, LENS))
    sample = Noise((noise, noise), (1e3, 1e3))(sample, rng)
    pixels = np.rint(np.clip(sample.image, 0, 1) * 255).astype(np.uint8)
    return sample.replace(image=pixels)


def outline(rng: np.random.Generator, shape: str, radius: float) -> Polygon:
    """One shape about the origin, turned at random, of about `radius` pixels."""
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    if shape == "ellipse":
        points = np.column_stack([np.cos(angle), rng.uniform(0.5, 1) * np.sin(angle)]) * radius
    elif shape == "blob":
        waves = np.arange(2, 6)
        heights, phases = rng.uniform(0, 0.35, 4) / waves, rng.uniform(0, 2 * np.pi, 4)
        swell = 1 + (heights * np.cos(angle[:, None] * waves + phases)).sum(axis=1)
        points = (swell * np.array([np.cos(angle), np.sin(angle)])).T * radius
    elif shape == "star":
        tips = int(rng.integers(5, 8))
        corners = np.linspace(0, 2 * np.pi, 2 * tips, endpoint=False)
        reach = np.where(np.arange(2 * tips) % 2, rng.uniform(0.45, 0.65), 1.1) * radius
        points = (reach * np.array([np.cos(corners), np.sin(corners)])).T
    else:
        return _worm(rng, radius)
    return rotate(Polygon(points), float(rng.uniform(0, 360)), origin=(0, 0))


def write_dataset(folder: Path, scenes: int, *, seed: int = 0, **options: Any) -> list[str]:
    """Write so many scenes as a training folder and return their names.

    `images/NAME.png` and `labels/NAME.png` (16-bit label images), or, where objects overlap,
    `masks/NAME/ID.png`, one mask per object. `options` are those of `scene`. The same seed writes
    the same files; scene k does not depend on how many there are. Raises `InputError` where the
    folder holds images already.
    """
    overlapping = bool(options.get("overlap"))
    images, labels = folder / "images", folder / ("masks" if overlapping else "labels")
    if images.exists() and any(images.iterdir()):
        raise InputError(f"{images} holds files already; choose a new folder")
    for made in (images, labels):
        made.mkdir(parents=True, exist_ok=True)
    names = [f"scene-{k:04d}" for k in range(scenes)]
    for k, name in enumerate(names):
        sample = scene(sample_rng(seed, 0, k), name=name, **options)
        pixels = sample.image[..., 0] if sample.image.shape[2] == 1 else sample.image
        Image.fromarray(pixels).save(images / f"{name}.png")
        if overlapping:
            (labels / name).mkdir(exist_ok=True)
            for i, polygon in zip(sample.instances.ids, sample.instances.polygons, strict=True):
                mask = rasterize(polygon, sample.size).astype(np.uint8) * 255
                Image.fromarray(mask).save(labels / name / f"{i:03d}.png")
        else:
            ids = sample.instances.label_image(np.uint16)
            Image.fromarray(ids).save(labels / f"{name}.png")
    return names


def coverage(polygon: Polygon | MultiPolygon, size: tuple[int, int]) -> Float[np.ndarray, "h w"]:
    """The share of every pixel that lies inside, from 4×4 samples; float32."""
    height, width = size
    fine = rasterize(
        scale(polygon, SAMPLES, SAMPLES, origin=(0, 0)), (height * SAMPLES, width * SAMPLES)
    )
    counts = fine.reshape(height, SAMPLES, width, SAMPLES).sum(axis=(1, 3), dtype=np.float32)
    return counts / SAMPLES**2


def _worm(rng: np.random.Generator, radius: float) -> Polygon:
    """A bent band of even width with round ends; never so bent that it meets itself."""
    steps = 24
    bend = np.cumsum(np.cumsum(rng.normal(0, 0.03, steps)) + rng.normal(0, 0.06))
    path = np.cumsum(np.column_stack([np.cos(bend), np.sin(bend)]), axis=0)
    path = (path - path.mean(axis=0)) * (4.5 * radius / steps)
    worm = LineString(path).buffer(0.32 * radius, quad_segs=6)
    if worm.interiors:
        return _worm(rng, radius)
    return rotate(worm, float(rng.uniform(0, 360)), origin=(0, 0))


def _place(
    rng: np.random.Generator,
    polygon: Polygon,
    others: list[Polygon],
    size: tuple[int, int],
    *,
    touching: float,
    overlap: float,
) -> Polygon | None:
    """The polygon at a free place, against another object or across one; None if there is none."""
    height, width = size
    manner = rng.random()
    for _ in range(ATTEMPTS):
        place = rng.uniform((0, 0), (width, height))
        moved = translate(polygon, *place)
        if not others:
            return moved
        if manner < touching:
            host = others[int(rng.integers(len(others)))]
            moved = _against(rng, polygon, host)
            cut = moved.difference(shapely.union_all(others))
            centre = moved.centroid
            whole = cut.geom_type == "Polygon" and cut.area > 0.75 * polygon.area
            if whole and 0 < centre.x < width and 0 < centre.y < height:
                return cut
        elif manner < touching + overlap:
            smaller = np.minimum(polygon.area, shapely.area(others))
            shared = shapely.area(shapely.intersection(moved, np.array(others))) / smaller
            if OVERLAP[0] < shared.max() < OVERLAP[1]:
                return moved
        elif shapely.distance(moved, np.array(others)).min() > GAP:
            return moved
    return None


def _against(rng: np.random.Generator, polygon: Polygon, host: Polygon) -> Polygon:
    """The polygon brought up to `host` from a random side, and pressed into it a little."""
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(angle), np.sin(angle)])
    start = np.array(host.centroid.coords[0])
    near, far = 0.0, float(np.sqrt(host.area) + np.sqrt(polygon.area)) * 4
    while far - near > 0.1:
        middle = (near + far) / 2
        apart = shapely.distance(translate(polygon, *(start + middle * direction)), host) > 0
        near, far = (near, middle) if apart else (middle, far)
    return translate(polygon, *(start + (near - PRESS) * direction))


def _paint(
    rng: np.random.Generator,
    instances: Instances,
    size: tuple[int, int],
    *,
    channels: int,
    ground: Literal["dark", "bright"],
) -> Float[np.ndarray, "h w c"]:
    """Objects over a textured ground, values about 0..1, float32."""
    base = (
        rng.uniform(0.08, 0.2, channels) if ground == "dark" else rng.uniform(0.75, 0.92, channels)
    )
    rough = 1.0 if ground == "dark" else 0.3  # bright ground would run into white
    image = base.astype(np.float32) * (1 + 0.12 * rough * _texture(rng, size, 9)[..., None])
    image *= 1 + 0.06 * rough * _texture(rng, size, 1.5)[..., None]
    grain = 0.12 * _texture(rng, size, 2)
    hues = rng.uniform(0.4, 1, (len(instances.classes), channels))
    hues /= hues.max(axis=1, keepdims=True)
    covered = np.zeros(size, dtype=np.float32)
    for label, polygon in zip(instances.labels, instances.polygons, strict=True):
        left, top, right, bottom = polygon.bounds
        rows = slice(int(top), int(np.ceil(bottom)))
        columns = slice(int(left), int(np.ceil(right)))
        window = (rows.stop - rows.start, columns.stop - columns.start)
        share = coverage(translate(polygon, -columns.start, -rows.start), window)
        colour = rng.uniform(0.45, 0.9) * hues[label] + base * 0.3
        if ground == "bright":
            colour = base * (1 - rng.uniform(0.4, 0.75) * hues[label])
        filled = colour.astype(np.float32) * (1 + grain[rows, columns, None])
        beneath = covered[rows, columns]
        # where an object lies over another both show; along a common edge nothing shines through
        weight = (share * (1 - (1 - OPACITY) * np.minimum(beneath, share)))[..., None]
        image[rows, columns] += weight * (filled - image[rows, columns])
        covered[rows, columns] = np.maximum(beneath, share)
    return image


def _texture(
    rng: np.random.Generator, size: tuple[int, int], grain: float
) -> Float[np.ndarray, "h w"]:
    """Smooth noise with a standard deviation of about 1; `grain` in pixels."""
    noise = rng.standard_normal((*size, 1), dtype=np.float32)
    return blur(noise, grain)[..., 0] * np.float32(2 * np.sqrt(np.pi) * grain)
