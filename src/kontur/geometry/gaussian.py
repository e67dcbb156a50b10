"""An image convolved with a Gaussian, in numpy: one pass down and one across."""

import numpy as np
from jaxtyping import Float

Pixels = Float[np.ndarray, "h w c"]

REACH = 3.0  # standard deviations at which the kernel ends


def blur(image: Pixels, sigma: float) -> Pixels:
    """Convolved with a Gaussian of `sigma` pixels, the border mirrored; sigma 0 changes nothing."""
    if sigma <= 0:
        return image
    reach = max(1, int(np.ceil(REACH * sigma)))
    kernel = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
    kernel = (kernel / (kernel[0] + 2 * kernel[1:].sum())).astype(np.float32)
    image = _blur_columns(image, kernel).swapaxes(0, 1)
    return np.ascontiguousarray(_blur_columns(image, kernel).swapaxes(0, 1))


def _blur_columns(image: Pixels, kernel: Float[np.ndarray, " reach"]) -> Pixels:
    """Convolved along the first axis; of the kernel the right half is given, from its middle."""
    reach, length = len(kernel) - 1, len(image)
    padded = np.pad(image, ((reach, reach), (0, 0), (0, 0)), mode="symmetric")
    result: Pixels = padded[reach : reach + length] * kernel[0]
    for step in range(1, reach + 1):
        before, after = padded[reach - step :], padded[reach + step :]
        result += (before[:length] + after[:length]) * kernel[step]
    return result
