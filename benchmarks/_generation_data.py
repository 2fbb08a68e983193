"""Graphs of the benchmark of generation, and molecules as graphs and back."""

from itertools import pairwise

import numpy as np
from scipy import sparse

from benchmarks._data import load
from skattn import Graph

BONDS = (1, 2, 3)
"""Orders of the bonds of a Kekulé formula."""


def tree(n_nodes, rng):
    """Draw a tree uniformly of all numbered ones, by its Prüfer sequence."""
    sequence = rng.integers(0, n_nodes, n_nodes - 2).tolist()
    degree = np.bincount(sequence, minlength=n_nodes) + 1
    adjacency = np.zeros((n_nodes, n_nodes))
    for node in sequence:
        leaf = int(np.argmax(degree == 1))
        adjacency[node, leaf] = adjacency[leaf, node] = 1
        degree[[node, leaf]] -= 1
    last = np.flatnonzero(degree == 1)
    adjacency[last, last[::-1]] = 1
    return Graph(adjacency)


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
    """Convert SMILES to graphs: element and charge of atoms, orders of Kekulé bonds."""
    from rdkit import Chem  # noqa: PLC0415 - for two rows only

    graphs = []
    for text in smiles:
        molecule = Chem.MolFromSmiles(str(text))
        if molecule is None:
            continue
        atoms = [(a.GetAtomicNum(), a.GetFormalCharge()) for a in molecule.GetAtoms()]
        if neutral and any(charge for _, charge in atoms):
            continue
        Chem.Kekulize(molecule, clearAromaticFlags=True)
        orders = np.zeros((len(atoms),) * 2)
        for bond in molecule.GetBonds():
            ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            orders[ends] = orders[ends[::-1]] = bond.GetBondTypeAsDouble()
        features = orders[orders > 0][:, None]
        X = np.array(atoms, float)
        graphs.append(Graph((orders > 0).astype(float), X, edge_features=features))
    return graphs


def smiles_of(graph):
    """Convert a graph of :func:`molecules` to SMILES, None if RDKit refuses it."""
    from rdkit import Chem, RDLogger  # noqa: PLC0415

    RDLogger.DisableLog("rdApp.*")
    types = dict(
        zip(BONDS, (Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE),
            strict=True)
    )  # fmt: skip
    molecule = Chem.RWMol()
    for element, charge in graph.X:
        atom = Chem.Atom(int(element))
        atom.SetFormalCharge(int(charge))
        molecule.AddAtom(atom)
    edges = graph.adjacency.tocoo()
    orders = graph.edge_features[:, 0]
    for i, j, order in zip(edges.row, edges.col, orders, strict=True):
        if i < j:
            molecule.AddBond(int(i), int(j), types[int(order)])
    try:
        Chem.SanitizeMol(molecule)
    except ValueError:
        return None
    return Chem.MolToSmiles(molecule)
