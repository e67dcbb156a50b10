"""Films of real nuclei with known tracks: cut out of images, and set into frames.

They move, each with a velocity and a jitter of its own, push one another aside, come and go at the
border, divide and bleach; the stage drifts and jumps, frames are missed. Lengths are in diameters
of a nucleus, a frame.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from large_images import pieces

from kontur.data.normalisation.normalise import to_channels

SIZE = (381, 453)  # pixels, odd on purpose
FRAMES = 24
DIAMETER = 22.0  # pixels, of the nuclei that are cut out, about
VISIBLE = 0.5  # the share of a nucleus that is seen, or it has no truth
LEAST_AREA = 30  # pixels


@dataclass(frozen=True)
class Scene:
    """How nuclei move, in diameters a frame."""

    count: int = 60  # in the frame and its surroundings
    speed: float = 0.1  # of a nucleus of its own, always in one direction
    jitter: float = 0.05
    drift: float = 0.0  # of the stage
    jumps: tuple[float, ...] = ()  # of the stage, at frames that are evenly spaced
    divides: float = 0.0  # the share of nuclei that divide, a frame
    blank: int = 0  # frames without a picture
    bleached: float = 0.3  # the share of the brightness that is lost by the end


SCENES = {
    "slow": Scene(),
    "a third of a diameter a frame": Scene(speed=0.3, jitter=0.1),
    "three fifths": Scene(speed=0.6, jitter=0.1),
    "one diameter": Scene(speed=1.0, jitter=0.1),
    "to and fro": Scene(speed=0.0, jitter=0.4),
    "crowded": Scene(count=220, speed=0.2, jitter=0.1),
    "crowded, three fifths": Scene(count=220, speed=0.6, jitter=0.1),
    "drift of a third": Scene(drift=0.35),
    "jumps of 1 and 2": Scene(jumps=(1.0, 2.0)),
    "crowded, jumps of 1 and 2": Scene(count=220, jumps=(1.0, 2.0)),
    "divisions": Scene(divides=0.02),
    "divisions, a third": Scene(speed=0.3, jitter=0.1, divides=0.02),
    "two frames missed": Scene(speed=0.2, jitter=0.1, blank=2),
    "six, jumps of 1 and 2": Scene(count=12, speed=0.2, jitter=0.1, jumps=(1.0, 2.0)),
    "all of it": Scene(100, 0.25, 0.1, 0.1, (1.5,), 0.01, 1, 0.5),
}


class Nucleus(NamedTuple):
    """Its brightness above the background, 0 beyond it."""

    light: Float[np.ndarray, "h w"]

    @property
    def diameter(self) -> float:
        return float(np.sqrt(4 / np.pi * (self.light > 0).sum()))


class Film(NamedTuple):
    """Frames, their label images by track, and the track of which each came by a division."""

    frames: list[np.ndarray]
    labels: list[np.ndarray]
    parents: dict[int, int]


def nuclei(data: Path) -> list[Nucleus]:
    """The nuclei of the dark grey images, scaled to about one diameter."""
    found = []
    for sample in pieces(data, 256):
        image = to_channels(sample.image, 1)[..., 0].astype(float)
        if np.median(image) > 60:
            continue
        labels = sample.instances.label_image()
        for i, (x0, y0, x1, y1) in enumerate(sample.instances.boxes.round().astype(int)):
            mask = labels[y0:y1, x0:x1] == i + 1
            inside = x0 > 0 and y0 > 0 and x1 < 256 and y1 < 256
            if inside and 250 < mask.sum() < 600:
                light = image[y0:y1, x0:x1] - np.median(image)
                found.append(Nucleus(np.where(mask, np.maximum(light, 1), 0)))
    return found


@dataclass
class Cell:
    """A nucleus that moves; `size` is its scale, which grows again after a division."""

    track: int
    nucleus: Nucleus
    place: Float[np.ndarray, "2"]
    velocity: Float[np.ndarray, "2"]
    size: float = 1.0

    @property
    def diameter(self) -> float:
        return self.size * self.nucleus.diameter


def make_film(scene: Scene, shapes: Sequence[Nucleus], seed: int) -> Film:
    """A film of a scene; jumps and missed frames are evenly spaced."""
    rng = np.random.default_rng(seed)
    margin = 3 * DIAMETER
    world = np.array(SIZE) + 2 * margin
    cells = []
    for track in range(1, scene.count + 1):
        angle = rng.uniform(0, 2 * np.pi)
        velocity = scene.speed * DIAMETER * np.array([np.sin(angle), np.cos(angle)])
        shape = shapes[rng.integers(len(shapes))]
        cells.append(Cell(track, shape, rng.uniform(0, world), velocity))
    for _ in range(200):
        push(cells)
    stage = np.full(2, margin)
    direction = np.array([0.6, 0.8])
    events = np.linspace(0, FRAMES, len(scene.jumps) + scene.blank + 2)[1:-1].astype(int)
    jumps = dict(zip(events, scene.jumps, strict=False))
    missed = set(events[len(scene.jumps) :].tolist())
    frames, labels, parents, count = [], [], {}, scene.count
    for t in range(FRAMES):
        if t:
            stage = stage + direction * DIAMETER * (scene.drift + jumps.get(t, 0.0))
            for cell in cells:
                cell.place += cell.velocity + rng.normal(0, scene.jitter * DIAMETER, 2)
                cell.place[:] = stage - margin + (cell.place - stage + margin) % world
                cell.size = min(1.0, cell.size + 0.02)
            for cell in [*cells]:
                if cell.size == 1.0 and rng.random() < scene.divides:
                    cells.remove(cell)
                    for daughter in divide(cell, count, rng):
                        parents[daughter.track] = cell.track
                        cells.append(daughter)
                    count += 2
            for _ in range(10):
                push(cells)
        light = 1 - scene.bleached * t / (FRAMES - 1)
        frame, label = picture(cells, stage, light, rng, blank=t in missed)
        frames.append(frame)
        labels.append(label)
    return Film(frames, *tracks_of_truth(labels, parents))


def divide(cell: Cell, count: int, rng: np.random.Generator) -> Iterator[Cell]:
    """Two daughters of half the area, side by side."""
    angle = rng.uniform(0, 2 * np.pi)
    axis = np.array([np.sin(angle), np.cos(angle)])
    for number, side in enumerate((-1, 1)):
        place = cell.place + side * 0.42 * cell.diameter * axis
        yield Cell(count + 1 + number, cell.nucleus, place, cell.velocity, cell.size * 0.72)


def push(cells: Sequence[Cell]) -> None:
    """Move those that overlap apart, each half of the way."""
    places = np.array([cell.place for cell in cells])
    radii = np.array([cell.diameter / 2 for cell in cells])
    apart = places[:, None] - places
    distance = np.hypot(*apart.T) + 1e-6
    overlap = np.maximum(0.95 * (radii[:, None] + radii) - distance, 0)
    np.fill_diagonal(overlap, 0)
    moves = (apart * (overlap / distance / 2)[..., None]).sum(1)
    for cell, move in zip(cells, moves, strict=True):
        cell.place += move


def picture(
    cells: Sequence[Cell],
    stage: Float[np.ndarray, "2"],
    light: float,
    rng: np.random.Generator,
    *,
    blank: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """A frame and the label image of the nuclei that are seen well enough."""
    frame, label = np.zeros(SIZE), np.zeros(SIZE, np.uint16)
    whole = {}
    for cell in cells:
        shown = scaled(cell.nucleus.light, cell.size)
        y, x = np.round(cell.place - stage - np.array(shown.shape) / 2).astype(int)
        height, width = shown.shape
        top, left = max(0, -y), max(0, -x)
        shown = shown[top : max(SIZE[0] - y, 0), left : max(SIZE[1] - x, 0)]
        if not shown.size:
            continue
        window = (slice(y + top, y + height), slice(x + left, x + width))
        mask = shown > 0
        label[window][mask] = cell.track
        frame[window][mask] = shown[mask]
        whole[cell.track] = mask.sum()
    if blank:
        frame[:], label[:] = 0, 0
    areas = np.bincount(label.ravel(), minlength=max(whole, default=0) + 1)
    for track, area in whole.items():
        if areas[track] < max(VISIBLE * area, LEAST_AREA):
            label[label == track] = 0
    frame = 12 + 0.8 * light * frame + rng.normal(0, 1.5, SIZE)
    return frame.clip(0, 255).astype(np.uint8), label


def scaled(light: np.ndarray, size: float) -> np.ndarray:
    """The nearest pixels of a smaller picture."""
    height, width = (max(1, round(side * size)) for side in light.shape)
    rows = ((np.arange(height) + 0.5) / height * light.shape[0]).astype(int)
    columns = ((np.arange(width) + 0.5) / width * light.shape[1]).astype(int)
    return light[rows][:, columns]


def tracks_of_truth(
    labels: Sequence[np.ndarray], parents: dict[int, int]
) -> tuple[list[np.ndarray], dict[int, int]]:
    """New numbers: what is unseen for more than one frame between comes back as another."""
    number, seen, last, known = 0, {}, {}, {}
    out = []
    for t, label in enumerate(labels):
        table = np.zeros(int(label.max()) + 1, np.uint16)
        for track in np.unique(label[label > 0]).tolist():
            if track not in seen or t - last[track] > 2:
                number += 1
                seen[track] = number
                mother = parents.get(track)
                if track not in last and last.get(mother) == t - 1:
                    known[number] = seen[mother]
            last[track], table[track] = t, seen[track]
        out.append(table[label])
    return out, known
