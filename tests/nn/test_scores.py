"""A user-defined score: a formula and a score map."""

from dataclasses import dataclass

import pytest
import torch
from torch.nn.functional import cosine_similarity
from torch.testing import assert_close

from skattn.nn import GraphAttention
from skattn.nn._rows import matmul, take_rows
from skattn.nn._scores import SCORES, Sent
from skattn.ops import Edges, Score, attention_weights, edge_attention, use_backend
from skattn.ops._backends import use_shapes_of
from skattn.ops._scores import check_shape

# 0 attends to 0 and 2; 1 to all; 2 to 1; 3 to none
SENDERS = [[0, 2], [0, 1, 2, 3], [1], []]
EDGES = Edges.from_csr([0, 2, 6, 7, 7], [0, 2, 0, 1, 2, 3, 1], n_senders=4)


@dataclass(frozen=True, eq=False)
class Cosine(Score):
    """The formula: ``cos(query_i, key_j) / temperature``."""

    query: torch.Tensor
    key: torch.Tensor
    temperature: torch.Tensor

    @property
    def tensors(self):
        return self.query, self.key, self.temperature

    @property
    def n_heads(self):
        return self.key.shape[1]

    def check(self, edges):
        tail = self.key.shape[1:]
        check_shape("score.query", self.query, (edges.n_receivers, *tail))
        check_shape("score.key", self.key, (edges.n_senders, *tail))
        check_shape("score.temperature", self.temperature, tail[:1])

    def logits(self, receivers, senders):
        cosine = cosine_similarity(self.query[receivers], self.key[senders], -1)
        return cosine / self.temperature


class CosineMap:
    """Score map: values are the keys, queries have a projection of their own."""

    def weights(self, layer):
        shape = layer.in_features, layer.n_heads * layer.head_dim
        return {"query": shape, "attention_scale": (layer.n_heads, 1)}

    def send(self, layer, x, value):
        return Sent(value, value, None)

    def score(self, layer, x, receivers, sent):
        query = matmul(take_rows(x, receivers), layer.query)
        temperature = layer.attention_scale[:, 0].exp()
        return Cosine(query.view(-1, *sent.key.shape[1:]), sent.key, temperature)


@pytest.fixture(autouse=True)
def fourth(monkeypatch):
    monkeypatch.setitem(SCORES, "cosine", CosineMap())


def draw(*shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=dtype)


def layer(dtype=torch.float64):
    """A layer with 3 input features and 2 heads of 4."""
    made = GraphAttention(3, 4, n_heads=2, score="cosine")
    made.reset_parameters(torch.Generator().manual_seed(1))
    return made.to(dtype)


def edge_by_edge(attention, x):
    value = (x @ attention.value).view(4, 2, 4)
    query = (x @ attention.query).view(4, 2, 4)
    out = torch.zeros(4, 2, 4, dtype=x.dtype)
    for i, senders in enumerate(SENDERS):
        for h in range(2 if senders else 0):
            scale = attention.attention_scale[h, 0].exp()
            logits = [query[i, h] @ value[j, h] for j in senders]
            norms = [query[i, h].norm() * value[j, h].norm() for j in senders]
            weights = (torch.stack(logits) / torch.stack(norms) / scale).softmax(0)
            out[i, h] = weights @ value[senders, h]
    return out.flatten(1) + attention.bias


def test_layer_of_a_new_score_equals_its_formula_edge_by_edge():
    attention, x = layer(), draw(4, 3)
    assert_close(attention(x, EDGES), edge_by_edge(attention, x))


def test_gradients_of_a_new_score_are_right():
    call = [draw(4, 2, 3), draw(4, 2, 3, seed=1), draw(2, seed=2).exp(), draw(4, 2, 5)]

    def attend(query, key, temperature, value):
        return edge_attention(EDGES, Cosine(query, key, temperature), value)

    assert torch.autograd.gradcheck(
        attend, [tensor.requires_grad_() for tensor in call]
    )


def test_float32_layer_of_a_score_without_kernels_is_computed_by_the_reference():
    attention, x = layer(torch.float32), draw(4, 3, dtype=torch.float32)
    out = attention(x, EDGES)
    with use_backend("reference"):
        assert out.equal(attention(x, EDGES))
    with use_backend("cpu"), pytest.raises(ValueError, match="with the score Cosine"):
        attention(x, EDGES)


def test_layer_of_a_new_score_learns():
    attention, x = layer(torch.float32), draw(4, 3, dtype=torch.float32)
    target = draw(4, 8, seed=3, dtype=torch.float32)
    adam = torch.optim.Adam(attention.parameters(), lr=0.05)
    losses = []
    for _ in range(100):
        adam.zero_grad()
        loss = (attention(x, EDGES) - target).square().mean()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert attention.attention_scale.grad.abs().min() > 0


def test_weights_of_a_new_score_sum_to_one_per_receiver():
    score = Cosine(draw(4, 2, 3), draw(4, 2, 3, seed=1), torch.ones(2).double())
    weights = attention_weights(EDGES, score)
    sums = torch.zeros(4, 2).double().index_add(0, EDGES.receivers, weights)
    assert_close(sums, torch.tensor([[1.0, 1.0]] * 3 + [[0.0, 0.0]]).double())


def test_shapes_of_a_new_score_are_checked_by_the_score():
    score = Cosine(draw(4, 2, 3), draw(4, 2, 3), torch.ones(3))
    with pytest.raises(ValueError, match=r"score.temperature must have shape \(2,\)"):
        edge_attention(EDGES, score, draw(4, 2, 5))


def test_memory_of_a_score_without_kernels_is_that_of_the_reference():
    made = []
    score = Cosine(
        *(torch.zeros(4, 2, 3, device="meta", requires_grad=True),) * 2,
        torch.ones(2, device="meta"),
    )
    value = torch.zeros(4, 2, 5, device="meta", requires_grad=True)
    with (
        use_shapes_of(torch.device("cpu")),
        torch.autograd.graph.saved_tensors_hooks(
            lambda tensor: made.append(tensor.numel()) or tensor, lambda tensor: tensor
        ),
    ):
        edge_attention(EDGES.to("meta"), score, value)
    assert max(made) == EDGES.n_edges * 2 * 5
