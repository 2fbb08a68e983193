"""The real data of the benchmarks, as graphs and answers."""

import os
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import normalize

from skattn import Graph

FOLDER = Path(
    os.environ.get("SKATTN_DATA", Path(__file__).parents[2] / "shared" / "data")
)


def load(name):
    """Read one file of the data folder."""
    path = FOLDER / f"{name}.npz"
    if not path.exists():
        raise SystemExit(f"{path} must exist; set SKATTN_DATA to the folder with it.")
    return np.load(path, allow_pickle=False)


def matrix(arrays, prefix):
    """Make a sparse matrix of 1s of its CSR parts."""
    indices = arrays[f"{prefix}_indices"].astype(np.int32)
    parts = np.ones(len(indices), np.float32), indices, arrays[f"{prefix}_indptr"]
    return sp.csr_array(parts, shape=tuple(arrays[f"{prefix}_shape"]))


def cora():
    """Load Cora: row-normalised words, and the public split's three masks."""
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
    """Load the weather stations: where they are, and two temperatures of each."""
    arrays = load("weather-us")
    adjacency = sp.csr_array(
        tuple(arrays[f"adjacency_{part}"] for part in ("data", "indices", "indptr")),
        shape=tuple(arrays["adjacency_shape"]),
    )
    X = np.column_stack([arrays["coordinates"], arrays["elevation_m"]])
    seasons = ("winter", "summer")
    temperatures = [arrays[f"{s}_temperature_midrange_c"] for s in seasons]
    return Graph(adjacency, X), np.column_stack(temperatures)
