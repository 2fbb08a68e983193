import numpy as np
import pytest
import torch

from skattn._batch import PairBatch, PairCollator
from skattn._training import PairBatches, PairPrediction, SupervisedPairs, train
from skattn.graph._link_context import LinkContext
from skattn.graph._link_edges import LinkEdges
from skattn.graph._node_names import NodeNames

PAIRS = np.array([[i, (i + 1) % 12] for i in range(12)])
"""A ring of twelve nodes."""
ASKED = np.array([[0, 1], [0, 5], [1, 0], [2, 3], [7, 3]])
NO_FEATURES = np.empty((5, 0), np.float32)


@pytest.fixture
def predict(spec, training):
    edges = LinkEdges.of_links(12, PAIRS, None, directed=False)
    context = LinkContext.of(edges, None, NodeNames(12, None), None)
    device = torch.device("cpu")
    collator = PairCollator(context, context.features, (1,), None, device)
    y, is_link = np.arange(12) % 2, np.ones(12, bool)
    rows = np.empty((12, 0), np.float32)
    source = PairBatches(collator, PAIRS, rows, y, is_link, None, batch_size=6)
    objective = SupervisedPairs(
        spec, 2, "cross_entropy", context.n_pair_features, False
    )
    options = training(max_epochs=2, patience=None)
    generator = torch.Generator().manual_seed(0)
    net = train(objective, (source, None), options, generator=generator)
    return PairPrediction(net, collator)


def test_known_pairs_are_predicted_without_their_part_and_others_in_all(predict):
    found = predict(ASKED, NO_FEATURES)
    collator, net = predict.collator, predict.net
    net._set_training(False)
    for row, part in enumerate(collator.context.folds(ASKED)):
        graph = collator.context.without_fold(int(part))
        assert (graph.n_edges == 24) == (row in (1, 4))
        pair = ASKED[row : row + 1]
        structure = collator.context.pair_features(graph)
        features = collator.described(structure, pair, NO_FEATURES[:1])
        nodes = collator.batch(graph)
        batch = PairBatch(
            nodes.x, nodes.structure, collator.ends(pair), features=features
        )
        expected = net.objective.outputs(net.module_, batch).detach().numpy()
        np.testing.assert_allclose(found[[row]], expected, atol=1e-6)


def test_the_graph_without_a_part_is_encoded_once(predict, monkeypatch):
    expected = predict(ASKED, NO_FEATURES)
    again = PairPrediction(predict.net, predict.collator)
    encodings = []
    monkeypatch.setattr(
        "skattn._training._pair_prediction.encode",
        lambda module, batch: encodings.append(1) or module.encode(**batch.inputs),
    )
    rows = [again(ASKED[[k]], NO_FEATURES[:1]) for k in (1, 0, 4, 2, 1)]
    found = np.concatenate(rows)
    np.testing.assert_allclose(found, expected[[1, 0, 4, 2, 1]], atol=1e-6)
    assert len(encodings) == 2  # of all links, and without the part of 0 and 1
