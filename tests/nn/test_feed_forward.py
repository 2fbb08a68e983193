import torch

from skattn.nn import BlockSpec
from skattn.nn._feed_forward import FeedForward


def test_feed_forward_drops_inside_and_keeps_its_input():
    part = FeedForward(4, BlockSpec(feed_forward=2, dropout=0.5, norm=None))
    part.reset_parameters(torch.Generator().manual_seed(0))
    x = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        part.contract.weight.zero_()
    assert torch.equal(part.train()(x), x)
    part.reset_parameters(torch.Generator().manual_seed(0))
    assert not torch.allclose(part.train()(x), part.eval()(x))
