"""The circular convolution and the snake head, against loops and against rotations of the ring."""

import pytest
import torch
from torch.testing import assert_close

from kontur.nn.circular import CircularConv, SnakeHead, wrap
from tests.naive import nn as naive


def rings(m=2, channels=3, points=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(m, channels, 1, points, generator=generator, dtype=torch.float64)


def test_a_ring_is_lengthened_by_its_other_end():
    ring = torch.arange(4.0)[None, None, None]
    assert wrap(ring, 2).flatten().tolist() == [2, 3, 0, 1, 2, 3, 0, 1]


def test_a_reach_longer_than_the_ring_goes_round_again():
    ring = torch.arange(3.0)[None, None, None]
    assert wrap(ring, 4).flatten().tolist() == [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
    assert wrap(ring, 7).flatten().tolist() == [2, *[0, 1, 2] * 5, 0]
    assert wrap(ring, 6).flatten().tolist() == [0, 1, 2] * 5
    assert wrap(ring, 0).flatten().tolist() == [0, 1, 2]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("outputs", "groups"), [(6, 1), (6, 3), (3, 3)])
@pytest.mark.parametrize(
    ("points", "dilation"), [(8, 1), (8, 2), (8, 4), (9, 2), (40, 4), (3, 2), (3, 8)]
)
def test_it_equals_a_loop_around_the_ring(points, dilation, outputs, groups, training):
    conv = CircularConv(3, outputs, kernel=5, dilation=dilation, groups=groups)
    conv = conv.double().train(training)
    x = rings(points=points)
    expected = naive.circular_convolution(
        x[:, :, 0].numpy(),
        conv.conv.weight[:, :, 0].detach().numpy(),
        conv.conv.bias.detach().numpy(),
        dilation=dilation,
        groups=groups,
    )
    assert_close(conv(x)[:, :, 0], torch.from_numpy(expected))


@pytest.mark.parametrize("form", ["dense", "separable"])
@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_form_for_training_has_the_values_and_gradients_of_the_plain_one(form, every, layout):
    head = SnakeHead(5, 8, form=form, fusion=8, dilations=(1, 2, 4)).double()
    head = head.to(memory_format=layout)
    results = []
    for training in (True, False):
        head.train(training).zero_grad()
        for module in head.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval()
        x, alike = rings(m=3, points=16).requires_grad_(), rings(channels=2, points=3)[0, :, 0].T
        offsets = head(x, alike, every=every)
        (offsets**2).sum().backward()
        results.append([offsets, x.grad, *(weight.grad.clone() for weight in head.parameters())])
    assert_close(*results)


def test_training_on_no_object_leaves_the_norms_as_they_are():
    head = SnakeHead(3, 8, fusion=8).train()
    before = [buffer.clone() for buffer in head.buffers() if buffer.is_floating_point()]
    head(torch.zeros(0, 3, 1, 16)).sum().backward()
    assert_close([buffer for buffer in head.buffers() if buffer.is_floating_point()], before)


def test_dropout_takes_channels_of_single_rings():
    torch.manual_seed(0)
    head = SnakeHead(3, 8, fusion=64, dropout=0.5).train()
    seen = []
    head.dropout.register_forward_hook(lambda module, inputs, output: seen.append(output))
    head(rings(m=6).float())
    dropped = (seen[0] == 0).all(dim=(2, 3)).float()  # (m, fusion)
    assert (dropped.mean(dim=0) % 1 > 0).any()  # of one ring and not of another


@pytest.mark.parametrize("training", [False, True])
def test_channels_alike_around_the_ring_count_as_if_repeated_at_every_point(training):
    conv = CircularConv(5, 4, dilation=2).double().train(training)
    x, alike = rings(channels=3), torch.randn(2, 2, dtype=torch.float64)
    repeated = torch.cat([x, alike[:, :, None, None].expand(-1, -1, 1, x.shape[-1])], dim=1)
    assert_close(conv(x, alike), conv(repeated))


def test_its_gradient_is_right_to_second_order_differences():
    conv = CircularConv(2, 2, kernel=3, dilation=2).double()
    assert torch.autograd.gradcheck(conv, rings(m=1, channels=2, points=6).requires_grad_())


def test_an_even_kernel_is_refused():
    with pytest.raises(ValueError, match="odd kernel, got 4"):
        CircularConv(1, 1, kernel=4)


@pytest.mark.parametrize("form", ["dense", "separable"])
@pytest.mark.parametrize("order", ["norm-first", "paper"])
def test_a_ring_that_starts_elsewhere_gets_the_same_offsets(form, order):
    head = SnakeHead(3, 8, form=form, order=order, fusion=8).double().eval()
    x = rings(points=40)
    assert_close(head(x.roll(7, dims=-1)), head(x).roll(7, dims=-1))


def test_every_point_sees_the_whole_ring():
    head = SnakeHead(2, 8, fusion=8).double().eval()
    x = rings(m=1, channels=2, points=64).requires_grad_()
    head(x)[0, 0, 0, 0].backward()
    assert (x.grad.abs().sum(dim=1) > 0).all()


@pytest.mark.parametrize("training", [False, True])
def test_every_third_point_gets_what_it_gets_among_all(training):
    head = SnakeHead(5, 8, fusion=8).double().train(training)
    x, alike = rings(channels=3, points=24), torch.randn(2, 2, dtype=torch.float64)
    assert_close(head(x, alike, every=3), head(x, alike)[..., ::3])


def test_no_object_gives_no_offsets():
    assert SnakeHead(3, 8, fusion=8).eval()(torch.zeros(0, 3, 1, 16)).shape == (0, 2, 1, 16)


def test_adding_the_shared_maximum_is_the_published_concatenation():
    """1×1 of [states, repeated maximum] = own(states) + share(maximum), weights side by side."""
    states, maximum = torch.randn(2, 6, 1, 5), torch.randn(2, 4, 1, 1)
    whole = torch.nn.Conv2d(10, 3, 1)
    together = whole(torch.cat([states, maximum.expand(-1, -1, -1, 5)], dim=1))
    own = torch.nn.functional.conv2d(states, whole.weight[:, :6], whole.bias)
    shared = torch.nn.functional.conv2d(maximum, whole.weight[:, 6:])
    assert_close(together, own + shared)
