"""Real data sets of the benchmarks: graphs and labels."""

import os
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import OneHotEncoder, normalize

from skattn import Graph

FOLDER = Path(
    os.environ.get("SKATTN_DATA", Path(__file__).parents[2] / "shared" / "data")
)


def load(name):
    """Read a file of the data folder."""
    path = FOLDER / f"{name}.npz"
    if not path.exists():
        raise SystemExit(
            f"{path} must exist; set SKATTN_DATA to the folder that contains it."
        )
    return np.load(path, allow_pickle=False)


def matrix(arrays, prefix):
    """Make a sparse 0/1 matrix from its CSR arrays."""
    indices = arrays[f"{prefix}_indices"].astype(np.int32)
    parts = np.ones(len(indices), np.float32), indices, arrays[f"{prefix}_indptr"]
    return sp.csr_array(parts, shape=tuple(arrays[f"{prefix}_shape"]))


def cora():
    """Load Cora with row-normalised words, and the three masks of the public split."""
    arrays = load("cora")
    words = normalize(matrix(arrays, "x"), norm="l1")
    masks = [arrays[f"{part}_mask"] for part in ("train", "val", "test")]
    return Graph(matrix(arrays, "adj"), words), arrays["y"], masks


def minesweeper():
    """Load minesweeper, and three masks for each of its ten splits."""
    arrays = load("het-minesweeper")
    masks = [arrays[f"{part}_masks"] for part in ("train", "val", "test")]
    graph = Graph(matrix(arrays, "adj"), arrays["x"])
    return graph, arrays["y"], list(zip(*masks, strict=True))


def weather():
    """Load the weather stations: coordinates and elevation, and two temperatures."""
    arrays = load("weather-us")
    adjacency = sp.csr_array(
        tuple(arrays[f"adjacency_{part}"] for part in ("data", "indices", "indptr")),
        shape=tuple(arrays["adjacency_shape"]),
    )
    X = np.column_stack([arrays["coordinates"], arrays["elevation_m"]])
    seasons = ("winter", "summer")
    temperatures = [arrays[f"{s}_temperature_midrange_c"] for s in seasons]
    return Graph(adjacency, X), np.column_stack(temperatures)


def mutag():
    """Load MUTAG: molecules with one-hot elements and bonds, and mutagenicity."""
    arrays = load("mutag")
    elements = np.eye(len(arrays["node_label_values"]))[arrays["node_label"]]
    bonds = np.eye(arrays["edge_label"].max() + 1)[arrays["edge_label"]]
    return graphs(arrays, elements, bonds), arrays["y"]


def enzymes():
    """Load ENZYMES: protein graphs with 18 attributes and one-hot node labels."""
    arrays = load("enzymes")
    kinds = np.eye(len(arrays["node_label_values"]))[arrays["node_label"]]
    return graphs(arrays, np.hstack([arrays["node_attr"], kinds])), arrays["y"]


def esol():
    """Load ESOL: molecules with one-hot features of atoms and bonds, and solubility."""
    arrays = load("esol")
    atoms, bonds = (
        OneHotEncoder(sparse_output=False).fit_transform(arrays[f"{part}_feat"])
        for part in ("node", "edge")
    )
    return graphs(arrays, atoms, bonds), arrays["y"][:, 0]


def basic_motions():
    """Load BasicMotions: recordings (n, 6 channels, 100 steps) and activities."""
    arrays = load("ts-basicmotions")
    return [(arrays[f"X_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")]


def expressive():
    """Load all connected graphs of 8 nodes."""
    adjacencies = np.unpackbits(load("expressive")["graph8c_adj"], axis=1)
    return [Graph(adjacency) for adjacency in adjacencies.reshape(-1, 8, 8)]


def graphs(arrays, X, edge_features=None):
    """Split a table of nodes and a table of edges into graphs."""
    node_ptr = arrays["node_ptr"]
    receivers, senders = arrays["edge_src"], arrays["edge_dst"]
    of_edge = np.searchsorted(node_ptr, receivers, side="right") - 1
    edge_ptr = np.searchsorted(of_edge, np.arange(len(node_ptr)))
    made = []
    for g, start in enumerate(node_ptr[:-1]):
        nodes = slice(start, node_ptr[g + 1])
        edges = slice(edge_ptr[g], edge_ptr[g + 1])
        made.append(
            Graph.from_edges(
                np.column_stack([receivers[edges], senders[edges]]) - start,
                X[nodes],
                edge_features=None if edge_features is None else edge_features[edges],
            )
        )
    return made
