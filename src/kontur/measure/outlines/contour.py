"""Contour: every object's outer outline as the same number of points, evenly spaced.

Measurements along the edge (curvature, the midline, profiles across the edge, touching) use these
points instead of the polygon's own, whose number and spacing are arbitrary. Derivatives are those
of the Fourier series of the points, smoothed by a Gaussian along the contour, so that they do not
depend on where the outline begins.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float

from kontur.geometry.raster import ramp
from kontur.measure.outlines.object_rings import ObjectRings, along_pixels

POINTS = 128  # of every contour; a multiple of 4
SMOOTHING = 0.01  # standard deviation of the Gaussian along the contour, share of the perimeter
STAIRS = 2.0  # pixels, the smallest deviation for an outline that follows pixel edges …
WIDEST = 0.03  # … but no larger share of its perimeter: a wider Gaussian would fold thin objects
BLOCK = 4096  # contours at a time: intermediate arrays then fit into the processor's cache


class Contours(NamedTuple):
    """k closed contours, clockwise, of `POINTS` points each at equal arc length.

    `points` are x + iy in pixels relative to `origin`, `perimeter` the length of each contour,
    `smoothing` the share of it over which derivatives are smoothed.
    """

    points: Complex[np.ndarray, "k n"]
    perimeter: Float[np.ndarray, " k"]
    smoothing: Float[np.ndarray, " k"]
    origin: Float[np.ndarray, "k 2"]


class Bends(NamedTuple):
    """At each point of a contour: the outward unit normal, and the curvature in 1/pixel.

    Curvature is positive where the contour is convex; that of a circle is 1 / radius.
    """

    outward: Complex[np.ndarray, "k n"]
    curvature: Float[np.ndarray, "k n"]


def contours_of(rings: ObjectRings, edges: ObjectRings) -> Contours:
    """The outer ring of each object's largest part, resampled by arc length.

    `rings` are those of the polygons, `edges` the same straightened.
    """
    outer = _from_the_farthest(edges.mains())
    k = len(outer.number)
    if k == 0:
        return Contours(np.empty((0, POINTS), complex), np.empty(0), np.empty(0), outer.origin)
    steps = outer.steps
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    perimeter = outer.sums(lengths)
    # One np.interp for all: contour i has positions from 2i to 2i + 1, so that none overlap.
    count = outer.number + 1  # the first point again at the end
    first = np.cumsum(count) - count
    place = outer.start.repeat(count) + ramp(count) % outer.number.repeat(count)
    travelled = np.cumsum(lengths) - lengths
    travelled -= travelled[outer.start].repeat(outer.number)
    known = travelled[place] / perimeter.repeat(count)
    known[first + outer.number] = 1
    known += 2.0 * np.arange(k).repeat(count)
    at = (2.0 * np.arange(k)[:, None] + np.arange(POINTS) / POINTS).ravel()
    x = np.interp(at, known, outer.points[place, 0])
    y = np.interp(at, known, outer.points[place, 1])
    floor = np.where(along_pixels(rings)[rings.main], np.minimum(STAIRS / perimeter, WIDEST), 0)
    smoothing = np.maximum(SMOOTHING, floor)
    return Contours((x + 1j * y).reshape(k, POINTS), perimeter, smoothing, outer.origin)


def _from_the_farthest(outer: ObjectRings) -> ObjectRings:
    """Each ring rotated to begin at its point farthest from its middle.

    Which point of an outline comes first in a file is arbitrary and must not move the samples.
    """
    if len(outer.points) == 0:
        return outer
    lengths = np.hypot(*outer.steps.T)[:, None]
    halves = (outer.points + outer.points[outer.following]) / 2
    middle = outer.sums(halves * lengths) / outer.sums(lengths)
    away = np.hypot(*(outer.points - middle[outer.ring]).T)
    farthest = np.flatnonzero(away == np.maximum.reduceat(away, outer.start)[outer.ring])
    _, first = np.unique(outer.ring[farthest], return_index=True)
    shift = farthest[first] - outer.start
    turned = (ramp(outer.number) + shift.repeat(outer.number)) % outer.number.repeat(outer.number)
    return outer._replace(points=outer.points[outer.start.repeat(outer.number) + turned])


def bends_of(contours: Contours) -> Bends:
    """Normals and curvature of the smoothed contours."""
    k, n = contours.points.shape
    outward, curvature = np.empty((k, n), complex), np.empty((k, n))
    wave = np.fft.fftfreq(n, 1 / n)
    for start in range(0, k, BLOCK):
        part = slice(start, start + BLOCK)
        width = contours.smoothing[part, None]
        smooth = np.exp(-((2 * np.pi * wave * width) ** 2) / 2)
        series = np.fft.fft(contours.points[part], axis=1) * smooth
        turns = 2j * np.pi * wave
        first = np.fft.ifft(series * turns, axis=1)  # by the share of the perimeter
        second = np.fft.ifft(series * turns**2, axis=1)
        speed = np.maximum(np.abs(first), np.finfo(float).tiny)
        outward[part] = -1j * first / speed
        curvature[part] = (first.conj() * second).imag / speed**3
    return Bends(outward, curvature)
