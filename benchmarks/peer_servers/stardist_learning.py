"""StarDist learns for some minutes and outlines: `DATA JUDGED MODELS MINUTES SEED`.

By the defaults of its configuration, with the augmentation of its example and the thresholds that
it chooses itself on images held out, a fifth of those in `DATA/images` with `DATA/labels`. The
minutes are processor time of training steps: neither the augmentation nor the validation counts.
The labels of the images in `JUDGED/images` are written to `JUDGED/found`.
"""

import os
import sys
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tensorflow as tf
from stardist.models import Config2D, StarDist2D
from stardist_server import scaled
from tifffile import imread, imwrite

UNENDING = 100_000  # epochs: the minutes end the training
HELD_OUT = 5  # of so many images one


class Minutes(tf.keras.callbacks.Callback):
    """Ends the training when its steps took so long."""

    def __init__(self, minutes: float):
        super().__init__()
        self.left, self.steps = 60 * minutes, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.start = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        self.left -= time.process_time() - self.start
        self.steps += 1
        if self.left <= 0:
            self.model.stop_training = True


def main(data: str, judged: str, models: str, minutes: str, seed: str) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.keras.utils.set_random_seed(int(seed))
    rng = np.random.default_rng(int(seed))
    files = sorted(Path(data, "images").iterdir())
    images = [scaled(imread(file)) for file in files]
    labels = [imread(Path(data, "labels", file.name)) for file in files]
    held_out, learned = np.split(rng.permutation(len(files)), [len(files) // HELD_OUT])
    config = Config2D(n_rays=32, grid=(2, 2), train_epochs=UNENDING, train_tensorboard=False)
    model = StarDist2D(config, name="learned", basedir=models)
    model.prepare_for_training()
    clock = Minutes(float(minutes))
    model.callbacks.append(clock)

    def augmented(image, labels):
        for axis in (0, 1):
            if rng.random() < 0.5:
                image, labels = np.flip(image, axis), np.flip(labels, axis)
        turns = rng.integers(4)
        image, labels = np.rot90(image, turns), np.rot90(labels, turns)
        return image * rng.uniform(0.6, 2) + rng.uniform(-0.2, 0.2), labels

    validation = [images[i] for i in held_out], [labels[i] for i in held_out]
    model.train(
        [images[i] for i in learned],
        [labels[i] for i in learned],
        validation_data=validation,
        augmenter=augmented,
        seed=int(seed),
    )
    model.optimize_thresholds(*validation)
    print(f"[{clock.steps * config.train_batch_size}, {config.train_patch_size[0]}]", flush=True)
    for file in sorted(Path(judged, "images").iterdir()):
        found, _ = model.predict_instances(scaled(imread(file)), show_tile_progress=False)
        imwrite(Path(judged, "found", file.name), found)


if __name__ == "__main__":
    main(*sys.argv[1:])
