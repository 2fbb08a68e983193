"""Benchmarks of explanations: answers with known reasons, and faithfulness."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks._data import cora
from benchmarks._explanation_data import (
    Labelled,
    bumps,
    molecules,
    motif_graphs,
    planted_effects,
    planted_means,
)
from benchmarks._explanation_models import (
    CORA,
    MOLECULES,
    MOTIFS,
    PLANTED,
    SEQUENCES,
    SMOOTHED,
)
from benchmarks._explanation_run import (
    LOOKS,
    REMOVALS,
    Run,
    auc,
    best_auc,
    edge_scores,
    fitted,
)
from skattn import GraphAttentionClassifier, GraphAttentionRegressor
from skattn.inspection import agreement, explain, readout_weights
from skattn.inspection._methods import _integrals
from skattn.inspection._question import Question, ask
from skattn.preprocessing import MoleculeGraph, SequenceGraph

N_RANDOM = 20
"""Number of random orders of the edges of Cora."""


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
    X = MoleculeGraph(descriptors=None).fit_transform(data.X)
    model = GraphAttentionClassifier(**MOLECULES, random_state=run.seed)
    _nodes(run, data, X, *fitted(run, data, X, model, 0.95))


def sequences(run: Run) -> None:
    """Measure the steps of a bump, and the channel where it is."""
    data, X, model, shown = _bumps(run)
    _nodes(run, data, X, model, shown)
    for method in REMOVALS:
        made = run.explain(model, [X[k] for k in shown], method, of="features")
        for scores in made.scores:
            run.add(method, "channel", auc(np.arange(3) == 1, scores))


def _bumps(run: Run) -> tuple[Labelled, list[Any], Any, NDArray[np.int64]]:
    """Fit sequences; a step attends to five before and five after it."""
    data = bumps(100 if run.quick else 500)
    to_graphs = SequenceGraph(connect="window", window=5, position=None)
    X = to_graphs.fit_transform(data.X)
    model = GraphAttentionClassifier(**SEQUENCES, random_state=run.seed)
    return data, X, *fitted(run, data, X, model, 0.95)


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
    _cora_nodes(run, CORA)


def cora_smoothed(run: Run) -> None:
    """Measure the same of predictions that are averaged over neighbours twice."""
    _cora_nodes(run, SMOOTHED)


def _cora_nodes(run: Run, options: dict[str, Any]) -> None:
    graph, y, (train, _, test) = cora()
    graph = graph.with_features(graph.X.toarray())
    seeds = run.seed, run.seed + 100
    models = [cora_model(seed, graph, y, train, options) for seed in seeds]
    run.require("accuracy", models[0].score(graph[test], y[test]), 0.75)
    nodes = np.random.default_rng(0).choice(np.flatnonzero(test), 60, replace=False)
    question = _question(models[0], graph[nodes])
    sizes = _sizes(question)
    nodes = nodes[(sizes >= 4) & (sizes <= 150)][: 5 if run.quick else 25]
    question = _question(models[0], graph[nodes])
    scores = edge_scores(run, models[0], graph[nodes])
    del scores["ends"], scores["random"]
    rng = np.random.default_rng(run.seed)
    random = [[rng.random(size) for size in _sizes(question)] for _ in range(N_RANDOM)]
    orders = [*scores.items(), *(("random", each) for each in random)]
    for method, found in orders:
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


def _sizes(question: Question) -> NDArray[np.int64]:
    return np.array(list(map(len, question.candidates)))


def cora_model(
    seed: int, graph: Any, y: Any, train: Any, options: dict[str, Any] = CORA
) -> Any:
    """Fit a model of Cora."""
    model = GraphAttentionClassifier(**options, random_state=seed)
    return model.fit(graph[train], y[train])


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
    removed, only = zip(*values, strict=True)
    return [each.mean() for each in removed], [each.mean() for each in only]


def completeness(run: Run) -> None:
    """Measure by how much the integrated gradients miss the change of the answer."""
    graph, y, (train, _, test) = cora()
    graph = graph.with_features(graph.X.toarray())
    model = cora_model(run.seed, graph, y, train)
    run.require("accuracy, Cora", model.score(graph[test], y[test]), 0.75)
    n_shown = 5 if run.quick else 25
    _complete(run, "edges of Cora", model, graph[np.flatnonzero(test)[:n_shown]])
    _, X, bump_model, shown = _bumps(run)
    _complete(run, "steps", bump_model, [X[k] for k in shown[:n_shown]])


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
