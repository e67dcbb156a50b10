import multiprocessing
import os
import pickle

import numpy as np
import pytest
import torch

from kontur.data.synthetic import scene
from kontur.data.transforms.augment import AugmentConfig, training_pipeline
from kontur.models import catalog
from kontur.train.dataloader import (
    Crops,
    Positions,
    PreparedSamples,
    build_loader,
    can_fork,
    validation_batches,
)
from kontur.train.signals import ENDING

MODEL = catalog.config("snake", {}, preset="tiny")


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    return [scene(rng, size=(70, 90), count=i, radius=(5.0, 9.0)) for i in range(5)]


@pytest.fixture(scope="module")
def crops(samples):
    pipeline = training_pipeline(AugmentConfig(crop=64), 3)
    return Crops(
        PreparedSamples(samples, pipeline, megabytes=100), kind="snake", model=MODEL, seed=3
    )


def batches(crops, count, **options):
    options = {"kind": "snake", "batch": 2, "workers": 0} | options
    iterator = iter(build_loader(crops, **options))
    return [next(iterator) for _ in range(count)]


def assert_same(expected, got):
    for a, b in zip(expected, got, strict=True):
        torch.testing.assert_close(a.images, b.images, rtol=0, atol=0)
        for x, y in zip(a.targets, b.targets, strict=True):
            torch.testing.assert_close(x, y, rtol=0, atol=0)


def test_held_batches_are_always_the_same_and_of_other_samples(crops, samples):
    held = [validation_batches(crops, samples[1:2], kind="snake", number=2) for _ in range(2)]
    assert_same(*held)
    assert [len(batch.images) for batch in held[0]] == [8, 8]
    assert all(len(batch.targets.sizes) <= 8 for batch in held[0])  # that sample has one object


def test_a_stream_taken_up_at_a_step_goes_on_as_the_whole_one(crops):
    assert_same(batches(crops, 7)[4:], batches(crops, 3, first_step=4))


@pytest.mark.filterwarnings("ignore:.*suggested max number of worker")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")
def test_workers_see_what_one_process_sees(crops):
    assert_same(batches(crops, 4), batches(crops, 4, workers=1))


def test_crops_can_be_sent_to_a_process_that_was_not_forked(crops):
    sent = pickle.loads(pickle.dumps(crops))
    assert_same(batches(crops, 1), batches(sent, 1))


def test_every_image_is_drawn_once_an_epoch_in_an_order_of_its_own(crops):
    epochs = [[crops.locate(5 * epoch + i) for i in range(5)] for epoch in range(6)]
    for number, epoch in enumerate(epochs):
        assert {e for e, _ in epoch} == {number}
        assert sorted(index for _, index in epoch) == list(range(5))
    assert len({tuple(index for _, index in epoch) for epoch in epochs}) > 1


def test_an_image_is_cropped_anew_each_epoch(crops):
    (first,) = [crops[p][0] for p in range(5) if crops.locate(p)[1] == 4]
    (second,) = [crops[p][0] for p in range(5, 10) if crops.locate(p)[1] == 4]
    assert not np.array_equal(first, second)


def test_devices_share_the_stream_without_overlap():
    def taken(rank):
        iterator = iter(Positions(first_step=3, batch=2, rank=rank, devices=2))
        return [next(iterator) for _ in range(2)]

    assert taken(0) == [[12, 13], [16, 17]]
    assert taken(1) == [[14, 15], [18, 19]]


def test_images_beyond_the_memory_are_prepared_again_and_the_same(samples, crops):
    pipeline = training_pipeline(AugmentConfig(crop=64), 3)
    none = Crops(PreparedSamples(samples, pipeline, megabytes=0), kind="snake", model=MODEL, seed=3)
    assert not none.samples.kept
    assert len(crops.samples.kept) == 5
    assert_same(batches(crops, 2), batches(none, 2))


def test_a_batch_is_channels_last_and_counts_objects_by_image(crops):
    (batch,) = batches(crops, 1, batch=5)
    assert batch.images.shape == (5, 3, 64, 64)
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert set(batch.targets.image_index.tolist()) <= set(range(5))


def test_images_without_objects_make_a_batch(samples):
    pipeline = training_pipeline(AugmentConfig(crop=64), 3)
    empty = Crops(
        PreparedSamples(samples[:1], pipeline, megabytes=9), kind="snake", model=MODEL, seed=0
    )
    (batch,) = batches(empty, 1)
    assert batch.targets.contours.shape == (0, MODEL.points, 2)
    network = catalog.segmenter("snake", MODEL).train()
    network.total(network.loss(batch.images, batch.targets)).backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())
    assert all(torch.isfinite(b).all() for b in network.buffers())


@pytest.mark.skipif(not can_fork(), reason="a worker that is started anew takes long")
def test_a_signal_to_all_processes_is_left_to_the_main_one(crops):
    loader = iter(build_loader(crops, kind="snake", batch=2, workers=1))
    next(loader)
    (worker,) = multiprocessing.active_children()
    for number in ENDING:
        os.kill(worker.pid, number)
    worker.join(0.3)
    assert worker.is_alive()
    for _ in range(6):  # more than were prepared before
        next(loader)
