"""Films of real nuclei with known tracks: how well `--link` follows them, and other linkers.

Nuclei are cut out of the images of a data set and set into frames in which they move, each with a
velocity and a jitter of its own, push one another aside, come and go at the border, divide and
bleach; the stage drifts and jumps, frames are missed. Lengths are in diameters of a nucleus, a
frame. Outlines are the true ones, of which some are left out, or those that a model finds.

The measures are those of the Cell Tracking Challenge and of HOTA, by py-ctcmetrics: TRA (what it
costs to mend nodes, links and parents, 1 is none), LNK (of links and parents alone), IDF1 and HOTA;
`divisions` are those found to within a frame, of the true ones, and the false ones.

    pip install py-ctcmetrics laptrack trackpy
    python benchmarks/films.py dsb2018/val
    python benchmarks/films.py dsb2018/val --outlines nuclei --linkers kontur
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from ctc_metrics.metrics import ALL_METRICS
from ctc_metrics.scripts.evaluate import calculate_metrics
from jaxtyping import Float, Int
from large_images import pieces
from report import heading, table

import kontur
from kontur.data.normalise import to_channels
from kontur.infer.stacks.frames import overlapping
from kontur.infer.stacks.link import link
from kontur.instances import Instances

SIZE = (381, 453)  # pixels, odd on purpose
FRAMES = 24
DIAMETER = 22.0  # pixels, of the nuclei that are cut out, about
MISSED = 0.05  # of the true outlines, left out at random
VISIBLE = 0.5  # the share of a nucleus that is seen, or it has no truth
LEAST_AREA = 30  # pixels
MEASURES = ("TRA", "LNK", "IDF1", "HOTA")


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


def true_outlines(film: Film, rng: np.random.Generator) -> list[Instances]:
    """The true outlines but some."""
    planes = [Instances.from_label_image(label) for label in film.labels]
    return [plane[rng.random(len(plane)) >= MISSED] for plane in planes]


Linked = tuple[list[Int[np.ndarray, " _"]], dict[int, int]]  # as `link.Tracks`


def by_kontur(planes: Sequence[Instances]) -> Linked:
    """The tracks of `--link`, and their parents."""
    return link(planes)


def by_overlap(planes: Sequence[Instances]) -> Linked:
    """By overlap alone, as in depth, from each frame to the next and to the one after it."""
    tracks = [np.zeros(len(plane), np.int64) for plane in planes]
    ends = [np.ones(len(plane), bool) for plane in planes]
    count = 0
    for t, plane in enumerate(planes):
        for late in (1, 2):
            left, right = ends[t - late], tracks[t] == 0
            if t >= late and left.any() and right.any():
                i, j = overlapping(planes[t - late][left], plane[right])
                i, j = np.flatnonzero(left)[i], np.flatnonzero(right)[j]
                tracks[t][j], left[i] = tracks[t - late][i], False
        new = np.flatnonzero(tracks[t] == 0)
        tracks[t][new] = count + 1 + np.arange(len(new))
        count += len(new)
    return tracks, {}


def by_laptrack(planes: Sequence[Instances]) -> Linked:
    """LapTrack by the distance of centres, within a diameter and a half, and its splits."""
    import pandas as pd
    from laptrack import LapTrack

    limit = (1.5 * DIAMETER) ** 2
    frame = pd.DataFrame(
        [(t, *point, i) for t, one in enumerate(planes) for i, point in enumerate(centres(one))],
        columns=["frame", "x", "y", "i"],
    )
    tracker = LapTrack(
        cutoff=limit,
        gap_closing_cutoff=limit,
        gap_closing_max_frame_count=1,
        splitting_cutoff=DIAMETER**2,
    )
    found, splits, _ = tracker.predict_dataframe(frame, ["x", "y"], only_coordinate_cols=False)
    tracks = [np.zeros(len(plane), np.int64) for plane in planes]
    for t, i, track in zip(found["frame"], found["i"], found["track_id"], strict=True):
        tracks[int(t)][int(i)] = track + 1
    parents = {
        int(child) + 1: int(parent) + 1
        for parent, child in zip(
            splits.get("parent_track_id", []), splits.get("child_track_id", []), strict=True
        )
    }
    return tracks, parents


def by_trackpy(planes: Sequence[Instances]) -> Linked:
    """trackpy, within a diameter, with a frame's memory, after its own estimate of the drift."""
    import pandas as pd
    import trackpy

    trackpy.quiet()
    frame = pd.DataFrame(
        [(t, *point, i) for t, one in enumerate(planes) for i, point in enumerate(centres(one))],
        columns=["frame", "x", "y", "i"],
    )
    found = trackpy.link(frame, search_range=DIAMETER, memory=1, adaptive_stop=5)
    tracks = [np.zeros(len(plane), np.int64) for plane in planes]
    for t, i, track in zip(found["frame"], found["i"], found["particle"], strict=True):
        tracks[t][i] = track + 1
    return tracks, {}


LINKERS: dict[str, Callable[[Sequence[Instances]], Linked]] = {
    "kontur": by_kontur,
    "overlap": by_overlap,
    "laptrack": by_laptrack,
    "trackpy": by_trackpy,
}


def centres(plane: Instances) -> Float[np.ndarray, "k 2"]:
    return shapely.get_coordinates(shapely.centroid(plane.polygons)).reshape(-1, 2)


def scores(film: Film, planes: Sequence[Instances], linked: Linked) -> dict[str, float]:
    """The measures of tracks against those of the film."""
    tracks, parents = linked
    found = [
        one.replace(ids=np.arange(1, len(one) + 1)).label_image().astype(int) for one in planes
    ]
    found = [np.append(0, track)[label] for label, track in zip(found, tracks, strict=True)]
    pairs = [matched(true, one) for true, one in zip(film.labels, found, strict=True)]
    names = ("labels_ref", "labels_comp", "mapped_ref", "mapped_comp", "ious")
    course = {name: [pair[i] for pair in pairs] for i, name in enumerate(names)}
    for name in ("mapped_ref", "mapped_comp"):  # of these it wants lists
        course[name] = [one.tolist() for one in course[name]]
    how = [name for name in ALL_METRICS if name in (*MEASURES, "DET", "BC")]
    result = calculate_metrics(
        table_of(course["labels_comp"], parents),
        table_of(course["labels_ref"], film.parents),
        course,
        {},
        metrics=how,
        is_valid=True,
    )
    return {
        **{name: float(result[name]) for name in MEASURES},
        "found": result["tp_div(1)"],
        "true": result["gt_divisions"],
        "false": result["fp_div(1)"],
    }


def matched(true: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, ...]:
    """The labels of both, and those pairs of which the found one has over half of the true one."""
    count = int(found.max()) + 1
    pairs, shared = np.unique(true.astype(int) * count + found, return_counts=True)
    area, other = np.bincount(true.ravel()), np.bincount(found.ravel())
    i, j = np.divmod(pairs, count)
    kept = (i > 0) & (j > 0) & (2 * shared > area[i])
    i, j, shared = i[kept], j[kept], shared[kept]
    ious = shared / (area[i] + other[j] - shared)
    return np.unique(true[true > 0]), np.unique(found[found > 0]), i, j, ious


def table_of(labels: Sequence[np.ndarray], parents: dict[int, int]) -> Int[np.ndarray, "n 4"]:
    """A row for each track: its number, first and last frame, and parent or 0."""
    first, last = {}, {}
    for t, frame in enumerate(labels):
        for track in frame.tolist():
            first.setdefault(track, t)
            last[track] = t
    mothers = {child: parent for child, parent in parents.items() if parent in first}
    rows = [(track, first[track], last[track], mothers.get(track, 0)) for track in sorted(first)]
    return np.array(rows, int).reshape(-1, 4)


def main() -> None:
    options = _options()
    heading(f"tracks of films of {FRAMES} frames of {SIZE[0]}×{SIZE[1]} pixels")
    shapes = nuclei(options.data)
    model = None if options.outlines == "true" else kontur.load(options.outlines, threads=2)
    rows = []
    for name, scene in SCENES.items():
        if options.scenes and not any(part in name for part in options.scenes):
            continue
        sums: dict[str, list[dict[str, float]]] = {}
        for seed in range(options.films):
            film = make_film(scene, shapes, seed)
            if model is None:
                planes = true_outlines(film, np.random.default_rng(seed))
            else:
                planes = [model.predict(frame) for frame in film.frames]
            for linker in options.linkers:
                one = scores(film, planes, LINKERS[linker](planes))
                sums.setdefault(linker, []).append(one)
        for linker, found in sums.items():
            mean = {key: np.mean([one[key] for one in found]) for key in found[0]}
            total = {key: int(sum(one[key] for one in found)) for key in ("found", "true", "false")}
            cells = [f"{mean[key]:.3f}".removeprefix("0") for key in MEASURES]
            divisions = f"{total['found']} of {total['true']}, {total['false']} false"
            rows.append([name, linker, *cells, divisions])
            print(" ", *rows[-1], sep=" | ", flush=True)
    print(table(["film", "linker", *MEASURES, "divisions"], rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--outlines", default="true", help="true, or a model that finds them")
    parser.add_argument("--linkers", nargs="+", default=[*LINKERS], choices=[*LINKERS])
    parser.add_argument("--scenes", nargs="+", metavar="WORD", help="only those of such a name")
    parser.add_argument("--films", type=int, default=3, help="of each scene")
    return parser.parse_args()


if __name__ == "__main__":
    main()
