# ruff: noqa: PLC0415  (PyG is loaded only where it is measured)
"""Speed of explanations, beside PyG's GNNExplainer."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks._data import cora
from benchmarks._explanation_data import motif_nodes
from benchmarks._explanation_models import SHAPES
from benchmarks._explanation_rows import cora_model
from benchmarks._explanation_run import Run, split
from skattn import GraphAttentionClassifier
from skattn.inspection import explain


def speed(run: Run) -> None:
    """Measure CPU time beside PyG's GNNExplainer, 100 epochs, and of many answers."""
    _beside_pyg(run, "BA-Shapes", 0.9)
    _beside_pyg(run, "Tree-Cycles", 0.85)
    graph, y, (train, _, test) = cora()
    model = cora_model(run.seed, graph, y, train)
    run.require("accuracy, Cora", model.score(graph[test], y[test]), 0.75)
    shown = graph[np.flatnonzero(test)[:256]]
    explain(model, shown, method="gradient")  # compiles
    took = _milliseconds(lambda: explain(model, shown, method="gradient"))
    run.add("gradient", "256 nodes of Cora", took / 256)


def _beside_pyg(run: Run, name: str, least: float) -> None:
    """Measure single nodes, all at once, and those of PyG on the whole graph."""
    graph, y = motif_nodes(name)
    train, test = split(len(y), len(y) * 4 // 5)
    train = np.sort(train)
    epochs = {"max_epochs": 20} if run.quick else {}
    model = GraphAttentionClassifier(**SHAPES | epochs, random_state=run.seed)
    model.fit(graph[train], y[train])
    run.require(f"accuracy, {name}", model.score(graph[test], y[test]), least)
    in_motifs = np.flatnonzero(y > 0)
    n_shown = 5 if run.quick else 25
    nodes = np.random.default_rng(1).choice(in_motifs, n_shown, replace=False)
    explain(model, graph[nodes])  # compiles
    at_once = _milliseconds(lambda: explain(model, graph[nodes])) / len(nodes)
    ours = _each(lambda node: explain(model, graph[[node]]), nodes)
    theirs = _gnn_explainer(graph, int(y.max()) + 1)
    slow = _each(theirs, nodes[: 1 if run.quick else 4])
    figures = {
        "GNNExplainer": slow, "auto": ours, "auto, at once": at_once,
        "ratio": slow / ours, "ratio, at once": slow / at_once,
    }  # fmt: skip
    for method, value in figures.items():
        run.add(method, name, value)


def _each(call: Callable[[int], Any], nodes: Any) -> float:
    """Return mean milliseconds of calls, one per node."""
    return float(np.mean([_milliseconds(lambda n=node: call(n)) for node in nodes]))


def _milliseconds(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return 1000 * (time.process_time() - start)


def _gnn_explainer(graph: Any, n_classes: int) -> Callable[[int], Any]:
    """Return PyG's GNNExplainer of an untrained network of the same size.

    Its time does not depend on the weights.
    """
    from torch_geometric.explain import Explainer, GNNExplainer
    from torch_geometric.nn import GATv2Conv

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList(
                GATv2Conv(2 if k == 0 else 64, 16, heads=4) for k in range(3)
            )
            self.linear = torch.nn.Linear(64, n_classes)

        def forward(self, x: Any, edge_index: Any) -> Any:
            for layer in self.layers:
                x = torch.nn.functional.elu(layer(x, edge_index))
            return self.linear(x)

    entries = graph.adjacency.tocoo()
    edges = torch.tensor(np.stack([entries.col, entries.row]), dtype=torch.long)
    degree = torch.tensor(np.diff(graph.adjacency.indptr), dtype=torch.float32)
    x = torch.stack([torch.ones_like(degree), degree.log1p()], 1)
    explainer = Explainer(
        Network(),
        algorithm=GNNExplainer(epochs=100),
        explanation_type="model",
        node_mask_type=None,
        edge_mask_type="object",
        model_config={
            "mode": "multiclass_classification", "task_level": "node",
            "return_type": "raw",
        },
    )  # fmt: skip
    return lambda node: explainer(x, edges, index=int(node))
