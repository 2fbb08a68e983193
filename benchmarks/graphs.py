"""Time of an epoch on many small graphs, compared with PyG's loader and layers.

    python -m benchmarks.graphs --pairs 5

3288 graphs of 30 nodes and 65 edges with 37 one-hot labels (the size of NCI1), two
classes; 4 GATv2 layers of 4 heads x 16, mean readout, batches of 128, Adam. Ours is an
epoch of training inside ``fit``, with skorch's overhead and half the time to make the
net; PyG's is the usual loop over a ``DataLoader``.
"""

# ruff: noqa: PLC0415  (a side loads only its own library)

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from benchmarks._measure import Worker, compare, serve, spread

_GRAPHS, _NODES, _EDGES, _LABELS = 3288, 30, 65, 37
_LAYERS, _HEADS, _HEAD_DIM, _BATCH = 4, 4, 16, 128
N_EPOCHS = 2
"""Number of epochs per timed step; seconds are divided by it."""

CPU = torch.device("cpu")
Set = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def make_graphs() -> Set:
    """Make edges (n_graphs, 2, 65), labels (n_graphs, 30) and classes (n_graphs,)."""
    rng = np.random.default_rng(0)
    pairs = np.stack(  # distinct ordered pairs of distinct nodes
        [
            rng.choice(_NODES * (_NODES - 1), _EDGES, replace=False)
            for _ in range(_GRAPHS)
        ]
    )
    receivers, others = np.divmod(pairs, _NODES - 1)
    senders = others + (others >= receivers)
    labels = rng.integers(0, _LABELS, (_GRAPHS, _NODES))
    return np.stack([receivers, senders], 1), labels, rng.integers(0, 2, _GRAPHS)


def ours(edges, labels, y, device=CPU):
    """Return a function that trains skattn's network for some epochs."""
    from skattn._batch import GraphBlock
    from skattn._training import GraphBatches, Labels, Supervised, Training, train
    from skattn.graph import Graph
    from skattn.graph._collection import GraphCollection
    from skattn.nn import BlockSpec, NetworkSpec

    one_hot = np.eye(_LABELS, dtype=np.float32)
    collection = GraphCollection.of(
        [
            Graph.from_edges(pairs.T, one_hot[of])
            for pairs, of in zip(edges, labels, strict=True)
        ]
    )
    targets = Labels(torch.from_numpy(y), torch.ones(_GRAPHS))
    block = GraphBlock.of(collection)
    source = GraphBatches(block, collection.targets, targets, _BATCH, device)
    layers = BlockSpec(n_heads=_HEADS, residual=False, norm=None)
    spec = NetworkSpec(
        block=layers,
        n_layers=_LAYERS,
        hidden_dim=_HEADS * _HEAD_DIM,
        readout="mean",
    )
    objective = Supervised(spec, 2, "cross_entropy")
    training = Training(
        learning_rate=0.005, weight_decay=5e-4, max_epochs=N_EPOCHS, patience=None
    )

    def epochs() -> None:
        generator = torch.Generator().manual_seed(0)
        train(objective, (source, None), training, generator=generator)

    return epochs


def pyg(edges, labels, y, device=CPU):
    """Return a function that trains PyG's network for some epochs."""
    from torch_geometric.data import Data
    from torch_geometric.loader import DataLoader
    from torch_geometric.nn import GATv2Conv, global_mean_pool

    one_hot = torch.eye(_LABELS)
    loader = DataLoader(
        [
            Data(
                x=one_hot[torch.from_numpy(of)],
                edge_index=torch.from_numpy(pairs[::-1].copy()),  # source, target
                y=int(label),
            )
            for pairs, of, label in zip(edges, labels, y, strict=True)
        ],
        batch_size=_BATCH,
        shuffle=True,
    )

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            width = _HEADS * _HEAD_DIM
            self.layers = nn.ModuleList(
                GATv2Conv(_LABELS if k == 0 else width, _HEAD_DIM, heads=_HEADS)
                for k in range(_LAYERS)
            )
            self.linear = nn.Linear(width, 2)

        def forward(self, data: Data) -> torch.Tensor:
            x = data.x
            for layer in self.layers:
                x = functional.elu(layer(x, data.edge_index))
            out: torch.Tensor = self.linear(global_mean_pool(x, data.batch))
            return out

    network = Network().to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005, weight_decay=5e-4)

    def epochs() -> None:
        for _ in range(N_EPOCHS):
            for data in loader:
                data = data.to(device)
                optimizer.zero_grad()
                functional.cross_entropy(network(data), data.y).backward()
                optimizer.step()

    return epochs


def _work(side: str, n_threads: int) -> None:
    torch.set_num_threads(n_threads)
    torch.manual_seed(0)
    epochs: Callable[[], None] = {"ours": ours, "pyg": pyg}[side](*make_graphs())
    serve(epochs, N_EPOCHS)


def main() -> None:
    """Print the table, or run as a worker (``--side``)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--pairs", type=int, default=5, help="number of alternating steps"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--side", choices=["ours", "pyg"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        _work(options.side, options.threads)
        return
    workers = [
        Worker("benchmarks.graphs", "--side", side, "--threads", str(options.threads))
        for side in ("ours", "pyg")
    ]
    ours, pyg, ratios = compare(*workers, options.pairs)
    print("| ours, s | PyG, s | times faster |")
    print("|---|---|---|")
    print(f"| {spread(ours, 3)} | {spread(pyg, 3)} | {spread(ratios)} |")


if __name__ == "__main__":
    main()
