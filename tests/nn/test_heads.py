import torch

from skattn.nn._heads import DescriptorHead, IdentityHead, LinearHead

CODES = torch.tensor([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])


def by_hand(head):
    """Set the weights of a head of two outputs."""
    with torch.no_grad():
        head.linear.weight.copy_(torch.tensor([[1.0, 0.0], [2.0, -1.0]]))
        head.linear.bias.copy_(torch.tensor([0.5, 0.0]))
    return head


def test_a_node_head_is_a_linear_map_of_each_row():
    head = by_hand(LinearHead(2, 2))
    assert head(CODES).tolist() == [[5.5, -2.0], [-1.5, 1.0], [4.5, -0.5]]
    assert head(CODES[[2, 0]]).tolist() == [[4.5, -0.5], [5.5, -2.0]]


def test_codes_are_dropped_in_training_only_and_from_the_generator():
    head = by_hand(LinearHead(2, 2, dropout=0.5))

    def run(seed):
        return head(CODES, generator=torch.Generator().manual_seed(seed))

    runs = [run(seed) for seed in range(5)]
    assert torch.equal(run(3), runs[3])
    assert any(not torch.equal(one, runs[0]) for one in runs)
    head.eval()
    assert torch.equal(run(0), by_hand(LinearHead(2, 2))(CODES))


def test_identity_head_returns_the_codes():
    assert IdentityHead()(CODES, generator=None) is CODES


def test_descriptors_get_no_dropout_and_a_hidden_layer():
    head = DescriptorHead((1, 1), 1, 1, activation="relu", dropout=0.5)
    with torch.no_grad():
        for each in (head.linear, head.expand, head.contract):
            each.weight.fill_(1)
        head.linear.bias.fill_(0.5)
        head.expand.bias.fill_(-2)
    head.eval()
    assert head(CODES).tolist() == [[4.5], [-0.5], [5.5]]
    head.train()
    alone = torch.tensor([[0.0, 2.0], [0.0, -1.0]])
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        assert head(alone, generator=generator).tolist() == [[2.5], [-0.5]]
