"""Probabilities in blocks: those of the whole image where a network sees as far as it says."""

import tracemalloc

import numpy as np
import pytest

from kontur.models import catalog
from kontur.models.graphs import Graphs
from kontur.models.unet import family, segment
from kontur.models.unet.segment import Segment

SEES = 12  # pixels either way


def local_mean(looks):
    """A graph whose output at a pixel is the mean of a square around it, zeros beyond the image."""

    def run(images):
        looks.append(images.shape[2:])
        padded = np.pad(images, ((0, 0), (0, 0), (SEES, SEES), (SEES, SEES)))
        square = np.lib.stride_tricks.sliding_window_view(padded, (2 * SEES + 1,) * 2, axis=(2, 3))
        return (square.mean(axis=(4, 5)),)

    return Graphs({"segment": run})


@pytest.mark.parametrize("size", [(96, 160), (64, 8), (104, 56)])
def test_blocks_give_what_the_whole_image_does_and_show_no_more(size, monkeypatch):
    config = catalog.config("unet", {"channels": 1}, preset="tiny")
    images = np.random.default_rng(0).random((2, 3, *size)).astype(np.float32)
    looks = []
    graphs = local_mean(looks)
    in_blocks = Segment(lambda config, size: 1.0 * size[0] * size[1], lambda config: (32, 16))
    whole = in_blocks.probabilities(graphs, images, config)
    monkeypatch.setattr(segment, "AT_ONCE", 400)
    blocks = in_blocks.probabilities(graphs, images, config)
    np.testing.assert_array_equal(blocks, whole)
    assert looks[0] == size
    assert max(map(max, looks[1:])) <= 32 + 2 * 16


@pytest.mark.parametrize("kind", ["unet", "transunet", "swinunet"])
@pytest.mark.parametrize("preset", ["paper", "fast", "tiny"])
def test_blocks_lie_where_the_network_s_stride_does_and_show_all_that_decides(kind, preset):
    config = catalog.config(kind, {}, preset=preset)
    blocks = family.unet_blocks if kind == "unet" else family.fixed_blocks
    side, around = blocks(config)
    assert side % config.multiple == around % config.multiple == 0
    assert side >= around >= (config.receptive_field // 2 if kind == "unet" else 128)


@pytest.mark.parametrize("kind", ["unet", "transunet", "swinunet"])
def test_a_larger_image_needs_more_and_a_large_one_little_beyond_what_is_seen_at_a_time(kind):
    config, memory = catalog.config(kind, {}, preset="fast"), catalog.family(kind).memory
    needed = [memory(config, (side, side)) for side in (512, 1024, 1536, 2048, 4096)]
    assert (np.diff(needed) > 0).all()
    assert needed[-1] < segment.AT_ONCE + 150 * 4096**2


SIDE = 64


def of_classes(count, kind="unet", **settings):
    return catalog.config(kind, {"classes": [f"c{i}" for i in range(count)], **settings})


@pytest.mark.parametrize("classes", [1, 10, 40])
@pytest.mark.parametrize("task", ["semantic", "instances"])
def test_what_is_promised_beyond_a_block_holds_the_probabilities_and_their_decoding(task, classes):
    config = of_classes(classes, task=task, decode={"method": "watershed"})
    squares = np.random.default_rng(0).integers(0, config.pixel_classes, (SIDE // 16,) * 2)
    drawn = np.kron(squares, np.ones((16, 16), int)) == np.arange(config.outputs)[:, None, None]
    drawn = drawn[None].astype(np.float32)
    images = np.zeros((1, config.channels, SIDE, SIDE), np.float32)
    graphs = Graphs({"segment": lambda images: (drawn.copy(),)})
    family.UNET.propose(graphs, images, config, 0.1, [(SIDE, SIDE)])  # imports are not counted
    tracemalloc.start()
    try:
        family.UNET.propose(graphs, images, config, 0.1, [(SIDE, SIDE)])
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    large, larger = (family.UNET.memory(config, (5000, width)) for width in (5000, 10_000))
    assert taken / SIDE**2 < (larger - large) / 5000**2 < 2.5 * taken / SIDE**2


@pytest.mark.parametrize("kind", ["unet", "transunet", "swinunet"])
def test_many_classes_need_more_and_few_do_not(kind):
    memory, size = catalog.family(kind).memory, (256, 256)
    one, two, forty = (of_classes(n, kind, task="semantic") for n in (1, 2, 40))
    assert memory(one, size) == memory(two, size)
    assert memory(forty, size) == memory(two, size) + 38 * 20 * 256**2


def test_a_block_of_many_classes_is_smaller_and_what_it_takes_is_promised_where_it_cannot_be():
    one, forty, hundred = (of_classes(n, task="semantic") for n in (1, 40, 100))
    seen = [side + 2 * around for side, around in map(family.unet_blocks, (one, forty, hundred))]
    assert seen[0] > seen[1] == seen[2]  # a block shows all that decides about its pixels
    # with 40 classes 1024² pixels took 1171 bytes each (benchmarks/memory.py)
    assert 1171 * seen[1] ** 2 < segment.AT_ONCE
    block = family.dense_memory(family.UNET_BYTES, hundred, (seen[2], seen[2]))
    assert family.UNET.memory(hundred, (5000, 5000)) > block + 8 * hundred.outputs * 5000**2
