"""Films of real nuclei with known tracks: how well `--link` follows them, and other linkers.

The films are made of the nuclei of a data set (`made_films`). Outlines are the true ones, of which
some are left out, or those that a model finds.

The measures are those of the Cell Tracking Challenge and of HOTA, by py-ctcmetrics: TRA (what it
costs to mend nodes, links and parents, 1 is none), LNK (of links and parents alone), IDF1 and HOTA;
`divisions` are those found to within a frame, of the true ones, and the false ones.

    pip install py-ctcmetrics laptrack trackpy
    python benchmarks/films.py dsb2018/val
    python benchmarks/films.py dsb2018/val --outlines nuclei --linkers kontur
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import shapely
from ctc_metrics.metrics import ALL_METRICS
from ctc_metrics.scripts.evaluate import calculate_metrics
from jaxtyping import Float, Int
from made_films import DIAMETER, FRAMES, SCENES, SIZE, Film, make_film, nuclei
from report import heading, table

import kontur
from kontur.infer.stacks.frames import overlapping
from kontur.infer.stacks.link import link
from kontur.instances import Instances

MISSED = 0.05  # of the true outlines, left out at random
MEASURES = ("TRA", "LNK", "IDF1", "HOTA")


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
    seen = [both for both in zip(film.labels, found, strict=True) if both[0].any()]
    pairs = [matched(true, one) for true, one in seen]  # it takes no frame without objects
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
        for seed in range(options.seed, options.seed + options.films):
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
    parser.add_argument("--seed", type=int, default=0, help="of the first film of each scene")
    return parser.parse_args()


if __name__ == "__main__":
    main()
