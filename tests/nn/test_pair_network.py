import pytest
import torch

from skattn.nn import BlockSpec, NetworkSpec, PairHead, PairNetwork
from skattn.ops import Edges

CODES = torch.tensor([[[1.0, 2.0], [3.0, -1.0]], [[0.0, 1.0], [2.0, 2.0]]])
FEATURES = torch.tensor([[1.0], [5.0]])


def head(**options):
    made = PairHead(2, 1, 1, 3, activation="relu", **options)
    made.reset_parameters(torch.Generator().manual_seed(0))
    return made


def test_a_pair_is_the_product_of_its_codes_and_its_features():
    decoder = head().eval()
    with torch.no_grad():
        decoder.expand.weight.zero_()
        for row in range(4):
            decoder.expand.weight[row, 0] = 10.0**row
        decoder.contract.weight.copy_(torch.tensor([[1.0], [0.0], [0.0]]))
        found = decoder(CODES, FEATURES)
    # product (3, -2) with mean sum 1 / sqrt(2), feature 1; the norm divides by 1
    expected = 3 - 20 + 100 / 2**0.5 + 1000
    assert found[0, 0].item() == pytest.approx(expected, rel=1e-4)


def test_the_reverse_pair_has_the_same_output_unless_pairs_are_ordered():
    for ordered in (False, True):
        decoder = head(ordered=ordered).eval()
        there = decoder(CODES, FEATURES)
        back = decoder(CODES.flip(1), FEATURES)
        assert torch.allclose(there, back) is not ordered


def test_features_are_normalised_over_the_batch_in_training():
    decoder = head()
    assert torch.allclose(
        decoder(CODES, FEATURES), decoder(CODES, 3 * FEATURES + 2), atol=1e-4
    )


def test_a_network_of_pairs_has_no_readout():
    spec = NetworkSpec(block=BlockSpec(n_heads=2), n_layers=2, hidden_dim=4)
    network = PairNetwork(3, 1, 2, spec)
    edges = Edges.from_csr([0, 1, 3], [0, 0, 1], n_senders=2)
    codes = network.encode(torch.ones(2, 3), edges)
    pairs = torch.tensor([[0, 1], [1, 0]])
    assert network.head(codes[pairs], FEATURES).shape == (2, 2)
    for wrong in ({"readout": "mean"}, {"output": "attention"}):
        with pytest.raises(ValueError, match="no readout"):
            PairNetwork(3, 1, 2, NetworkSpec(block=BlockSpec(), **wrong))
