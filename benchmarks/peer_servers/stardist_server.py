"""StarDist, trained a little and then asked: `train DATA MODELS STEPS`, or `serve MODELS THREADS`.

The configuration is that of its released model of fluorescence nuclei: 32 rays, a grid of 2. Its
weights are not on the package index, so it learns from the images and label masks of `DATA/*.npz`
for some steps, until it finds objects and has to draw and to suppress them.
"""

import os
import time
from pathlib import Path

START = time.perf_counter()
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

NAME = "trained"


def main(job: str, *words: str) -> None:
    if job == "train":
        train(Path(words[0]), words[1], int(words[2]))
    else:
        ask(words[0], int(words[1]))


def train(data: Path, models: str, steps: int) -> None:
    import numpy as np
    from stardist.models import Config2D, StarDist2D

    pairs = [np.load(file) for file in sorted(data.glob("*.npz"))]
    images = [scaled(pair["image"]) for pair in pairs]
    labels = [pair["labels"] for pair in pairs]
    config = Config2D(
        n_rays=32, grid=(2, 2), n_channel_in=1, train_batch_size=4, train_patch_size=(128, 128),
        train_epochs=1, train_steps_per_epoch=steps, train_tensorboard=False,
    )  # fmt: skip
    model = StarDist2D(config, name=NAME, basedir=models)
    model.train(images[4:], labels[4:], validation_data=(images[:4], labels[:4]))


def ask(models: str, threads: int) -> None:
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    import stardist
    from serving import serve
    from stardist.models import StarDist2D

    model = StarDist2D(None, name=NAME, basedir=models)

    def predict(image):
        labels, _ = model.predict_instances(
            scaled(image), prob_thresh=0.5, nms_thresh=0.4, show_tile_progress=False
        )
        return int(labels.max())

    serve(START, stardist.__version__, predict)


def scaled(image):
    """As its documentation does: the percentiles 1 and 99.8 become 0 and 1."""
    from csbdeep.utils import normalize

    return normalize(image.astype("float32"), 1, 99.8)


if __name__ == "__main__":
    import sys

    main(*sys.argv[1:])
