"""Balanced sampling: a few of very many examples, with a bounded share of each kind.

After Girshick, Fast R-CNN, 2015, section 2.3: most boxes of an image are background, and a network
trained on all of them would predict background only.
"""

import numpy as np
from jaxtyping import Int


def balanced_sample(
    positive: Int[np.ndarray, " p"],
    negative: Int[np.ndarray, " n"],
    *,
    count: int,
    share: float,
    rng: np.random.Generator,
) -> Int[np.ndarray, " s"]:
    """At most `count` indices, of which at most `share` are positive; positive ones come first.

    Drawn without replacement, with at least one positive where there is any. Negatives fill up
    where positives are few; where negatives are few the sample is smaller.

    >>> rng = np.random.default_rng(0)
    >>> len(balanced_sample(np.arange(9), np.arange(90), count=8, share=0.5, rng=rng))
    8
    >>> balanced_sample(np.array([7]), np.arange(5), count=2, share=0.25, rng=rng)[0].item()
    7
    """
    most = min(len(positive), max(1, int(count * share)))
    rest = min(len(negative), count - most)
    return np.concatenate(
        [rng.choice(positive, most, replace=False), rng.choice(negative, rest, replace=False)]
    )
