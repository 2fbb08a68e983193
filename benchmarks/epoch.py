"""Time of an epoch on one small graph, and of whole fits, compared with PyG.

    python -m benchmarks.epoch --pairs 5

The GAT paper's model: 2 layers, 8 heads x 8, ELU, the second layer as output layer,
dropout 0.6 on features and attention weights, Adam. An epoch is a training step on the
whole graph and a validation pass. Rows:

- "cora" and "citeseer" (synthetic, of the same size): an epoch inside ``fit``, with the
  overhead of skorch and of keeping the best weights;
- "fit": all of ``GraphAttentionClassifier.fit`` on Cora, 200 epochs;
- "iris": ``fit`` and ``predict`` with default parameters, skattn only.
"""

# ruff: noqa: PLC0415  (a side loads only its own library)
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmarks._measure import Worker, compare, serve, spread

_HEADS, _WIDTH, _DROPOUT = 8, 8, 0.6
_EPOCHS = 20
"""Number of epochs per timed step; seconds are divided by it."""
_FIT_EPOCHS = 200
_ROWS = ("cora", "citeseer", "fit", "iris")


class Data(NamedTuple):
    """Graph, labels, and the masks of training and validation nodes."""

    adjacency: sp.csr_array
    words: sp.csr_array
    y: NDArray[np.int64]
    train: NDArray[np.bool_]
    val: NDArray[np.bool_]


def _cora() -> Data:
    from benchmarks._data import cora

    graph, y, (train, val, _) = cora()
    return Data(graph.adjacency, graph.X, y.astype(np.int64), train, val)


def _citeseer() -> Data:
    """Make a graph of Citeseer's size: 3300 nodes, 32 of 3700 words, 9100 edges."""
    rng = np.random.default_rng(0)
    n, n_words, n_stored, n_pairs = 3300, 3700, 32, 4550
    pairs = rng.choice(n * (n - 1) // 2, n_pairs, replace=False)
    high, low = (numbers[pairs] for numbers in np.tril_indices(n, -1))
    half = sp.coo_array((np.ones(n_pairs, np.float32), (high, low)), (n, n))
    words = np.stack(
        [np.sort(rng.choice(n_words, n_stored, replace=False)) for _ in range(n)]
    )
    parts = (
        np.full(words.size, 1 / n_stored, np.float32),
        words.ravel().astype(np.int32),
        np.arange(n + 1, dtype=np.int32) * n_stored,
    )
    order = rng.permutation(n)
    train, val = np.zeros((2, n), bool)
    train[order[:120]] = val[order[120:620]] = True
    X = sp.csr_array(parts, shape=(n, n_words))
    return Data(sp.csr_array(half + half.T), X, rng.integers(0, 6, n), train, val)


def _ours(data: Data) -> Callable[[], None]:
    from skattn._batch import collate
    from skattn._training import FullGraph, Labels, Supervised, Training, train
    from skattn.graph import Graph
    from skattn.nn import BlockSpec, NetworkSpec

    whole = collate(Graph(data.adjacency, data.words))

    def source(mask: NDArray[np.bool_]) -> FullGraph:
        y = torch.from_numpy(data.y[mask])
        batch = whole.with_targets(torch.from_numpy(np.flatnonzero(mask)))
        return FullGraph(batch, Labels(y, torch.ones(len(y))))

    block = BlockSpec(
        score="gat",
        n_heads=_HEADS,
        residual=False,
        norm=None,
        dropout=_DROPOUT,
        attention_dropout=_DROPOUT,
    )
    spec = NetworkSpec(
        block=block, n_layers=2, hidden_dim=_HEADS * _WIDTH, output="attention"
    )
    training = Training(
        learning_rate=0.005, weight_decay=5e-4, max_epochs=_EPOCHS, patience=1000
    )
    sources = source(data.train), source(data.val)
    objective = Supervised(spec, int(data.y.max()) + 1, "cross_entropy")

    def epochs() -> None:
        generator = torch.Generator().manual_seed(0)
        train(objective, sources, training, generator=generator)

    return epochs


def _our_fit(data: Data) -> Callable[[], None]:
    from skattn import EncoderConfig, Graph, GraphAttentionClassifier

    graph = Graph(data.adjacency, data.words)
    model = GraphAttentionClassifier(
        attention="gat",
        n_layers=2,
        n_heads=_HEADS,
        hidden_dim=_HEADS * _WIDTH,
        residual=False,
        norm=None,
        dropout=_DROPOUT,
        attention_dropout=_DROPOUT,
        weight_decay=5e-4,
        max_epochs=_FIT_EPOCHS,
        early_stopping=False,
        encoder=EncoderConfig(
            output="attention", input_dropout=_DROPOUT, degree_scaling=False
        ),
        random_state=0,
    )
    learned, held = ((graph[mask], data.y[mask]) for mask in (data.train, data.val))
    return lambda: model.fit(*learned, X_val=held[0], y_val=held[1])


def _pyg(data: Data, n_epochs: int) -> Callable[[], None]:
    from torch_geometric.nn import GATConv

    x = torch.from_numpy(data.words.toarray())
    receivers, senders = data.adjacency.tocoo().coords
    edge_index = torch.from_numpy(np.stack([senders, receivers])).long()
    y, train, val = map(torch.from_numpy, (data.y, data.train, data.val))
    n_classes = int(y.max()) + 1

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            same = {"dropout": _DROPOUT}
            width = _HEADS * _WIDTH
            self.first = GATConv(x.shape[1], _WIDTH, heads=_HEADS, **same)
            self.last = GATConv(width, n_classes, concat=False, **same)

        def forward(self, x: Tensor) -> Tensor:
            x = functional.dropout(x, _DROPOUT, self.training)
            x = functional.elu(self.first(x, edge_index))
            x = functional.dropout(x, _DROPOUT, self.training)
            out: Tensor = self.last(x, edge_index)
            return out

    def epochs() -> None:
        network = Network()
        optimizer = torch.optim.Adam(network.parameters(), lr=0.005, weight_decay=5e-4)
        for _ in range(n_epochs):
            network.train()
            optimizer.zero_grad()
            functional.cross_entropy(network(x)[train], y[train]).backward()
            optimizer.step()
            network.eval()
            with torch.no_grad():
                found = network(x)[val].argmax(1)
            (found == y[val]).float().mean().item()

    return epochs


def _iris() -> Callable[[], None]:
    from sklearn.datasets import load_iris
    from sklearn.preprocessing import scale

    from skattn import GraphAttentionClassifier

    X, y = load_iris(return_X_y=True)
    X = scale(X)
    return lambda: GraphAttentionClassifier(random_state=0).fit(X, y).predict(X)


def _work(side: str, what: str, n_threads: int) -> None:
    if n_threads != torch.get_num_threads():  # once set, MKL keeps its number
        torch.set_num_threads(n_threads)
    torch.manual_seed(0)
    if what == "iris":
        serve(_iris())
        return
    data = _citeseer() if what == "citeseer" else _cora()
    if what == "fit":
        serve(_pyg(data, _FIT_EPOCHS) if side == "pyg" else _our_fit(data))
    else:
        serve(_pyg(data, _EPOCHS) if side == "pyg" else _ours(data), _EPOCHS)


def _start(what: str, side: str, n_threads: int) -> Worker:
    options = ("--what", what, "--side", side, "--threads", str(n_threads))
    return Worker("benchmarks.epoch", *options)


def _row(what: str, n_pairs: int, n_threads: int) -> str:
    if what == "iris":
        worker = _start(what, "ours", n_threads)
        seconds = [worker.step() for _ in range(n_pairs)]
        worker.close()
        return f"| iris, fit and predict, s | {spread(seconds, 2)} | | |"
    workers = [_start(what, side, n_threads) for side in ("ours", "pyg")]
    ours, pyg, ratios = compare(*workers, n_pairs)
    if what == "fit":
        name = f"Cora, whole fit of {_FIT_EPOCHS} epochs, s"
        return f"| {name} | {spread(ours, 2)} | {spread(pyg, 2)} | {spread(ratios)} |"
    times = [[1e3 * s for s in seconds] for seconds in (ours, pyg)]
    numbers = f"{spread(times[0])} | {spread(times[1])} | {spread(ratios)}"
    return f"| {what.capitalize()}, epoch, ms | {numbers} |"


def main() -> None:
    """Print the table, or run as a worker (``--side``)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--pairs", type=int, default=5, help="number of alternating steps"
    )
    parser.add_argument("--what", nargs="+", default=list(_ROWS), choices=_ROWS)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--side", choices=["ours", "pyg"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        _work(options.side, options.what[0], options.threads)
        return
    print("| what | skattn | PyG | times faster |")
    print("|---|---|---|---|")
    for what in options.what:
        print(_row(what, options.pairs, options.threads), flush=True)


if __name__ == "__main__":
    main()
