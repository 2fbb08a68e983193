from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from skattn import EncoderConfig, Graph, GraphAttentionClassifier
from skattn._training._facts import (
    compare,
    digest_of,
    fact,
    facts_of_parameters,
    from_text,
    to_text,
)


@dataclass
class Pair:
    first: object
    second: object
    device: str = "cpu"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(3), np.arange(4)),
        (np.arange(3), np.arange(3.0)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (torch.zeros(2), torch.ones(2)),
        (sp.eye_array(3, format="csr"), 2 * sp.eye_array(3, format="csr")),
        (np.array(["a", None], object), np.array(["b", None], object)),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        (["ab", "c"], ["ab", "c", None]),
        (Pair(1, np.zeros(2)), Pair(1, np.ones(2))),
        (Graph(np.eye(2), np.zeros((2, 1))), Graph(np.ones((2, 2)), np.zeros((2, 1)))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_different_values_have_different_digests(one, other):
    assert fact(one) != fact(other)
    assert fact(one) == fact(one)


def test_devices_may_differ():
    assert fact(Pair(1, 2, "cuda:0")) == fact(Pair(1, 2, "cuda:1"))


def test_blocks_of_a_large_array_are_compared():
    large = np.zeros((1 << 20, 8), np.float32)
    digest = fact(large)
    large[-1, -1] = 1
    assert fact(large) != digest
    assert fact(large[1:]) != fact(large)


def test_parameters_are_compared_without_seed_and_device():
    one = GraphAttentionClassifier(random_state=0, device="cpu")
    other = GraphAttentionClassifier(random_state=1)
    assert facts_of_parameters(one) == facts_of_parameters(other)
    other.set_params(encoder=EncoderConfig(hops=(1, 2)))
    assert "encoder__hops" in compare([facts_of_parameters(m) for m in (one, other)])


def test_the_message_names_the_process_and_what_differs():
    same = {"a": "1", "b": "2"}
    message = compare([same, same, {"a": "1", "b": "3"}])
    assert "those of process 2 and process 0 differ in b (3 and 2)." in message
    assert digest_of(same) != digest_of({"a": "1", "b": "3"})


def test_facts_are_sent_as_bytes_of_a_fixed_length():
    facts = {"name": "Größe", "long": "x" * 100}
    assert from_text(to_text(facts, 500)) == facts
    assert from_text(to_text(facts, 60)) == {"name": "Größe"}
