"""Accuracy benchmark: many graphs, sequences and embeddings."""

from itertools import pairwise

import numpy as np
import torch
from scipy.spatial import KDTree
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import (
    StratifiedKFold,
    StratifiedShuffleSplit,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler, normalize
from sklearn.svm import SVC
from skorch.callbacks import LRScheduler
from torch.optim.lr_scheduler import ConstantLR

from benchmarks._data import basic_motions, cora, enzymes, esol, expressive, mutag
from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn._batch import GraphBlock
from skattn.graph import add_self_loops, positional_encoding
from skattn.graph._collection import GraphCollection
from skattn.graph._features import degree_features
from skattn.nn import AttentionNetwork, BlockSpec, NetworkSpec
from skattn.preprocessing import NodeTransformer, SequenceGraph

MUTAG = {
    "norm": "layer",
    "weight_decay": 5e-3,
    "max_epochs": 100,
    "batch_size": 128,
    "encoder": EncoderConfig(
        positional="random_walk", convolution="gcn", jumping="concat"
    ),
}
"""Chosen inside the first training fold, see docs/defaults.md."""
LAYER_NORM = {
    "norm": "layer",
    "weight_decay": 5e-3,
    "max_epochs": 60,
    "batch_size": 128,
    "encoder": EncoderConfig(convolution=None),
}
ENZYMES = LAYER_NORM
"""Chosen inside the first training fold, see docs/defaults.md."""
ESOL = {
    "norm": "batch",
    "dropout": 0.1,
    "learning_rate": 0.002,
    "weight_decay": 1e-5,
    "max_epochs": 150,
    "batch_size": 128,
    "net_params": {"callbacks": [LRScheduler(ConstantLR, factor=1.0)]},
    "encoder": EncoderConfig(positional="random_walk", convolution="gcn"),
}
"""Chosen on the validation molecules of the first seed, see docs/defaults.md."""
MOTIONS = LAYER_NORM
"""With edges within a window of 5 steps; chosen on the training recordings."""
SHARED = {"n_layers": 3, "hidden_dim": 64}
CORA_EPOCHS = 500
CORA_EMBEDDER = {
    "n_components": 256,
    "hidden_dim": 256,
    "n_layers": 2,
    "residual": False,
    "norm": None,
    "dropout": 0.2,
    "attention_dropout": 0.1,
    "encoder": EncoderConfig(input_dropout=0.2),
    "max_epochs": CORA_EPOCHS,
    "standardize": False,
    "smoothing": 0,
    "net_params": {
        "callbacks": [LRScheduler("CosineAnnealingLR", T_max=CORA_EPOCHS)],
    },
}
"""The GraphMAE paper's configuration at half its width and a third of its epochs, with
"gatv2"; chosen on nodes outside the test set, see docs/defaults.md."""
CORA_PROBE = make_pipeline(
    Normalizer(), StandardScaler(), LogisticRegression(C=0.01, max_iter=1000)
)
"""Linear probe of 256 columns on 140 labels; chosen as above."""


def ten_folds(X, y, make):
    """Yield the accuracy in each fold of a stratified 10-fold cross-validation."""
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    for k, (train, test) in enumerate(folds.split(y, y)):
        model = make(k).fit(take(X, train), y[train])
        yield f"fold {k}", {"accuracy": model.score(take(X, test), y[test])}


def take(items, rows):
    """Select entries of a list."""
    return [items[i] for i in rows]


def on_mutag():
    """Accuracy, 10-fold stratified."""
    X, y = mutag()
    yield from ten_folds(
        X, y, lambda k: GraphAttentionClassifier(**MUTAG, random_state=k)
    )


def scaled(model):
    """Make a pipeline that standardises node attributes before the model."""
    return make_pipeline(NodeTransformer(StandardScaler()), model)


def on_enzymes():
    """Accuracy, 10-fold stratified."""
    X, y = enzymes()
    yield from ten_folds(
        X, y, lambda k: scaled(GraphAttentionClassifier(**ENZYMES, random_state=k))
    )


def on_esol():
    """RMSE in log units; random 80/10/10, seeds 0 to 4."""
    X, y = esol()
    for seed in range(5):
        rest, test = train_test_split(
            np.arange(len(y)), test_size=0.1, random_state=seed
        )
        train, val = train_test_split(rest, test_size=1 / 9, random_state=seed)
        model = GraphAttentionRegressor(**ESOL, random_state=seed)
        model.fit(take(X, train), y[train], X_val=take(X, val), y_val=y[val])
        predicted = model.predict(take(X, test))
        yield f"seed {seed}", {"RMSE": root_mean_squared_error(y[test], predicted)}


def on_motions():
    """Accuracy on the given split, seeds 0 to 4."""
    (X, y), (X_test, y_test) = basic_motions()
    for seed in range(5):
        model = make_pipeline(
            SequenceGraph(connect="window", window=5, axis=2),
            NodeTransformer(StandardScaler()),
            GraphAttentionClassifier(**MOTIONS, random_state=seed),
        )
        yield f"seed {seed}", {"accuracy": model.fit(X, y).score(X_test, y_test)}


def on_cora_embeddings():
    """Accuracy of a LogisticRegression on the public split, seeds 0 to 4."""
    graph, y, (train, _, test) = cora()
    for seed in range(5):
        embedder = AttentionEmbedder(**CORA_EMBEDDER, random_state=seed)
        X = averaged(graph, embedder.fit_transform(graph))
        probe = clone(CORA_PROBE).fit(X[train], y[train])
        yield f"seed {seed}", {"accuracy": probe.score(X[test], y[test])}


def averaged(graph, X):
    """Average over each node and its neighbours, twice."""
    looped, _, _ = add_self_loops(graph.adjacency)
    mean = normalize(looped.astype(bool).astype(float), norm="l1")
    return mean @ (mean @ X)


def on_mutag_embeddings():
    """Accuracy of an SVC, 10-fold; the embedder is fitted on all graphs, unlabelled."""
    graphs, y = mutag()
    X = AttentionEmbedder(readout="sum", random_state=0).fit_transform(graphs)
    yield from ten_folds(X, y, lambda _: make_pipeline(StandardScaler(), SVC(C=10)))


def on_pretraining():
    """Accuracy on ENZYMES with a tenth of the labels, with and without pretraining."""
    graphs, y = enzymes()
    graphs = NodeTransformer(StandardScaler()).fit_transform(graphs)
    splits = StratifiedShuffleSplit(10, train_size=0.1, random_state=0)
    same = {**SHARED, "norm": "layer", "encoder": EncoderConfig(convolution=None)}
    embedder = AttentionEmbedder(**same, max_epochs=200, random_state=0)
    embedder.fit(graphs)
    for k, (train, test) in enumerate(splits.split(y, y)):
        scores = {}
        for name, start in (("from an embedder", embedder), ("from scratch", None)):
            model = GraphAttentionClassifier(
                **SHARED, **ENZYMES, pretrained=start, random_state=k
            ).fit(take(graphs, train), y[train])
            scores[name] = model.score(take(graphs, test), y[test])
        yield f"split {k}", scores


def on_expressive():
    """Pairs of graphs with equal outputs of an untrained network."""
    graphs = GraphCollection.of(expressive())
    for seed in range(3):
        confused = {
            "without encodings": n_confused(graphs, False, seed),
            "with random walks": n_confused(graphs, True, seed),
        }
        yield f"seed {seed}", confused


def n_confused(graphs, encoded, seed):
    """Count the pairs of graphs with equal outputs up to rounding.

    Rounding is measured by the outputs of the same graphs with reordered nodes.
    """
    outputs, again = (
        network_outputs(renumbered(graphs, order), encoded, seed)
        for order in (None, seed)
    )
    least = np.finfo(float).eps * np.abs(outputs).max(0)
    rounding = np.maximum(np.abs(outputs - again).max(0), least)
    outputs = outputs / (4 * rounding)
    return len(KDTree(outputs).query_pairs(1.0, p=np.inf))


def renumbered(graphs, seed):
    """Reorder the nodes of each graph."""
    if seed is None:
        return graphs
    rng = np.random.default_rng(seed)
    starts = graphs.node_ptr
    order = np.concatenate(
        [rng.permutation(np.arange(*ends)) for ends in pairwise(starts)]
    )
    whole = graphs.whole.subgraph(order)
    return GraphCollection(whole, starts, graphs.targets)


def network_outputs(graphs, encoded, seed):
    """Compute 16 outputs of an untrained network with sum readout, in float64."""
    X = degree_features(graphs.whole.adjacency)
    if encoded:
        adjacency = graphs.whole.adjacency
        walks = positional_encoding(adjacency, "random_walk", 20, graphs.node_ptr)
        X = np.hstack([X, walks])
    block = GraphBlock.of(graphs.with_features(X))
    spec = NetworkSpec(block=BlockSpec(norm=None), n_layers=4, readout="sum")
    network = AttentionNetwork(X.shape[1], 16, spec)
    network.reset_parameters(torch.Generator().manual_seed(seed))
    batch = block.whole
    with torch.no_grad():
        outputs = network.double().eval()(batch.x.double(), batch.structure)
    return outputs.numpy()


ROWS = {
    "mutag": (on_mutag, "0.87; GIN 0.894 ± 0.056, epoch selected on test folds"),
    "enzymes": (on_enzymes, "0.60; fair GIN 0.596 ± 0.045, no graph 0.652"),
    "esol": (on_esol, "RMSE at most 0.65; chemprop 0.555 ± 0.047"),
    "motions": (on_motions, "0.975"),
    "cora-embeddings": (on_cora_embeddings, "0.825; GraphMAE 0.842 ± 0.004"),
    "mutag-embeddings": (on_mutag_embeddings, "0.86; GraphMAE 0.882"),
    "pretraining": (on_pretraining, "no target"),
    "expressive": (on_expressive, "equal pairs: 312 as for 1-WL, 0 with encodings"),
}
