"""Elliptic Fourier descriptors: the outline as a sum of ellipses, invariant to position and size.

Kuhl and Giardina, "Elliptic Fourier features of a closed contour", 1982. The integrals are exact
over the polygon's edges, so that nothing is resampled. The coefficients are normalised by the first
ellipse: its major axis becomes the x axis with half length 1, and the outline starts at its end.
Which of the two ends is left open by the paper: we take the one where the even harmonics lie
further out, and where both lie alike, as in mirror images, the sign of their other coefficients.

For a nearly round object that axis is arbitrary and the coefficients change abruptly with it. The
amplitude of a harmonic, the root of half the sum of its four squares, is invariant to rotation,
starting point and reflection: `efd_amplitude` is stable.
"""

import numpy as np
from jaxtyping import Complex, Float

from kontur.measure.columns import Column, Values
from kontur.measure.outlines.object_rings import ObjectRings

HARMONICS = 8
LETTERS = "abcd"
ALIKE = 1e-9  # of half the major axis: less is rounding, which must not choose axis or end
TRIVIAL = ("efd_a1", "efd_b1", "efd_c1")  # 1, 0 and 0 by the normalisation

COLUMNS = {
    f"efd_{letter}{n}": Column("", f"Fourier coefficient {letter} of harmonic {n}, normalised")
    for n in range(1, HARMONICS + 1)
    for letter in LETTERS
    if f"efd_{letter}{n}" not in TRIVIAL
} | {
    f"efd_amplitude_{n}": Column("", f"amplitude of harmonic {n} / half the first's major axis")
    for n in range(2, HARMONICS + 1)
}


def measure_fourier(edges: ObjectRings) -> Values:
    """One value per object for each of `COLUMNS`; `edges` are the straightened rings."""
    coefficients = elliptic_fourier(edges)
    amplitude = np.sqrt((coefficients**2).sum(axis=2) / 2)
    values = {
        f"efd_{letter}{n + 1}": coefficients[:, n, place]
        for n in range(HARMONICS)
        for place, letter in enumerate(LETTERS)
    } | {f"efd_amplitude_{n + 1}": amplitude[:, n] for n in range(1, HARMONICS)}
    return {name: values[name] for name in COLUMNS}


def elliptic_fourier(edges: ObjectRings, harmonics: int = HARMONICS) -> Float[np.ndarray, "k h 4"]:
    """Normalised coefficients a, b, c, d of each harmonic of each object's outer outline.

    x(t) = Σ aₙ cos nt + bₙ sin nt and y(t) = Σ cₙ cos nt + dₙ sin nt, t from 0 to 2π along it.
    """
    plus, minus = _series(edges, harmonics)
    first, last = plus[:, :1], minus[:, :1]
    last = np.where(np.abs(last) > ALIKE * np.abs(first), last, 0)  # a circle has no axis
    start = (np.angle(last) - np.angle(first)) / 2
    turn = (np.angle(last) + np.angle(first)) / 2
    half = np.abs(first) + np.abs(last)
    n = np.arange(1, harmonics + 1)
    plus = plus * np.exp(1j * (n * start - turn)) / half
    minus = minus * np.exp(1j * (-n * start - turn)) / half
    a, b = (plus + minus).real, (minus - plus).imag
    c, d = (plus + minus).imag, (plus - minus).real
    coefficients = np.stack([a, b, c, d], axis=-1)
    even = n % 2 == 0
    sums = coefficients[:, even].sum(axis=1)  # first that of a: x(0) beyond that of odd harmonics
    deciding = np.argmax(np.abs(sums) > ALIKE, axis=1)
    other_end = np.take_along_axis(sums, deciding[:, None], axis=1)[:, :, None] < -ALIKE
    return np.where(even[:, None] & other_end, -coefficients, coefficients)


def _series(
    edges: ObjectRings, harmonics: int
) -> tuple[Complex[np.ndarray, "k h"], Complex[np.ndarray, "k h"]]:
    """The complex Fourier coefficients of x + iy of the orders 1 … h, and of −1 … −h."""
    outer = edges.mains()
    steps = outer.steps @ np.array([1, 1j])
    lengths = np.abs(steps)
    perimeter = outer.sums(lengths)
    travelled = np.cumsum(lengths)
    before = (travelled - lengths)[outer.start].repeat(outer.number)
    share = (travelled - before) / perimeter.repeat(outer.number)
    turn = np.exp(-2j * np.pi * share)  # at the end of every edge
    direction = steps / np.where(lengths > 0, lengths, 1)
    # at the start of every edge: where the one before it ends
    earlier = np.arange(-1, len(steps) - 1)
    earlier[outer.start] = outer.start + outer.number - 1
    k = len(outer.number)
    plus, minus = np.empty((k, harmonics), complex), np.empty((k, harmonics), complex)
    power = np.ones_like(turn)
    for n in range(1, harmonics + 1):
        power = power * turn
        change = power - power[earlier]
        scale = perimeter / (2 * np.pi * n) ** 2
        plus[:, n - 1] = outer.sums(direction * change) * scale
        minus[:, n - 1] = outer.sums(direction * change.conj()) * scale
    return plus, minus
