import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skattn import Graph
from skattn.graph import graphs_from_smiles, smiles_from_graphs

Chem = pytest.importorskip("rdkit.Chem")
logs = pytest.importorskip("rdkit.rdBase")


def canonical(smiles):
    with logs.BlockLogs():
        return [
            Chem.MolToSmiles(Chem.MolFromSmiles(text), isomericSmiles=False)
            for text in smiles
        ]


def graph_of(atoms, bonds):
    """Return the graph of atoms (labels) and bonds (atom, atom, order)."""
    adjacency = np.zeros((len(atoms), len(atoms)))
    for i, j, order in bonds:
        adjacency[i, j] = adjacency[j, i] = order
    return Graph(adjacency > 0, atoms, edge_features=adjacency[adjacency > 0][:, None])


CARBON, OXYGEN = (6, 0, 0), (8, 0, 0)


@pytest.mark.parametrize(
    "name",
    [
        "esol-smiles",
        "freesolv",
        pytest.param("bbbp", marks=pytest.mark.slow),
        pytest.param("clintox", marks=pytest.mark.slow),
    ],
)
def test_molecules_of_real_data_come_back(real_data, name):
    texts = [text for text in real_data(name)["smiles"].tolist() if is_read(text)]
    assert len(texts) > 600
    graphs = graphs_from_smiles(texts, derived=False)
    assert smiles_from_graphs(graphs) == canonical(texts)


def is_read(text):
    """Return whether a text is a molecule in which all bonds have an order."""
    with logs.BlockLogs():
        molecule = Chem.MolFromSmiles(text)
    if molecule is None:
        return False
    names = {bond.GetBondType().name for bond in molecule.GetBonds()}
    return names <= {"SINGLE", "DOUBLE", "TRIPLE", "AROMATIC"}


@pytest.mark.slow
def test_ten_thousand_small_molecules_come_back(real_data):
    texts = real_data("qm9-smiles")["train"][:10_000].tolist()
    graphs = graphs_from_smiles(texts, derived=False)
    assert smiles_from_graphs(graphs) == canonical(texts)


@pytest.mark.parametrize(
    "text",
    [
        "c1cc[nH]c1",
        "O=[N+]([O-])c1ccccc1",
        "[Na+].[Cl-]",
        "[CH3]",  # a radical
        "[CH2]",
        "[Fe]",
        "[SnH2]",
        "[H][H]",
        "*CC",
        "FP(F)(F)(F)F",
        "CS(C)(=O)=O",
        "[C-]#[O+]",
        "[BH4-]",
        "C$C",
        "C[n+]1ccccc1",
        "[13CH4]",
        "F/C=C/[C@H](O)C",
    ],
)
def test_charges_radicals_and_metals_come_back(text):
    found = smiles_from_graphs(graphs_from_smiles([text], derived=False))
    assert found == canonical([text])


def test_kekule_structures_of_one_molecule_have_one_text():
    atoms = [CARBON] * 6 + [OXYGEN, CARBON]
    tails = [(0, 6, 1), (1, 7, 1)]
    texts = smiles_from_graphs(
        [
            graph_of(atoms, [*ring, *tails])
            for ring in (
                [(k, (k + 1) % 6, 1 + k % 2) for k in range(6)],
                [(k, (k + 1) % 6, 2 - k % 2) for k in range(6)],
            )
        ]
    )
    assert texts == canonical(["Cc1ccccc1O"]) * 2


def test_pieces_are_kept():
    assert smiles_from_graphs([graph_of([CARBON, OXYGEN], [])]) == ["C.O"]


def test_frames_and_their_column_types_are_read():
    graph = graph_of([CARBON, OXYGEN], [(0, 1, 2)])
    frame = pd.DataFrame(graph.X, columns=["z", "charge", "hydrogens"])
    assert smiles_from_graphs([graph.with_features(frame)]) == ["C=O"]


INVALID = {
    "valence": graph_of([CARBON, OXYGEN], [(0, 1, 4)]),
    "bond order": graph_of([CARBON, CARBON], [(0, 1, 5)]),
    "atomic number": graph_of([(119, 0, 0)], []),
    "less than no hydrogens": graph_of([(6, 0, -5)], []),
    "not a whole number": graph_of([(6.5, 0, 0)], []),
    "a label is": graph_of([(np.nan, 0, 0)], []),
    "differs in its two directions": Graph(
        [[0, 1], [1, 0]], [CARBON, CARBON], edge_features=[1, 2]
    ),
    "two directions": Graph([[0, 1], [0, 0]], [CARBON, CARBON], edge_features=[1]),
    "a single atom": Graph([[1]], [CARBON], edge_features=[1]),
}


@pytest.mark.parametrize("reason", INVALID)
def test_what_is_no_molecule_is_none_or_an_error_with_the_reason(reason, capfd):
    graphs = [graph_of([CARBON], []), INVALID[reason]]
    assert smiles_from_graphs(graphs) == ["C", None]
    with pytest.raises(ValueError, match=rf"graph 1 is not: .*{reason}.*on_invalid="):
        smiles_from_graphs(graphs, on_invalid="raise")
    assert capfd.readouterr().err == ""


def test_graphs_with_other_columns_are_errors():
    with pytest.raises(ValueError, match=r"atomic_number.* got 40 and 11 columns in"):
        smiles_from_graphs(graphs_from_smiles(["CC"]))
    with pytest.raises(ValueError, match="got 3 and 0 columns in graph 0"):
        smiles_from_graphs([Graph([[0, 1], [1, 0]], [CARBON, CARBON])])
    with pytest.raises(ValueError, match="on_invalid must be one of"):
        smiles_from_graphs([], on_invalid="nan")
    with pytest.raises(TypeError, match="list of graphs is required"):
        smiles_from_graphs(graph_of([CARBON], []))


def test_labels_are_element_charge_hydrogens_and_orders():
    graph, radical = graphs_from_smiles(["[O-]C(=O)c1cc[nH]c1", "[CH3]"], derived=False)
    assert_array_equal(graph.X[0], [8, -1, 0])
    assert_array_equal(graph.X[1:, 0], [6, 8, 6, 6, 6, 7, 6])
    assert_array_equal(graph.X[1:, 1:], 0)
    assert_array_equal(radical.X, [[6, 0, -1]])
    assert graph.X.dtype == graph.edge_features.dtype == np.float32
    orders = np.zeros((8, 8))
    orders[graph.adjacency.nonzero()] = graph.edge_features[:, 0]
    assert_array_equal(orders, orders.T)
    assert_array_equal(np.triu(orders).sum(), 5 + 3 * 2)  # three double bonds
    assert set(np.unique(orders)) == {0, 1, 2}


def test_stereo_marks_are_lost_without_a_warning(recwarn):
    one, other = graphs_from_smiles(["F/C=C/F", r"F/C=C\F"], derived=False)
    graphs_from_smiles(["CC=[C@]=CC"], derived=False)
    assert_array_equal(one.X, other.X)
    assert_array_equal(one.edge_features, other.edge_features)
    assert not recwarn.list


def test_bonds_without_an_order_are_invalid():
    with pytest.raises(ValueError, match=r"in row 1 \(a bond without an order"):
        graphs_from_smiles(["C", "[NH3]->[Fe]"], derived=False)
    found = graphs_from_smiles(["C", "[NH3]->[Fe]"], derived=False, on_invalid="nan")
    assert np.isnan(found[1].X).all()
    assert found[1].X.shape == (1, 3)
    assert smiles_from_graphs(found) == ["C", None]


def test_descriptors_are_those_of_the_molecule():
    (graph,) = graphs_from_smiles(["CCO"], derived=False, descriptors=["MolWt"])
    assert graph.descriptors == pytest.approx([46.07], abs=0.01)
