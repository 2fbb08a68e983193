import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skattn import Graph
from skattn.graph import ATOM_FEATURES, BOND_FEATURES, graphs_from_smiles

pytest.importorskip("rdkit")


def graph_of(smiles):
    (graph,) = graphs_from_smiles([smiles])
    return graph


def atoms(graph, *names):
    return graph.X[:, [ATOM_FEATURES.index(name) for name in names]].T


def bonds(graph, *names):
    return graph.edge_features[:, [BOND_FEATURES.index(name) for name in names]].T


def test_atoms_are_nodes_and_bonds_go_both_ways():
    ethanol = graph_of("CCO")
    assert ethanol.adjacency.toarray().tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert ethanol.X.shape == (3, len(ATOM_FEATURES))
    assert ethanol.edge_features.shape == (4, len(BOND_FEATURES))
    assert ethanol.X.dtype == ethanol.edge_features.dtype == np.float32


def test_atoms_have_features_of_their_element_and_bonds():
    ethanol = graph_of("CCO")
    carbon, oxygen = atoms(ethanol, "element_C", "element_O")
    assert_array_equal(carbon, [1, 1, 0])
    assert_array_equal(oxygen, [0, 0, 1])
    assert_array_equal(*atoms(ethanol, "degree_1"), [1, 0, 1])
    assert_array_equal(*atoms(ethanol, "hydrogens_3"), [1, 0, 0])
    assert_array_equal(*atoms(ethanol, "hybridisation_sp3"), [1, 1, 1])
    assert_allclose(*atoms(ethanol, "mass_in_100_dalton"), [0.12011, 0.12011, 0.15999])


def test_every_atom_has_one_value_of_each_one_hot_feature():
    graph = graph_of("F[P-](F)(F)(F)(F)F.[Na+].[H][H].*C#N.B.[SiH4].[U]")
    for group in ("element", "degree", "hydrogens", "hybridisation"):
        names = [name for name in ATOM_FEATURES if name.startswith(group)]
        assert_array_equal(atoms(graph, *names).sum(axis=0), 1)


def test_rare_elements_and_unknown_atoms_are_other():
    assert_array_equal(*atoms(graph_of("[Na+].*"), "element_other"), [1, 1])


def test_larger_counts_belong_to_the_last_one():
    phosphate = graph_of("F[P-](F)(F)(F)(F)F")
    assert_array_equal(*atoms(phosphate, "degree_6_or_more"), [0, 1, 0, 0, 0, 0, 0])
    assert_array_equal(*atoms(graph_of("C"), "hydrogens_4_or_more"), [1])


def test_charges_are_numbers():
    assert_array_equal(*atoms(graph_of("[Ca+2].[O-]C"), "formal_charge"), [2, -1, 0])


def test_rings_and_aromatic_bonds():
    toluene = graph_of("Cc1ccccc1")
    assert_array_equal(*atoms(toluene, "aromatic"), [0, 1, 1, 1, 1, 1, 1])
    assert_array_equal(*atoms(toluene, "in_ring"), [0, 1, 1, 1, 1, 1, 1])
    single, aromatic, in_ring = bonds(
        toluene, "bond_single", "bond_aromatic", "in_ring"
    )
    assert_array_equal(single, [1, 1, *[0] * 12])
    assert_array_equal(aromatic, 1 - single)
    assert_array_equal(in_ring, aromatic)


def test_bond_features_are_in_the_order_of_the_edges():
    graph = graph_of("C#CC=O")  # edges 01 10 12 21 23 32
    triple, double = bonds(graph, "bond_triple", "bond_double")
    assert_array_equal(triple, [1, 1, 0, 0, 0, 0])
    assert_array_equal(double, [0, 0, 0, 0, 1, 1])
    assert_array_equal(*bonds(graph, "conjugated"), [1] * 6)


def test_a_bond_of_a_rare_type_is_other():
    (other,) = bonds(graph_of("[NH3]->[Fe]"), "bond_other")
    assert_array_equal(other, [1, 1])


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [("C/C=C/C", [1, 0]), (r"C/C=C\C", [0, 1]), ("CC=CC", [0, 0])],
)
def test_double_bonds_have_their_stereo_configuration(smiles, expected):
    assert_array_equal(bonds(graph_of(smiles), "stereo_E", "stereo_Z")[:, 2], expected)


def test_chirality_does_not_depend_on_the_way_of_writing():
    names = ("chirality_R", "chirality_S")
    for alanine in ("N[C@@H](C)C(=O)O", "C[C@H](N)C(=O)O"):
        assert_array_equal(atoms(graph_of(alanine), *names).sum(axis=1), [0, 1])
    assert_array_equal(atoms(graph_of("NC(C)C(=O)O"), *names), np.zeros((2, 6)))


def test_parts_are_one_graph_without_edges_between_them():
    salt = graph_of("[Na+].[Cl-]")
    assert (salt.n_nodes, salt.n_edges) == (2, 0)
    assert salt.edge_features.shape == (0, len(BOND_FEATURES))


def test_many_molecules_equal_each_alone():
    smiles = ["c1ccccc1O", "C", "[Na+].[Cl-]", "CC(=O)Oc1ccccc1C(=O)O", "C=C"]
    for graph, text in zip(graphs_from_smiles(smiles), smiles, strict=True):
        alone = graph_of(text)
        assert_array_equal(graph.X, alone.X)
        assert_array_equal(graph.edge_features, alone.edge_features)
        assert_array_equal(graph.adjacency.toarray(), alone.adjacency.toarray())


def test_graphs_equal_those_the_constructor_makes():
    for graph in graphs_from_smiles(["Cc1ccccc1", "O", "C=CO"]):
        made = Graph(graph.adjacency, graph.X, edge_features=graph.edge_features)
        for part in ("data", "indices", "indptr"):
            ours, theirs = (getattr(g.adjacency, part) for g in (graph, made))
            assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype
        assert_array_equal(graph.edge_features, made.edge_features)
        assert_array_equal(graph.targets, made.targets)
        assert not graph.is_view


def test_graphs_pickle():
    graph = graph_of("CCO")
    assert_array_equal(pickle.loads(pickle.dumps(graph)).X, graph.X)


FRAME = pd.DataFrame({"smiles": ["CCO", "C"]}, index=[7, 9])


@pytest.mark.parametrize(
    "column",
    [
        ("CCO", "C"),
        FRAME["smiles"],
        FRAME,
        FRAME["smiles"].astype(object),
        np.array(["CCO", "C"]),
        np.array([["CCO"], ["C"]], dtype=object),
        [["CCO"], ["C"]],
    ],
)
def test_a_column_of_any_container_is_read(column):
    assert [graph.n_nodes for graph in graphs_from_smiles(column)] == [3, 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("C1CC", "invalid syntax"),
        ("[Xx]", "invalid syntax"),
        ("C(C)(C)(C)(C)C", "valence for atom # 0 C"),
        ("c1cccc1", "kekulize"),
        ("", r"\(empty\)"),
        (None, r"\(empty\)"),
        (np.nan, r"\(empty\)"),
        (pd.NA, r"\(empty\)"),
    ],
)
def test_an_invalid_smiles_is_an_error_that_names_its_row_and_reason(text, reason):
    with pytest.raises(ValueError, match=f"in row 1 .*{reason}.*on_invalid='nan'"):
        graphs_from_smiles(["C", text, "CC"])
    invalid = graphs_from_smiles(["C", text, "CC"], on_invalid="nan")[1]
    assert (invalid.n_nodes, invalid.n_edges) == (1, 0)


def test_the_error_counts_the_other_invalid_rows():
    with pytest.raises(ValueError, match=r"in row 0 .* and 2 more such rows"):
        graphs_from_smiles(["C(", "C", "C)", None])


def test_an_invalid_row_is_one_node_of_nan_and_no_other_row_is():
    first, invalid, last = graphs_from_smiles(["CO", "C(", "C"], on_invalid="nan")
    assert np.isnan(invalid.X).all()
    assert invalid.edge_features.shape == (0, len(BOND_FEATURES))
    assert_array_equal(first.X, graph_of("CO").X)
    assert_array_equal(last.X, graph_of("C").X)


def test_reading_writes_nothing_to_stderr(capfd):
    graphs_from_smiles(["C("], on_invalid="nan")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("on_invalid", ["raise", "nan"])
def test_an_entry_that_is_not_text_is_an_error_with_its_row(on_invalid):
    with pytest.raises(TypeError, match="string, got int in row 1"):
        graphs_from_smiles(["C", 5], on_invalid=on_invalid)


@pytest.mark.parametrize("single", ["CCO", None, 3])
def test_a_single_smiles_is_an_error_with_the_remedy(single):
    with pytest.raises(TypeError, match=r"must be a list.*\[smiles\]"):
        graphs_from_smiles(single)


def test_no_row_more_columns_and_unknown_choices_are_errors():
    with pytest.raises(ValueError, match="at least one SMILES"):
        graphs_from_smiles([])
    with pytest.raises(ValueError, match=r"one column of SMILES, got shape \(2, 2\)"):
        graphs_from_smiles([["C", "C"], ["C", "C"]])
    with pytest.raises(ValueError, match="on_invalid must be one of"):
        graphs_from_smiles(["C"], on_invalid="ignore")


def test_without_rdkit_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(ImportError, match=r"pip install 'skattn\[chem\]'"):
        graphs_from_smiles(["C"])
