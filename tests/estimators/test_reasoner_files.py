import numpy as np
import pytest
import torch

from skattn import AttentionReasoner, GraphAttentionClassifier
from skattn.estimators._reasoner_files import (
    _make_factorization,
    _make_knowledge,
    _make_vocabulary,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    X, y = [("a", "r"), ("b", "s")], ["b", "c"]
    reasoner = AttentionReasoner(max_epochs=1, factorization=False, random_state=0)
    path = tmp_path_factory.mktemp("files") / "reasoner.skattn"
    reasoner.fit(X, y).save(path)
    return path


def test_file_of_another_estimator_is_refused(path):
    with pytest.raises(ValueError, match=r"AttentionReasoner.load"):
        GraphAttentionClassifier.load(path)


def test_truncated_file_is_refused(path, tmp_path):
    damaged = tmp_path / "damaged.skattn"
    damaged.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="damaged or something else"):
        AttentionReasoner.load(damaged)


def test_device_replaces_that_of_the_file(path):
    assert AttentionReasoner.load(path, device="cpu").device == "cpu"
    with pytest.raises(ValueError, match="device must be"):
        AttentionReasoner.load(path, device="nowhere")


@pytest.mark.parametrize(
    "triples",
    [
        np.array([[0, 0, 2]]),
        np.array([[-1, 0, 1]]),
        np.array([[0, 1, 1]]),
        np.array([[0, 0]]),
        np.array([[0.0, 0.0, 1.0]]),
    ],
)
def test_facts_beyond_the_vocabulary_are_refused(triples):
    vocabulary = _make_vocabulary(np.array(["a", "b"]), np.array(["r"]))
    with pytest.raises(ValueError, match="it has facts"):
        _make_knowledge(vocabulary, triples)


def test_names_that_are_not_distinct_are_refused():
    with pytest.raises(ValueError, match="not distinct"):
        _make_vocabulary(np.array(["a", "a"]), np.array(["r"]))


def test_factorization_of_unequal_widths_is_refused():
    with pytest.raises(ValueError, match="unequal widths"):
        _make_factorization(torch.zeros(2, 4), torch.zeros(2, 6), 0.5)
    with pytest.raises(ValueError, match="not finite"):
        _make_factorization(torch.full((2, 4), torch.nan), torch.zeros(2, 4), 0.5)
