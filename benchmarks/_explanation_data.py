# ruff: noqa: PLC0415  (RDKit is loaded only for molecules)
"""Generated data with known reasons of the labels, for benchmarks of explanations."""

from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from skattn import Graph

MOTIFS = {
    "cycle": [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)],
    "house": [(0, 1), (1, 2), (2, 3), (3, 0), (4, 0), (4, 1)],
}
"""Edges of motifs of five nodes."""
CORES = [
    "C1CCCCC1{}", "C1CCNCC1{}", "c1ccccc1{}", "c1ccncc1{}", "c1ccsc1{}", "C1CCOC1{}",
    "c1ccc2ccccc2c1{}", "C1CC1{}", "c1cnccn1{}", "CCCC(C){}", "CC(C)(C){}", "OCC{}",
    "NCC{}",
]  # fmt: skip
LINKS = [
    "C", "CC", "CCC", "CO", "CN", "OCC", "NCC", "C(=O)", "C(=O)N", "C(=O)O", "S",
    "S(=O)(=O)N", "C(F)", "CC(O)", "C=C", "C#C",
]  # fmt: skip
ENDS = [
    "C", "CC", "CCC", "CCCC", "O", "N", "F", "Cl", "Br", "C#N", "OC", "N(C)C",
    "C(=O)O", "C(=O)N", "c1ccccc1", "c1ccncc1", "C1CCCCC1", "c1ccoc1", "S(C)(=O)=O",
    "CCCCCC",
]  # fmt: skip
"""Parts of molecules: each is a core, one or two links and an end."""
PATTERNS = {
    "benzene": ["c1ccccc1"],
    "carbonyl and alkane": ["[CX3]=[OX1]", "[CX4;!R][CX4;!R][CX4;!R][CX4;!R]"],
}
"""SMARTS of parts, all of which a molecule of the positive class has."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Examples with labels and with the parts that are their reason."""

    X: list[Any]
    """Graphs or sequences."""
    y: NDArray[np.int64]
    """(n_examples,) classes."""
    reasons: list[list[NDArray[np.bool_]]]
    """For each example masks (n_nodes,), one for each place where the reason is; no
    mask if the class is the absence of a reason."""


def motif_graphs(n_graphs: int, kinds: tuple[str, ...]) -> Labelled:
    """Attach a motif of the class to random trees (Ying et al. 2019; Luo et al. 2020).

    `kinds` are names of motifs; any other name is a class of graphs without one, as
    large as the others.
    """
    rng, X, reasons = np.random.default_rng(0), [], []
    y = np.arange(n_graphs) % len(kinds)
    for label in y:
        edges = MOTIFS.get(kinds[label])
        n_nodes = 20 if edges else 25
        tree = nx.barabasi_albert_graph(n_nodes, 1, seed=int(rng.integers(1 << 31)))
        if edges:
            tree.add_edges_from((20 + a, 20 + b) for a, b in edges)
            tree.add_edge(int(rng.integers(20)), int(rng.integers(20, 25)))
        X.append(Graph(nx.to_scipy_sparse_array(tree, nodelist=range(25))))
        reasons.append([np.arange(25) >= 20] if edges else [])
    return Labelled(X, y, reasons)


def motif_nodes(name: str) -> tuple[Graph, NDArray[np.int64]]:
    """Make BA-Shapes or Tree-Cycles (Ying et al. 2019): a graph and classes of nodes.

    A tenth as many random edges as nodes are noise.
    """
    rng = np.random.default_rng(0)
    if name == "BA-Shapes":
        graph, n_motifs = nx.barabasi_albert_graph(300, 5, seed=0), 80
        edges, classes = MOTIFS["house"], [1, 1, 2, 2, 3]
    else:
        graph, n_motifs = nx.balanced_tree(2, 8), 60
        edges, classes = [(k, (k + 1) % 6) for k in range(6)], [1] * 6
    n_nodes = graph.number_of_nodes()
    y = [0] * n_nodes
    for anchor in rng.choice(n_nodes, n_motifs, replace=False):
        graph.add_edges_from((len(y) + a, len(y) + b) for a, b in edges)
        graph.add_edge(len(y), int(anchor))
        y += classes
    for _ in range(len(y) // 10):
        graph.add_edge(*map(int, rng.choice(len(y), 2, replace=False)))
    return Graph(nx.to_scipy_sparse_array(graph, nodelist=range(len(y)))), np.array(y)


def planted_means(n_nodes: int) -> tuple[Graph, NDArray[np.float64]]:
    """Make a graph and y, the mean value of the neighbours of kind 1.

    Column 0 is the kind, column 1 the value, eight further columns are noise.
    """
    rng = np.random.default_rng(0)
    pairs = nx.gnm_random_graph(n_nodes, 5 * n_nodes, seed=0)
    adjacency = nx.to_scipy_sparse_array(pairs, format="csr", dtype=np.float32)
    X = rng.normal(size=(n_nodes, 10))
    X[:, 0] = rng.random(n_nodes) < 0.3
    graph = Graph(adjacency, X)
    neighbours = np.split(adjacency.indices, adjacency.indptr[1:-1])
    return graph, np.array([_mean_of_kind(X[senders]) for senders in neighbours])


def planted_effects(graph: Graph, node: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the neighbours of a node, and the loss of y without each."""
    senders = graph.adjacency[[node]].indices
    rows = np.asarray(graph.X)[senders]
    rest = [np.delete(rows, k, axis=0) for k in range(len(rows))]
    full = _mean_of_kind(rows)
    return senders, np.array([full - _mean_of_kind(each) for each in rest])


def _mean_of_kind(rows: NDArray[Any]) -> float:
    values = rows[rows[:, 0] == 1, 1]
    return float(values.mean()) if len(values) else 0.0


def molecules(n_molecules: int, name: str) -> Labelled:
    """Make SMILES of which those of class 1 have the parts of a pattern."""
    from rdkit import Chem, rdBase

    quiet = rdBase.BlockLogs()  # of molecules that are none
    rng, found = np.random.default_rng(0), set()
    while len(found) < n_molecules:
        links = rng.choice(LINKS, 1 + (rng.random() < 0.6))
        text = rng.choice(CORES).format("".join([*links, rng.choice(ENDS)]))
        molecule = Chem.MolFromSmiles(text)
        if molecule is not None:
            found.add(Chem.MolToSmiles(molecule))
    del quiet
    X = sorted(found)
    parts = [Chem.MolFromSmarts(pattern) for pattern in PATTERNS[name]]
    reasons = []
    for molecule in map(Chem.MolFromSmiles, X):
        places = [molecule.GetSubstructMatches(part) for part in parts]
        if len(parts) > 1:  # together they are one reason
            places = [[sum(sum(places, ()), ())]] if all(places) else [[]]
        atoms = np.arange(molecule.GetNumAtoms())
        reasons.append([np.isin(atoms, place) for place in places[0]])
    y = np.array([len(masks) > 0 for masks in reasons]).astype(np.int64)
    return Labelled(X, y, reasons)


def bumps(n_sequences: int) -> Labelled:
    """Make noise of three channels, half of it with a bump of six steps in channel 1.

    Sequences have 50 to 80 steps.
    """
    rng, X, reasons = np.random.default_rng(0), [], []
    y = np.arange(n_sequences) % 2
    for label in y:
        steps = rng.normal(size=(int(rng.integers(50, 81)), 3))
        mask = np.zeros(len(steps), bool)
        start = int(rng.integers(len(steps) - 5))
        mask[start : start + 6] = bool(label)
        steps[mask, 1] += 2.5
        X.append(steps)
        reasons.append([mask] if label else [])
    return Labelled(X, y, reasons)
