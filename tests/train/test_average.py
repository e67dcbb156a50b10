import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.models.segmenter import Segmenter
from kontur.train.average import averaged, decay_at


class Small(Segmenter):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.norm = nn.BatchNorm1d(2)

    def loss(self, images, targets):
        return {"sum": self.norm(self.layer(images)).sum()}

    def graphs(self):
        return {}


def walk(network: Small, steps: int):
    """The states of a network that is moved at random, buffers too."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        with torch.no_grad():
            for tensor in (*network.parameters(), *network.buffers()):
                if tensor.is_floating_point():
                    tensor.add_(torch.randn(tensor.shape, generator=generator))
                else:
                    tensor.add_(1)
        yield copy.deepcopy(network.state_dict())


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.999])
def test_the_average_equals_the_sum_written_out(decay):
    network = Small()
    average = averaged(network, decay)
    expected = None
    for updates, state in enumerate(walk(network, 30)):
        average.update_parameters(network)
        share = min(decay, (1 + updates) / (10 + updates))
        if expected is None:
            expected = {k: v.double() for k, v in state.items()}
        else:
            expected = {k: share * expected[k] + (1 - share) * v for k, v in state.items()}
    got = average.module.state_dict()
    for name, value in expected.items():
        if got[name].is_floating_point():
            assert_close(got[name].double(), value, rtol=1e-5, atol=1e-5, msg=name)
    assert got["norm.num_batches_tracked"] == 30


def test_the_first_update_takes_the_weights_as_they_are():
    network = Small()
    average = averaged(network, 0.999)
    (state,) = walk(network, 1)
    average.update_parameters(network)
    assert_close(dict(average.module.state_dict()), dict(state), rtol=0, atol=0)


def test_the_decay_climbs_to_its_final_value():
    decays = [decay_at(updates, 0.99) for updates in range(2000)]
    assert decays == sorted(decays)
    assert decays[1] == 2 / 11
    assert decays[-1] == 0.99


def test_the_average_is_not_trained():
    assert not any(p.requires_grad for p in averaged(Small(), 0.9).parameters())
