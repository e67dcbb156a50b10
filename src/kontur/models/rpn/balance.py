"""Balanced sampling: few of the very many examples, and not too few of the rare kind.

After Girshick, Fast R-CNN, 2015, section 2.3: most boxes of an image are background, and a network
that sees them as they come learns to say so.
"""

import numpy as np
from jaxtyping import Int


def balanced(
    positive: Int[np.ndarray, " p"],
    negative: Int[np.ndarray, " n"],
    *,
    count: int,
    share: float,
    rng: np.random.Generator,
) -> Int[np.ndarray, " s"]:
    """At most `count` of both, of the positive ones at most `share` of that; positive ones first.

    Drawn without return; one positive one at least where there is any. Where positive ones are
    short negative ones fill the rest; where negative ones are short there are fewer.

    >>> rng = np.random.default_rng(0)
    >>> len(balanced(np.arange(9), np.arange(90), count=8, share=0.5, rng=rng))
    8
    >>> balanced(np.array([7]), np.arange(5), count=2, share=0.25, rng=rng)[0].item()
    7
    """
    most = min(len(positive), max(1, int(count * share)))
    rest = min(len(negative), count - most)
    return np.concatenate(
        [rng.choice(positive, most, replace=False), rng.choice(negative, rest, replace=False)]
    )
