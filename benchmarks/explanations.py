"""Explanations measured where the reason of an answer is known.

    python -m benchmarks.explanations motifs molecules --seeds 0 1 2

Each row fits a model with the given parameters and measures nothing if the model is
not accurate. "random" and "1 / degree" look at no model, "attention" and "rollout" at
no answer. Milliseconds are CPU time of all threads, per answer.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from benchmarks._data import cora
from benchmarks._explanation_data import (
    Labelled,
    bumps,
    molecules,
    motif_graphs,
    motif_nodes,
    planted_effects,
    planted_means,
)
from skattn import EncoderConfig, GraphAttentionClassifier, GraphAttentionRegressor
from skattn.inspection import Explanation, agreement, explain, readout_weights
from skattn.inspection._methods import _integrals
from skattn.inspection._question import Question, ask
from skattn.preprocessing import MoleculeGraph

LAYERS = {
    "attention": "gatv2",
    "n_heads": 4,
    "hidden_dim": 64,
    "residual": True,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "standardize": "auto",
    "early_stopping": False,
    "encoder": EncoderConfig(
        activation="elu",
        input_dropout=0.0,
        jumping=None,
        convolution=None,
        gated_convolution=False,
        n_feature_layers=0,
    ),
}
"""All models; what follows is their own."""
MOTIFS = LAYERS | {
    "n_layers": 3, "norm": "batch", "learning_rate": 0.01, "weight_decay": 5e-4,
    "batch_size": 64, "max_epochs": 150,
}  # fmt: skip
PLANTED = LAYERS | {
    "n_layers": 2, "norm": "layer", "learning_rate": 0.005, "weight_decay": 5e-4,
    "batch_size": "auto", "max_epochs": 300,
}  # fmt: skip
MOLECULES = LAYERS | {
    "n_layers": 3, "norm": "batch", "readout": "attention", "learning_rate": 0.005,
    "weight_decay": 5e-4, "batch_size": 64, "max_epochs": 40,
}  # fmt: skip
SEQUENCES = MOLECULES | {"n_layers": 2, "batch_size": 32}
CORA = LAYERS | {
    "n_layers": 2, "norm": "layer", "dropout": 0.5, "learning_rate": 0.005,
    "weight_decay": 5e-4, "batch_size": "auto", "max_epochs": 60,
}  # fmt: skip
SHAPES = MOTIFS | {"norm": "layer", "batch_size": "auto", "max_epochs": 400}

LOOKS = ("rollout", "attention")
REMOVALS = ("auto", "gradient", "integrated_gradients", "shapley")


class InaccurateError(Exception):
    """The model is not accurate enough for its explanations to be measured."""


@dataclass
class Run:
    """Figures of one row and seed: one value per answer, by method and column."""

    seed: int
    quick: bool
    values: dict[tuple[str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, method: str, column: str, value: float) -> None:
        """Add the figure of an answer; NaN where it is not defined."""
        if np.isfinite(value):
            self.values[method, column].append(float(value))

    def require(self, score: str, value: float, least: float) -> None:
        """Refuse an inaccurate model (any is accepted in a quick run)."""
        print(f"  seed {self.seed}: {score} {value:.3f}, required {least}", flush=True)
        if value < least and not self.quick:
            raise InaccurateError

    def explain(self, model: Any, X: Any, method: str, **options: Any) -> Explanation:
        """Explain the answers, and add the CPU time."""
        start = time.process_time()
        made = explain(model, X, method=method, random_state=self.seed, **options)
        self.add(method, "ms", 1000 * (time.process_time() - start) / len(made))
        return made


def auc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Compute the ROC AUC; NaN if all are true or none."""
    if truth.all() or not truth.any():
        return np.nan
    return float(roc_auc_score(truth, scores))


def best_auc(reasons: list[NDArray[np.bool_]], scores: NDArray[np.float64]) -> float:
    """Compute the AUC of the best of several places and of their union."""
    places = [*reasons, np.any(reasons, axis=0)]
    found = [auc(place, scores) for place in places]
    return np.nan if np.isnan(found).all() else float(np.nanmax(found))


def edge_scores(run: Run, model: Any, X: Any, **options: Any) -> dict[str, Any]:
    """Score the edges of each answer by all methods and by what looks at no model.

    Returns the ends of the edges, a list of arrays (n_edges, 2), as "ends", and lists
    of arrays (n_edges,) by the name of the method.
    """
    scores, made = {}, None
    for method in (*REMOVALS, *LOOKS):
        made = run.explain(model, X, method, of="edges", **options)
        scores[method] = [evidence.scores for evidence in made._evidence]
    rng = np.random.default_rng(run.seed)
    scores["ends"] = [evidence.ends for evidence in made._evidence]
    scores["random"] = [rng.random(len(ends)) for ends in scores["ends"]]
    degrees = [np.diff(graph.base.adjacency.indptr) for graph in made._graphs]
    scores["1 / degree"] = [
        (1 / np.maximum(degree, 1))[ends].sum(axis=1)
        for degree, ends in zip(degrees, scores["ends"], strict=True)
    ]
    return scores


def split(n: int, n_train: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split examples at random, the same for all seeds."""
    order = np.random.default_rng(0).permutation(n)
    return order[:n_train], order[n_train:]


def fitted(
    run: Run, data: Labelled, X: list[Any], model: Any, least: float
) -> tuple[Any, NDArray[np.int64]]:
    """Fit on four fifths; return the model and rightly classified test examples.

    They are at most 60 of those that have a reason.
    """
    train, test = split(len(X), len(X) * 4 // 5)
    model.fit([X[k] for k in train], data.y[train])
    predicted = model.predict([X[k] for k in test])
    run.require("accuracy", np.mean(predicted == data.y[test]), least)
    shown = [k for k in test[predicted == data.y[test]] if data.reasons[k]]
    return model, np.array(shown[: 10 if run.quick else 60])


def motifs(run: Run) -> None:
    """Measure edges of a cycle, a house or neither, with the sign of the score."""
    _motifs(run, ("cycle", "house", "neither"), readout="mean", n_graphs=900)


def ba_2motifs(run: Run) -> None:
    """Measure edges of BA-2Motifs, a cycle or a house."""
    _motifs(run, ("cycle", "house"), readout="sum", n_graphs=1000)


def _motifs(run: Run, kinds: tuple[str, ...], *, readout: str, n_graphs: int) -> None:
    data = motif_graphs(150 if run.quick else n_graphs, kinds)
    epochs = {"max_epochs": 10} if run.quick else {}
    model = GraphAttentionClassifier(
        **MOTIFS | epochs, readout=readout, random_state=run.seed
    )
    model, shown = fitted(run, data, data.X, model, 0.98)
    scores = edge_scores(run, model, [data.X[k] for k in shown])
    for at, ends in enumerate(scores.pop("ends")):
        (mask,) = data.reasons[shown[at]]
        truth = mask[ends].all(axis=1)
        for method, found in scores.items():
            value = auc(truth, found[at])
            run.add(method, kinds[data.y[shown[at]]], value)
            run.add(method, "all", value)
            run.add(method, "by size", auc(truth, np.abs(found[at])))


def planted(run: Run) -> None:
    """Measure own edges and columns of a mean over the neighbours of one kind."""
    graph, y = planted_means(200 if run.quick else 600)
    cut = len(y) * 4 // 5
    model = GraphAttentionRegressor(**PLANTED, random_state=run.seed)
    model.fit(graph[:cut], y[:cut])
    run.require("R²", model.score(graph[cut:], y[cut:]), 0.6)
    shown = np.arange(cut, cut + (10 if run.quick else 40))
    scores = edge_scores(run, model, graph[shown])
    for at, ends in enumerate(scores.pop("ends")):
        senders, effects = planted_effects(graph, shown[at])
        own = (ends == shown[at]).any(axis=1)
        others = ends[own].sum(axis=1) - shown[at]
        effect = effects[np.searchsorted(senders, others)]
        is_kind = np.asarray(graph.X)[others, 0] == 1
        for method, found in scores.items():
            part = found[at][own]
            if np.ptp(part) and np.ptp(effect):
                run.add(method, "correlation", np.corrcoef(part, effect)[0, 1])
            run.add(method, "kind", auc(is_kind, np.abs(part)))
    for method in REMOVALS:
        size = np.abs(run.explain(model, graph[shown], method, of="features").scores)
        run.add(method, "columns", auc(np.arange(10) < 2, size.mean(axis=0)))


def benzene(run: Run) -> None:
    """Measure the atoms of a benzene ring."""
    _molecules(run, "benzene")


def carbonyl(run: Run) -> None:
    """Measure the atoms of a carbonyl and of an alkane, in molecules with both."""
    _molecules(run, "carbonyl and alkane")


def _molecules(run: Run, name: str) -> None:
    data = molecules(200 if run.quick else 1200, name)
    X = MoleculeGraph().fit_transform(data.X)
    model = GraphAttentionClassifier(**MOLECULES, random_state=run.seed)
    _nodes(run, data, X, *fitted(run, data, X, model, 0.95))


def sequences(run: Run) -> None:
    """Measure the steps of a bump, and the channel where it is."""
    data = bumps(100 if run.quick else 500)
    model = GraphAttentionClassifier(**SEQUENCES, random_state=run.seed)
    model, shown = fitted(run, data, data.X, model, 0.95)
    _nodes(run, data, data.X, model, shown)
    for method in REMOVALS:
        made = run.explain(model, [data.X[k] for k in shown], method, of="features")
        for scores in made.scores:
            run.add(method, "channel", auc(np.arange(3) == 1, scores))


def _nodes(
    run: Run, data: Labelled, X: list[Any], model: Any, shown: NDArray[np.int64]
) -> None:
    """Measure scores of nodes beside the weights of the readout."""
    chosen = [X[k] for k in shown]
    scores: dict[str, Any] = {
        method: run.explain(model, chosen, method, of="nodes").scores
        for method in REMOVALS
    }
    weights = readout_weights(model, chosen)
    scores["readout weights"] = [each.mean(axis=1) for each in weights]
    rng = np.random.default_rng(run.seed)
    scores["random"] = [rng.random(len(each)) for each in weights]
    for method, found in scores.items():
        for at, values in enumerate(found):
            run.add(method, "all", best_auc(data.reasons[shown[at]], values))


def cora_nodes(run: Run) -> None:
    """Measure the probability while edges are removed from the best to the worst."""
    graph, y, (train, _, test) = cora()
    graph = graph.with_features(graph.X.toarray())
    models = [_cora_model(seed, graph, y, train) for seed in (run.seed, run.seed + 100)]
    run.require("accuracy", models[0].score(graph[test], y[test]), 0.75)
    nodes = np.random.default_rng(0).choice(np.flatnonzero(test), 60, replace=False)
    question = _question(models[0], graph[nodes])
    sizes = np.array(list(map(len, question.candidates)))
    nodes = nodes[(sizes >= 4) & (sizes <= 150)][: 5 if run.quick else 25]
    question = _question(models[0], graph[nodes])
    scores = edge_scores(run, models[0], graph[nodes])
    del scores["ends"]
    for method, found in scores.items():
        for removed, kept in zip(*_curves(question, found), strict=True):
            run.add(method, "removed", removed)
            run.add(method, "kept", kept)
    removal = explain(models[0], graph[nodes])
    for method in ("auto", "gradient", "integrated_gradients", "shapley", *LOOKS):
        one, other = (
            explain(model, graph[nodes], method=method, classes=removal.classes)
            for model in models
        )
        for value in agreement(one, removal):
            run.add(method, "agrees with removal", value)
        for value in agreement(one, other):
            run.add(method, "agrees with other seed", value)


def _cora_model(seed: int, graph: Any, y: Any, train: Any) -> Any:
    return GraphAttentionClassifier(**CORA, random_state=seed).fit(
        graph[train], y[train]
    )


def _question(model: Any, X: Any, of: str = "edges") -> Question:
    return ask(model, X, classes=None, of=of, baseline="mean", adjacency=None)


def _curves(question: Question, scores: list[Any]) -> tuple[list[Any], list[Any]]:
    """Compute mean probabilities while the best are removed, and while they are kept.

    Nine points from none to all candidates, in the order of the scores.
    """
    kept = []
    for found in scores:
        rank = np.empty(len(found), np.int64)
        rank[np.argsort(-found, kind="stable")] = np.arange(len(found))
        points = np.unique(np.linspace(0, len(found), 9).astype(int))[:, None]
        kept.append(np.concatenate([rank >= points, rank < points]))
    values = [np.split(expit(found), 2) for found in question.values(kept)]
    removed, only = ([half.mean() for half in halves] for halves in zip(*values))
    return removed, only


def speed(run: Run) -> None:
    """Measure CPU time beside PyG's GNNExplainer, 100 epochs, and of many answers."""
    for name, least in (("BA-Shapes", 0.9), ("Tree-Cycles", 0.85)):
        graph, y = motif_nodes(name)
        train, test = split(len(y), len(y) * 4 // 5)
        train = np.sort(train)
        epochs = {"max_epochs": 20} if run.quick else {}
        model = GraphAttentionClassifier(**SHAPES | epochs, random_state=run.seed)
        model.fit(graph[train], y[train])
        run.require(f"accuracy, {name}", model.score(graph[test], y[test]), least)
        nodes = np.flatnonzero(y > 0)[:: 40 if run.quick else 20]
        for node in nodes:
            run.add("auto", name, _milliseconds(lambda n=node: explain(model, graph[[n]])))
        at_once = _milliseconds(lambda n=nodes: explain(model, graph[n]))
        run.add("auto, at once", name, at_once / len(nodes))
        theirs = _gnn_explainer(graph, int(y.max()) + 1)
        for node in nodes[: 1 if run.quick else 5]:
            run.add("GNNExplainer", name, _milliseconds(lambda n=node: theirs(n)))
        means = [np.mean(run.values[m, name]) for m in ("GNNExplainer", "auto")]
        run.add("ratio", name, means[0] / means[1])
    graph, y, (train, _, test) = cora()
    model = _cora_model(run.seed, graph, y, train)
    run.require("accuracy, Cora", model.score(graph[test], y[test]), 0.75)
    shown = graph[np.flatnonzero(test)[:256]]
    gradients = lambda: explain(model, shown, method="gradient")  # noqa: E731
    gradients()  # compiles
    run.add("gradient", "256 nodes of Cora", _milliseconds(gradients) / 256)


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


def completeness(run: Run) -> None:
    """Measure by how much the integrated gradients miss the change of the answer."""
    graph, y, (train, _, test) = cora()
    graph = graph.with_features(graph.X.toarray())
    model = _cora_model(run.seed, graph, y, train)
    run.require("accuracy, Cora", model.score(graph[test], y[test]), 0.75)
    n_shown = 5 if run.quick else 25
    _complete(run, "edges of Cora", model, graph[np.flatnonzero(test)[:n_shown]])
    data = bumps(100 if run.quick else 500)
    bump_model = GraphAttentionClassifier(**SEQUENCES, random_state=run.seed)
    bump_model, shown = fitted(run, data, data.X, bump_model, 0.95)
    _complete(run, "steps", bump_model, [data.X[k] for k in shown[:n_shown]])


def _complete(run: Run, name: str, model: Any, X: Any) -> None:
    made = explain(model, X, method="integrated_gradients")
    question = _question(model, X, of=made.of)
    change = made.answer - made.without
    whole = [evidence.scores.sum() for evidence in made._evidence]
    steps = [each.sum() for each in _integrals(question, np.arange(len(change)), 16)]
    for method, sums in (("integrated_gradients", whole), ("16 steps", steps)):
        missed = 100 * np.abs(sums - change) / np.abs(change)
        run.add(method, f"{name}, median %", float(np.median(missed)))
        run.add(method, f"{name}, largest %", float(np.max(missed)))


Floor = tuple[str, str, str, float]
"""Method, column, ">=" or "<=", and the number."""
ROWS: dict[str, tuple[Callable[[Run], None], list[Floor]]] = {
    "motifs": (
        motifs,
        [("auto", "all", ">=", 0.97), ("auto", "cycle", ">=", 0.95),
         ("auto", "house", ">=", 0.95)],
    ),
    "ba2motifs": (ba_2motifs, [("auto", "by size", ">=", 0.88)]),
    "planted": (
        planted, [("auto", "correlation", ">=", 0.8), ("auto", "columns", ">=", 1.0)]
    ),
    "benzene": (benzene, [("auto", "all", ">=", 0.97)]),
    "carbonyl": (carbonyl, [("auto", "all", ">=", 0.93)]),
    "sequences": (
        sequences,
        [("integrated_gradients", "all", ">=", 0.87), ("auto", "all", ">=", 0.8),
         ("auto", "channel", ">=", 1.0)],
    ),
    "cora": (cora_nodes, [("auto / random", "removed", "<=", 0.8)]),
    "speed": (
        speed,
        [("ratio", "BA-Shapes", ">=", 100), ("ratio", "Tree-Cycles", ">=", 100),
         ("gradient", "256 nodes of Cora", "<=", 1.0)],
    ),
    "completeness": (
        completeness,
        [("16 steps", "edges of Cora, median %", "<=", 1.0),
         ("16 steps", "steps, median %", "<=", 1.0)],
    ),
}  # fmt: skip
GROUPS = {"molecules": ["benzene", "carbonyl"]}


def table(means: dict[tuple[str, str], list[float]]) -> list[str]:
    """Format means of the seeds, a line per method: mean, and range of several."""
    methods = list(dict.fromkeys(method for method, _ in means))
    columns = list(dict.fromkeys(column for _, column in means))
    lines = [f"| method | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for method in methods:
        cells = [_cell(means.get((method, column), [])) for column in columns]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return lines


def _cell(values: list[float]) -> str:
    if not values:
        return ""
    text = f"{np.mean(values):.3f}"
    several = f" [{min(values):.3f}-{max(values):.3f}]"
    return text + several if len(values) > 1 else text


def judged(means: dict[tuple[str, str], list[float]], floors: list[Floor]) -> list[str]:
    """Compare the means with the numbers that they should reach."""
    lines = []
    for method, column, sign, number in floors:
        if method.endswith(" / random"):
            value = np.mean(means[method.removesuffix(" / random"), column])
            value /= np.mean(means["random", column])
        else:
            value = np.mean(means[method, column])
        reached = value >= number if sign == ">=" else value <= number
        word = "reached" if reached else "MISSED"
        lines.append(f"  {method}, {column}: {value:.3f} {sign} {number}: {word}")
    return lines


def measure(name: str, seeds: list[int], *, quick: bool = False) -> None:
    """Print the table of a row, and whether it is as good as it should be."""
    row, floors = ROWS[name]
    print(f"{name}: {row.__doc__}")
    means: dict[tuple[str, str], list[float]] = defaultdict(list)
    for seed in seeds:
        run = Run(seed, quick)
        try:
            row(run)
        except InaccurateError:
            print(f"  seed {seed} is refused")
            continue
        for key, values in run.values.items():
            means[key].append(float(np.mean(values)))
    if means:
        print("\n".join([*table(means), *judged(means, floors)]), flush=True)


def main() -> None:
    """Measure the named rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="+", choices=[*ROWS, *GROUPS], metavar="ROW")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--quick", action="store_true", help="small data, any accuracy")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.rows:
        for row in GROUPS.get(name, [name]):
            measure(row, options.seeds, quick=options.quick)


if __name__ == "__main__":
    main()
