"""Development suite: simple baselines of scikit-learn, one function per kind of set.

Each takes a task and a run, fits on the training rows, and returns a function of rows
that predicts probabilities or numbers. Penalties are chosen on the validation rows, or
by 3-fold cross-validation of the training rows where the protocol has none.
"""

import numpy as np
import scipy.sparse as sp
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler, normalize

ROUNDS = 3
"""Iterations of Weisfeiler-Lehman refinement."""
N_STEPS = 50
"""Length to which sequences are resampled."""


def linear(task, run):
    """Fit a linear model of the features that suit the kind of set."""
    X = LINEAR_FEATURES[task.kind](task)
    grid = {StandardScaler(with_mean=not sp.issparse(X)): (0.001, 0.01, 0.1, 1, 10)}
    if task.extra.get("words"):
        grid[Normalizer()] = 1, 10, 100
    models = [_linear(task, scaler, C) for scaler in grid for C in grid[scaler]]
    return fitted(task, run, X, models)


def _linear(task, scaler, C):
    if task.n_classes:
        return make_pipeline(scaler, LogisticRegression(C=C, max_iter=2000))
    return make_pipeline(scaler, Ridge(alpha=1 / C))


def forest(task, run):
    """Fit a random forest on the features that suit the kind of set."""
    kind = RandomForestClassifier if task.n_classes else RandomForestRegressor
    X = FOREST_FEATURES[task.kind](task)
    return fitted(task, run, X, [kind(300, random_state=run.seed)])


def boosting(task, run):
    """Fit gradient boosting on a table."""
    if task.n_classes:
        model = HistGradientBoostingClassifier(random_state=run.seed)
    else:
        model = HistGradientBoostingRegressor(random_state=run.seed)
        if task.y.ndim == 2:
            model = MultiOutputRegressor(model)
    return fitted(task, run, FOREST_FEATURES[task.kind](task), [model])


def perceptron(task, run):
    """Fit a multilayer perceptron on a standardised table."""
    kind = MLPClassifier if task.n_classes else MLPRegressor
    model = kind(max_iter=500, random_state=run.seed)
    return fitted(task, run, task.X, [make_pipeline(StandardScaler(), model)])


def fitted(task, run, X, models):
    """Fit the best of the models, and return a function of rows that predicts."""
    y, train = task.y, run.train
    if len(models) > 1:
        scores = [_validation_score(m, X, y, run) for m in models]
        models = [models[int(np.argmax(scores))]]
    model = models[0].fit(X[train], y[train])
    return lambda rows: _outputs(model, X[rows], task.n_classes)


def _outputs(model, X, n_classes):
    if not n_classes:
        return model.predict(X)
    full = np.zeros((X.shape[0], n_classes))
    full[:, model.classes_] = model.predict_proba(X)
    return full


def _validation_score(model, X, y, run):
    if run.val is None:
        return cross_val_score(model, X[run.train], y[run.train], cv=3).mean()
    return model.fit(X[run.train], y[run.train]).score(X[run.val], y[run.val])


def smoothed(task):
    """Average features twice over each node and its neighbours."""
    graph = task.X
    mean = normalize(graph.adjacency.astype(bool) + sp.eye_array(graph.n_nodes), "l1")
    X = graph.X
    if X is None:
        X = sp.eye_array(graph.n_nodes, format="csr")
    elif sp.issparse(X):
        X = normalize(X)
    twice = mean @ (mean @ X)
    if sp.issparse(twice):
        twice = twice.toarray()
        task.extra["words"] = True
    return twice


def surroundings(task):
    """Join features, their means over the neighbours, and the degree."""
    graph = task.X
    links = graph.adjacency.astype(bool).astype(float)
    degree = links.sum(1)
    X = links if graph.X is None else graph.X
    means = normalize(links, norm="l1") @ X
    parts = [X, means, degree[:, None]]
    return sp.hstack(parts, format="csr") if sp.issparse(X) else np.hstack(parts)


def refined_counts(task):
    """Count the colours of every Weisfeiler-Lehman iteration in each graph."""
    graphs, labels = task.X, np.concatenate(task.extra["node_labels"])
    links = sp.block_diag([graph.adjacency for graph in graphs], format="csr")
    sizes = [graph.n_nodes for graph in graphs]
    of_node = np.repeat(np.arange(len(graphs)), sizes)
    colours = np.unique(labels, return_inverse=True)[1]
    counts = []
    for _ in range(ROUNDS + 1):
        shape = len(graphs), colours.max() + 1
        ones = np.ones(len(colours))
        counts.append(sp.csr_array((ones, (of_node, colours)), shape=shape))
        colours = refined(colours, links)
    return sp.hstack(counts, format="csr")


def refined(colours, links):
    """Colour nodes by their own colour and the multiset of their neighbours'."""
    random = np.random.default_rng(0).integers(2**62, size=(2, colours.max() + 1))
    of_sender = random[0][colours[links.indices]]
    total = np.concatenate([[0], np.cumsum(of_sender.astype(np.uint64))])
    heard = total[links.indptr[1:]] - total[links.indptr[:-1]]
    key = heard.astype(np.uint64) + random[1][colours].astype(np.uint64) * 3
    return np.unique(key, return_inverse=True)[1]


def sizes_and_labels(task):
    """Describe a graph by counts of node labels, sizes, degrees and mean features."""
    n_labels = max(labels.max() for labels in task.extra["node_labels"]) + 1
    rows = []
    for graph, labels in zip(task.X, task.extra["node_labels"], strict=True):
        degrees = np.diff(graph.adjacency.indptr)
        means = [] if graph.X is None else np.asarray(graph.X).mean(0)
        shape = graph.n_nodes, graph.n_edges, degrees.mean(), degrees.max()
        counts = np.bincount(labels, minlength=n_labels)
        rows.append(np.concatenate([counts, shape, means]))
    return np.array(rows)


def fingerprints(task):
    """Count the circular substructures (Morgan, radius 2) of molecules."""
    from rdkit import Chem  # noqa: PLC0415 - optional
    from rdkit.Chem.rdFingerprintGenerator import (  # noqa: PLC0415 - optional
        GetMorganGenerator,
    )

    generator = GetMorganGenerator(radius=2, fpSize=1024)
    molecules = map(Chem.MolFromSmiles, task.extra["smiles"])
    counts = [generator.GetCountFingerprintAsNumPy(m) for m in molecules]
    return np.array(counts, float)


def resampled(task):
    """Interpolate every channel at the same number of points."""
    rows = []
    for sequence in task.X:
        at = np.linspace(0, len(sequence) - 1, N_STEPS)
        steps = np.arange(len(sequence))
        rows.append(
            np.concatenate([np.interp(at, steps, channel) for channel in sequence.T])
        )
    return np.array(rows)


def summaries(task):
    """Describe every channel by mean, deviation, extremes and mean change."""
    rows = []
    for s in task.X:
        change = np.abs(np.diff(s, axis=0)).mean(0)
        rows.append(np.concatenate([s.mean(0), s.std(0), s.min(0), s.max(0), change]))
    return np.array(rows)


def _table(task):
    return task.X


LINEAR_FEATURES = {
    "nodes": smoothed,
    "embedding": smoothed,
    "graphs": refined_counts,
    "molecules": fingerprints,
    "sequences": resampled,
    "table": _table,
}
FOREST_FEATURES = {
    "nodes": surroundings,
    "graphs": sizes_and_labels,
    "molecules": fingerprints,
    "sequences": summaries,
    "table": _table,
}
