"""The network of growing graphs."""

import torch

from skattn.nn import GrowthNetwork, GrowthSpec
from skattn.ops import EdgeData, Edges, GraphStructure, GrowthSteps

SPEC = GrowthSpec(n_labels=2, n_edge_labels=1, hidden_dim=8, n_heads=2, n_layers=2)


def contexts(label=0, edge=1):
    """The context of a first node, and one of a second node."""
    x = torch.zeros(3, SPEC.n_features)
    x[0, 2] = x[2, 2] = x[1, 0] = 1
    edges = Edges.from_csr([0, 1, 3, 5], [0, 1, 2, 1, 2], n_senders=3)
    features = torch.eye(4)[[1, 1, 2, 3, 1]]
    structure = GraphStructure(edges, EdgeData(features=features))
    tensor = torch.tensor
    steps = GrowthSteps(
        new=tensor([0, 2]),
        label=tensor([0, label]),
        row_ptr=tensor([0, 0, 1]),
        candidates=tensor([1]),
        edge=tensor([edge]),
    )
    return x, structure, steps


def network():
    module = GrowthNetwork(SPEC)
    module.reset_parameters(torch.Generator().manual_seed(0))
    return module.eval()


def test_first_node_cannot_be_the_end():
    module = network()
    x, structure, steps = contexts()
    logits = module.label_logits(module.encode(x, structure), steps)
    assert logits.isneginf().tolist() == [[False] * 2 + [True], [False] * 3]


def test_probabilities_of_a_step_sum_to_one():
    module, total = network(), 0.0
    for label in (0, 1):
        for edge in (0, 1):
            total += module(*contexts(label, edge))[1].exp().item()
    x, structure, steps = contexts()
    logits = module.label_logits(module.encode(x, structure), steps)
    total += logits.softmax(1)[1, 2].item()  # the end has no edges
    assert abs(total - 1) < 1e-5


def test_dropout_is_drawn_from_the_generator():
    module = network().train()
    first, again, other = (
        module(*contexts(), torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
