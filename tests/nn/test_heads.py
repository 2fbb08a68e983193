import pytest
import torch
from torch.testing import assert_close

from skattn.nn._heads import AttendedHead, GraphHead, NodeHead
from skattn.nn._readout import AttentionReadout, PoolReadout
from skattn.ops import Edges, GraphStructure

CODES = torch.tensor([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
# two graphs, of two nodes and of one
PAIR = GraphStructure(
    Edges.from_csr([0, 1, 2, 3], [0, 1, 2], n_senders=3),
    node_ptr=torch.tensor([0, 2, 3]),
)


def by_hand(head):
    """Set the weights of a head of two outputs."""
    with torch.no_grad():
        head.linear.weight.copy_(torch.tensor([[1.0, 0.0], [2.0, -1.0]]))
        head.linear.bias.copy_(torch.tensor([0.5, 0.0]))
    return head


def test_a_node_head_is_a_linear_map_of_each_row():
    head = by_hand(NodeHead(2, 2))
    assert head(CODES).tolist() == [[5.5, -2.0], [-1.5, 1.0], [4.5, -0.5]]
    assert head(CODES[[2, 0]]).tolist() == [[4.5, -0.5], [5.5, -2.0]]


def test_codes_are_dropped_in_training_only_and_from_the_generator():
    head = by_hand(NodeHead(2, 2, dropout=0.5))

    def run(seed):
        return head(CODES, generator=torch.Generator().manual_seed(seed))

    runs = [run(seed) for seed in range(5)]
    assert torch.equal(run(3), runs[3])
    assert any(not torch.equal(one, runs[0]) for one in runs)
    head.eval()
    assert torch.equal(run(0), by_hand(NodeHead(2, 2))(CODES))


def test_a_graph_head_reads_out_before_targets_are_selected():
    head = GraphHead(PoolReadout("sum"), 2, 2)
    by_hand(head.per_graph)
    graphs = head.readout(CODES, PAIR)
    assert graphs.tolist() == [[1.0, 1.0], [3.0, 0.5]]
    assert head(graphs[[1]]).tolist() == [[4.5, -0.5]]


def test_readout_weights_are_those_of_the_readout():
    readout = AttentionReadout(2)
    weights = GraphHead(readout, 2, 3).readout_weights(CODES, PAIR)
    assert torch.equal(weights, readout.attention_weights(CODES, PAIR))
    assert_close(weights[:2].sum(), torch.tensor(1.0))
    assert weights[2].tolist() == [1.0]


def test_a_pooling_has_no_weights():
    with pytest.raises(ValueError, match='readout must be "attention"'):
        GraphHead(PoolReadout("mean"), 2, 3).readout_weights(CODES, PAIR)


def test_attended_codes_are_the_outputs():
    assert AttendedHead()(CODES, generator=None) is CODES


def test_weights_of_readout_and_head_come_from_one_generator():
    head = GraphHead(AttentionReadout(2), 2, 3)
    states = []
    for _ in range(2):
        head.reset_parameters(torch.Generator().manual_seed(1))
        states.append({name: w.clone() for name, w in head.state_dict().items()})
    names = {"readout.query", "per_graph.linear.weight", "per_graph.linear.bias"}
    assert names <= states[0].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
