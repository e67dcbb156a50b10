"""Midline: the line along the middle of a long object, and how it bends: worms, rods, fibres.

The contour is folded onto itself about the axis through two opposite points that brings its two
sides closest. The distance of the sides for all folds at once is a convolution of the contour with
itself, so that no search and no thinning is needed. Of a bent object one side is longer than the
other, so the two tips then move along the contour as long as that brings the sides, each
parametrised by its own length, closer. The midpoints of facing points are the midline. For round
objects all folds are equal and the midline is a diameter.

Its bending modes are the coefficients of the cosine series of its direction along its length: a C,
an S, and finer waves. The principal modes of crawling worms are nearly these (Stephens et al.,
Dimensionality and Dynamics in the Behavior of C. elegans, 2008).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float, Int

from kontur.measure.columns import Column, Values
from kontur.measure.outlines.contour import BLOCK, Contours

NODES = 16  # pieces of the midline whose directions are compared
# Points of the contour by which a tip is moved, if that brings the sides closer.
MOVES = (4.0, 4.0, 2.0, 1.0, 0.5, 0.25)
MODES = 6  # of bending; in crawling worms four hold 95 % of the variance (Stephens et al.)
PIECES = 24  # equal steps along the midline whose directions the modes describe
CLOSENESS = 13  # pairs of facing points by which the distance of the sides is measured
TINY = np.finfo(float).tiny
PASSES = 4  # of the filter (1, 2, 1) / 4 over the midline's points

COLUMNS = {
    "medial_length": Column("length", "length of the midline, from tip to tip"),
    "medial_width": Column("length", "area / length of the midline: mean width across it"),
    "elongation": Column("", "length of the midline / its mean width"),
    "straightness": Column("", "distance of the tips / length of the midline: 1 if straight"),
    "sagitta": Column("", "largest distance of the midline from its chord / its length"),
    "midline_bend": Column("angle", "by how much the midline turns in all: 0 for an S"),
    "midline_turning": Column("angle", "by how much it turns, left and right both counted"),
    "midline_curvature": Column("1/length", "root mean square curvature of the midline"),
    "midline_curvature_max": Column("1/length", "largest curvature of the midline"),
} | {
    f"midline_mode_{mode}": Column("angle", f"bending of the midline in {words}")
    for mode, words in enumerate(
        ("one arc: a C", "two arcs: an S", *(f"{arcs} arcs" for arcs in range(3, MODES + 1))), 1
    )
}


class Midlines(NamedTuple):
    """The midline of each contour from tip to tip, x + iy, and the width across each point."""

    points: Complex[np.ndarray, "k p"]
    widths: Float[np.ndarray, "k p"]


def measure_midline(contours: Contours, area: Float[np.ndarray, " k"]) -> Values:
    """One value per object for each of `COLUMNS`, in pixels; `area` is that of the object."""
    k = len(area)
    parts = [
        _bending(midlines(contours.points[start : start + BLOCK]).points)
        for start in range(0, max(k, 1), BLOCK)
    ]
    keys = [name for name in COLUMNS if name not in ("medial_width", "elongation")]
    values = {key: np.concatenate([part[key] for part in parts]) for key in keys}
    width = area / values["medial_length"]
    values |= {"medial_width": width, "elongation": values["medial_length"] / width}
    return {name: values[name] for name in COLUMNS}


def midlines(points: Complex[np.ndarray, "k n"]) -> Midlines:
    """The midline of each contour of n evenly spaced points: n / 2 + 1 points from tip to tip."""
    n = points.shape[1]
    tip = fold(points).astype(float)
    tips = np.stack([tip, tip + n / 2])  # (2, k): places along the contour
    for move in MOVES:
        for which in (0, 1):
            shifts = np.zeros((3, 2, 1))
            shifts[1:, which, 0] = move, -move
            tried = tips + shifts  # (3, 2, k)
            span = tried[:, 1] - tried[:, 0]
            sides = [_sides(points, one, other, CLOSENESS) for one, other in tried]
            cost = np.array([(np.abs(left - right) ** 2).mean(axis=1) for left, right in sides])
            cost[(span < n / 4) | (span > 3 * n / 4)] = np.inf
            tips = tried[cost.argmin(axis=0), :, np.arange(len(tip))].T
    left, right = _sides(points, tips[0], tips[1], n // 2 + 1)
    return Midlines((left + right) / 2, np.abs(left - right))


def fold(points: Complex[np.ndarray, "k n"]) -> Int[np.ndarray, " k"]:
    """The index of the point where the axis of the best fold begins; it ends n / 2 points later.

    The best fold has the smallest sum of squared distances between facing points, |zₐ₊ᵢ − zₐ₋ᵢ|²,
    and so the largest sum of their products.
    """
    n = points.shape[1]
    x, y = np.fft.rfft(points.real, axis=1), np.fft.rfft(points.imag, axis=1)
    return np.fft.irfft(x * x + y * y, n=n, axis=1)[:, ::2].argmax(axis=1)


def _sides(
    points: Complex[np.ndarray, "k n"],
    first: Float[np.ndarray, " k"],
    last: Float[np.ndarray, " k"],
    count: int,
) -> tuple[Complex[np.ndarray, "k {count}"], Complex[np.ndarray, "k {count}"]]:
    """`count` points along both sides of each contour, from its first tip to its last."""
    n = points.shape[1]
    share = np.arange(count) / (count - 1)
    span = (last - first)[:, None]
    return (
        _between(points, first[:, None] - share * (n - span)),
        _between(points, first[:, None] + share * span),
    )


def _between(
    points: Complex[np.ndarray, "k n"], place: Float[np.ndarray, "k q"]
) -> Complex[np.ndarray, "k q"]:
    """The contours at fractional indices, interpolated linearly."""
    k, n = points.shape
    low = np.floor(place)
    flat = points.ravel()
    row = np.arange(k)[:, None] * n
    at = low.astype(np.int64) % n
    below, above = flat[row + at], flat[row + (at + 1) % n]
    return below + (above - below) * (place - low)


def _bending(line: Complex[np.ndarray, "k p"]) -> Values:
    for _ in range(PASSES):  # the tips stay
        line = np.concatenate(
            [line[:, :1], (line[:, :-2] + 2 * line[:, 1:-1] + line[:, 2:]) / 4, line[:, -1:]],
            axis=1,
        )
    lengths = np.abs(np.diff(line, axis=1))
    length = np.maximum(lengths.sum(axis=1), TINY)
    chord = line[:, -1] - line[:, 0]
    unit = chord / np.maximum(np.abs(chord), TINY)
    aside = ((line - line[:, :1]) * unit[:, None].conj()).imag
    nodes = line[:, :: (line.shape[1] - 1) // NODES]
    pieces = np.diff(nodes, axis=1)
    turns = np.angle(pieces[:, 1:] * pieces[:, :-1].conj())
    spacing = (np.abs(pieces[:, 1:]) + np.abs(pieces[:, :-1])) / 2
    curvature = np.abs(turns) / np.maximum(spacing, TINY)
    curvature, turns = curvature[:, 1:-1], turns[:, 1:-1]  # at the tips the middle is unsure
    return {
        "medial_length": length,
        "straightness": np.minimum(np.abs(chord) / length, 1),
        "sagitta": np.abs(aside).max(axis=1) / length,
        "midline_bend": np.abs(turns.sum(axis=1)),
        "midline_turning": np.abs(turns).sum(axis=1),
        "midline_curvature": np.sqrt((curvature**2).mean(axis=1)),
        "midline_curvature_max": curvature.max(axis=1),
        **_modes(line, lengths),
    }


def _modes(line: Complex[np.ndarray, "k p"], lengths: Float[np.ndarray, "k s"]) -> Values:
    """The amplitude of each mode in the direction, as root mean square angle along the midline.

    θ(s) − mean = Σ aₘ √2 cos(mπs) with s from 0 to 1; reversal and reflection change signs only.
    """
    k = len(line)
    ends = np.cumsum(lengths, axis=1)
    share = np.concatenate([np.zeros((k, 1)), ends / np.maximum(ends[:, -1:], TINY)], axis=1)
    # One np.interp for all: midline i has positions from 2i to 2i + 1, so that none overlap.
    start = 2.0 * np.arange(k)[:, None]
    at = (start + np.linspace(0, 1, PIECES + 1)).ravel()
    nodes = np.interp(at, (start + share).ravel(), line.ravel()) if k else np.empty(0, complex)
    pieces = np.diff(nodes.reshape(k, PIECES + 1), axis=1)
    direction = np.unwrap(np.angle(pieces), axis=1)
    middles = (np.arange(PIECES) + 0.5) / PIECES
    waves = np.sqrt(2) * np.cos(np.pi * np.arange(1, MODES + 1)[:, None] * middles)  # (modes, s)
    amplitudes = np.abs(direction @ waves.T) / PIECES
    return {f"midline_mode_{mode + 1}": amplitudes[:, mode] for mode in range(MODES)}
