"""cis and trans 1,4-dimethylcyclohexane become one graph."""

from case import check

from skattn.graph import graphs_from_smiles

a, b = graphs_from_smiles(["C[C@H]1CC[C@@H](C)CC1", "C[C@H]1CC[C@H](C)CC1"])
same = (
    (a.X == b.X).all()
    and (a.edge_features == b.edge_features).all()
    and (a.adjacency != b.adjacency).nnz == 0
)
check(not same, "the two graphs differ")
