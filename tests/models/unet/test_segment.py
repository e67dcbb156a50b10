"""Probabilities in blocks: those of the whole image where a network sees as far as it says."""

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
