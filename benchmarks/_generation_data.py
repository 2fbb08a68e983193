"""Graphs of the benchmark of generation."""

from itertools import pairwise

import numpy as np
from scipy import sparse

from benchmarks._data import load
from skattn import Graph
from skattn.graph import ATOM_LABELS
from skattn.preprocessing import MoleculeGraph


def random_graph(n_nodes, p, rng):
    """Draw a graph in which every edge has probability p."""
    upper = np.triu(rng.random((n_nodes, n_nodes)) < p, 1)
    return Graph((upper | upper.T).astype(float))


def preferential(n_nodes, n_links, rng):
    """Draw a graph in which nodes link to `n_links` earlier ones, by degree."""
    adjacency = np.zeros((n_nodes, n_nodes))
    for node in range(n_links, n_nodes):
        weight = adjacency[:node].sum(1) + 1
        old = rng.choice(node, n_links, replace=False, p=weight / weight.sum())
        adjacency[node, old] = adjacency[old, node] = 1
    return Graph(adjacency)


def configuration_model(graph, rng):
    """Pair the ends of all edges at random; loops and repeated edges are left out."""
    degrees = np.diff(graph.adjacency.indptr)
    ends = rng.permutation(np.repeat(np.arange(graph.n_nodes), degrees))
    adjacency = np.zeros((graph.n_nodes, graph.n_nodes))
    adjacency[ends[::2], ends[1::2]] = 1
    np.fill_diagonal(adjacency, 0)
    return Graph(np.maximum(adjacency, adjacency.T))


def stored_graphs(name):
    """Load the graphs of a file gen-*.npz, with edges in one direction."""
    arrays = load(name)
    ptr, ends = arrays["node_ptr"], (arrays["edge_u"], arrays["edge_v"])
    n = int(ptr[-1])
    one_way = sparse.coo_array((np.ones(len(ends[0])), ends), shape=(n, n)).tocsr()
    both = (one_way + one_way.T).tocsr()
    both.data[:] = 1
    cuts = [slice(a, b) for a, b in pairwise(ptr)]
    return [Graph(both[cut][:, cut]) for cut in cuts]


# ---- molecules -----------------------------------------------------------------------


def molecules(smiles, *, neutral=False):
    """Convert SMILES to graphs without derived features, or the neutral ones alone."""
    graphs = MoleculeGraph(derived=False).fit_transform(list(map(str, smiles)))
    charge = ATOM_LABELS.index("formal_charge")
    return [graph for graph in graphs if not (neutral and graph.X[:, charge].any())]


def n_rings(graph):
    """Count the independent rings of a connected graph."""
    return graph.n_edges // 2 - graph.n_nodes + 1
