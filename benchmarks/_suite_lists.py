"""Development suite: lists of graphs, molecules and sequences."""

import numpy as np
from sklearn.model_selection import train_test_split

from benchmarks import _data
from benchmarks._data import graphs, load
from benchmarks._suite_nodes import classes, random_edges
from benchmarks._suite_task import (
    Task,
    folded,
    given,
    grouped_parts,
    halves,
    random_parts,
    take,
)
from skattn import Graph
from skattn.preprocessing import MoleculeGraph


def labelled_graphs(name):
    """Read graphs with one-hot node labels, and edge labels where there are some."""
    arrays = load(name)
    X = None
    if "node_label" in arrays:
        X = np.eye(arrays["node_label"].max() + 1, dtype=np.float32)
        X = X[arrays["node_label"]]
    edges = None
    if "edge_label" in arrays:
        edges = np.eye(arrays["edge_label"].max() + 1)[arrays["edge_label"]]
    if X is None:
        return _without_features(arrays), arrays
    return graphs(arrays, X, edges), arrays


def _without_features(arrays):
    placeholder = np.zeros((arrays["node_ptr"][-1], 1), np.float32)
    return [Graph(graph.adjacency) for graph in graphs(arrays, placeholder)]


def graph_task(name, quick, *, holdout, n_quick=None):
    """Classify graphs in 10 stratified folds."""
    X, arrays = labelled_graphs(name)
    y = classes(arrays["y"])
    if "node_attr" in arrays:
        X, _ = _data.enzymes()
    n = len(y)
    unlabelled = np.zeros(arrays["node_ptr"][-1], int)
    node_labels = arrays.get("node_label", unlabelled)
    per_graph = np.split(node_labels, arrays["node_ptr"][1:-1])
    if quick and n_quick and n > n_quick:
        rows, _ = train_test_split(
            np.arange(n), train_size=n_quick, random_state=0, stratify=y
        )
        X, y, per_graph = take(X, rows), y[rows], take(per_graph, rows)
    runs = folded(y, 10, 3 if quick else 5, holdout=holdout, first=3 if quick else None)
    return Task(
        name,
        "graphs",
        "accuracy",
        X,
        y,
        runs,
        scaled="node_attr" in arrays,
        extra={"node_labels": per_graph},
    )


def molecules(name, quick, metric, *, column=0, scaffolds=False):
    """Molecules from SMILES that RDKit reads; random or scaffold 80/10/10."""
    from rdkit import Chem, RDLogger  # noqa: PLC0415 - optional

    RDLogger.DisableLog("rdApp.*")
    arrays = load(name)
    valid = [Chem.MolFromSmiles(s) is not None for s in arrays["smiles"]]
    smiles, y = arrays["smiles"][valid], arrays["y"][valid, column]
    is_classes = metric == "auc"
    y = y.astype(int) if is_classes else y.astype(float)
    seeds = 2 if quick else 5
    if scaffolds:
        runs = grouped_parts(y, _scaffolds(smiles), seeds)
    else:
        runs = random_parts(y, seeds, classes=is_classes)
    X = MoleculeGraph().fit_transform(list(smiles))
    extra = {"smiles": smiles}
    task_name = name.removesuffix("-smiles")
    return Task(task_name, "molecules", metric, X, y, runs, extra=extra)


def _scaffolds(smiles):
    from rdkit.Chem.Scaffolds.MurckoScaffold import (  # noqa: PLC0415 - optional
        MurckoScaffoldSmiles,
    )

    return [MurckoScaffoldSmiles(smiles=s, includeChirality=False) for s in smiles]


def sequences(name, quick, *, metric="accuracy"):
    """Classify sequences (n_steps, n_channels), or predict numbers."""
    arrays = load(f"ts-{name}")
    X, y = [], []
    for part in ("train", "test"):
        pairs = zip(arrays[f"X_{part}"], arrays[f"len_{part}"], strict=True)
        X += [values[:, :length].T.astype(np.float32) for values, length in pairs]
        y.append(arrays[f"y_{part}"])
    n_train, y = len(y[0]), np.concatenate(y)
    is_classes = metric == "accuracy"
    y = classes(y) if is_classes else y
    runs = given(y, n_train, 1 if quick else 5, 3 if quick else 5, classes=is_classes)
    return Task(name, "sequences", metric, X, y, runs)


def totals(quick, *, mean):
    """Predict the sum or the mean of a mark over a graph's nodes; attainable R² 1."""
    rng = np.random.default_rng(4)
    made, y = [], []
    for n in rng.integers(8, 30, size=400):
        X = np.column_stack([rng.random(n) < rng.random(), rng.normal(size=(n, 2))])
        made.append(Graph(random_edges(n, 4, rng), X.astype(np.float32)))
        y.append(X[:, 0].mean() if mean else X[:, 0].sum())
    name = "syn-mean" if mean else "syn-sum"
    runs = halves(len(y), 1 if quick else 5)
    labels = [graph.X[:, 0].astype(int) for graph in made]
    extra = {"node_labels": labels}
    return Task(name, "graphs", "r2", made, np.array(y, float), runs, extra=extra)


LIST_TASKS = {
    "mutag": lambda quick: graph_task("mutag", quick, holdout=False),
    "ptc_mr": lambda quick: graph_task("ptc_mr", quick, holdout=True),
    "nci109": lambda quick: graph_task("nci109", quick, holdout=True, n_quick=1200),
    "imdb-multi": lambda quick: graph_task(
        "imdb-multi", quick, holdout=True, n_quick=600
    ),
    "enzymes": lambda quick: graph_task("enzymes", quick, holdout=False),
    "esol": lambda quick: molecules("esol-smiles", quick, "rmse"),
    "freesolv": lambda quick: molecules("freesolv", quick, "rmse"),
    "bbbp": lambda quick: molecules("bbbp", quick, "auc", scaffolds=True),
    "clintox": lambda quick: molecules("clintox", quick, "auc", column=1),
    "gunpoint": lambda quick: sequences("gunpoint", quick),
    "arrowhead": lambda quick: sequences("arrowhead", quick),
    "basicmotions": lambda quick: sequences("basicmotions", quick),
    "covid3month": lambda quick: sequences("covid3month", quick, metric="r2"),
    "syn-sum": lambda quick: totals(quick, mean=False),
    "syn-mean": lambda quick: totals(quick, mean=True),
}
"""Functions of ``quick`` that make a task."""
