"""Cases that need no model: drawn objects whose pixels are their features."""

import functools

import numpy as np
import shapely
import torch

from kontur.data.sample import Sample
from kontur.data.synthetic import scene
from kontur.edit.agent import Agent
from kontur.edit.cases import Cases
from kontur.instances import Instances
from kontur.models.snake.config import SnakeConfig

POINTS = 32


@functools.cache
def cases():
    """A few dozen objects of two drawn scenes of different sizes."""
    rng = np.random.default_rng(0)
    samples = [scene(rng, size=size, count=12) for size in ((128, 160), (96, 96))]
    return Cases.of_images(samples, points=POINTS)


def of_polygons(*polygons, size=(64, 64)):
    """One image of polygons on black, brighter inside."""
    instances = Instances.of(np.array(polygons, dtype=object), size=size)
    image = (instances.label_image() > 0).astype(np.float32)[..., None]
    return Cases.of_images([Sample(image, instances, "drawn")], points=POINTS)


def config():
    """The settings of the cases."""
    return SnakeConfig(channels=1, features=1, points=POINTS)


def disc(x=32.0, y=32.0, radius=12.0):
    return shapely.Point(x, y).buffer(radius)


def agent(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Agent(config())
