"""The losses of contours, against loops over points."""

import math

import pytest
import torch
from torch.testing import assert_close

from kontur.models.snake.loss import FINER, matched_loss
from kontur.nn.losses import l1
from tests.models import contract

SCENE = contract.scenes()["many"]


def fitted(**changes):
    network = contract.network("snake", contract.settings("snake", **changes)).eval()
    targets = contract.as_targets("snake", network.config, SCENE.instances)
    return network, targets, network.loss(contract.as_image(SCENE), targets)


def between(ring):
    """A ring with `FINER` places from each point to the next."""
    n = len(ring)
    return [
        ring[i] + (ring[(i + 1) % n] - ring[i]) * k / FINER for i in range(n) for k in range(FINER)
    ]


def nearest(point, places):
    return min(range(len(places)), key=lambda i: math.dist(point.tolist(), places[i].tolist()))


def test_dynamic_matching_draws_points_onto_the_edge_and_points_into_the_corners():
    generator = torch.Generator().manual_seed(0)
    before, points = (torch.rand(2, 9, 2, generator=generator) * 20 for _ in range(2))
    _, targets, _ = fitted()
    truth = torch.rand(2, 7, 2, generator=generator) * 20
    targets = targets._replace(contours=truth, weights=torch.ones(2))
    onto, into = [], []
    for m in range(2):
        finer = between(truth[m])
        for own, was in zip(points[m], before[m], strict=True):
            onto.append((own - finer[nearest(was, finer)]).abs().mean())
        for true in truth[m]:
            into.append((points[m][nearest(true, before[m])] - true).abs().mean())
    expected = (torch.stack(onto).mean() + torch.stack(into).mean()) / 2
    assert_close(matched_loss(points, before, targets, l1), expected)


@pytest.mark.parametrize("objects", [0, 3])
def test_a_contour_on_the_truth_has_no_loss_however_it_is_matched(objects):
    _, targets, _ = fitted()
    contours, weights = targets.contours[:objects], targets.weights[:objects]
    targets = targets._replace(contours=contours, weights=weights)
    assert matched_loss(contours, contours, targets, l1) == 0


def test_dynamic_matching_changes_the_last_stage_alone():
    network, targets, fixed = fitted()
    dynamic, _, losses = fitted(matching="dynamic")
    dynamic.load_state_dict(network.state_dict())
    losses = dynamic.loss(contract.as_image(SCENE), targets)
    assert losses["contour"] < fixed["contour"]
    assert all(torch.equal(losses[name], fixed[name]) for name in losses if name != "contour")


def test_the_shape_loss_knows_nothing_of_where_a_contour_lies():
    _, targets, without = fitted()
    network, _, losses = fitted(weights={"shape": 1.0})
    assert set(losses) - set(without) == {"shape"}
    elsewhere = targets._replace(contours=targets.contours + 5)
    moved = network.loss(contract.as_image(SCENE), elsewhere)
    assert_close(moved["shape"], losses["shape"])
    assert moved["contour"] > losses["contour"]


def test_what_is_farther_than_the_edge_stage_looks_counts_no_more():
    network, targets, losses = fitted()
    far = targets._replace(
        signed_distance=torch.full_like(targets.signed_distance, -network.config.edge.reach)
    )
    image = contract.as_image(SCENE)
    with torch.no_grad():
        network.full_resolution.coarse.weight.zero_()
        network.full_resolution.fine.weight.zero_()
    assert network.loss(image, far)["signed_distance"] == 0  # as it begins
    assert losses["signed_distance"] > 0


def test_regions_without_truth_have_no_signed_distance_to_learn():
    network, targets, _ = fitted()
    nothing = targets._replace(signed_distance=torch.full_like(targets.signed_distance, torch.inf))
    losses = network.loss(contract.as_image(SCENE), nothing)
    assert losses["signed_distance"] == 0
    assert all(torch.isfinite(loss) for loss in losses.values())
