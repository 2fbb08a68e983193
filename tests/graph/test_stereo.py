import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skattn.graph import ATOM_FEATURES, BOND_FEATURES, graphs_from_smiles
from skattn.preprocessing import MoleculeGraph

Chem = pytest.importorskip("rdkit.Chem")


def graph_of(smiles):
    (graph,) = graphs_from_smiles([smiles])
    return graph


def atoms(graph, *names):
    return graph.X[:, [ATOM_FEATURES.index(name) for name in names]].T


def bonds(graph, *names):
    return graph.edge_features[:, [BOND_FEATURES.index(name) for name in names]].T


def stereo(graph):
    """The stereo features of a graph, atoms and bonds in any order."""
    labels = [f"chirality_{label}" for label in "RSrs"]
    of_atoms = sorted(atoms(graph, *labels).T.tolist())
    of_bonds = bonds(graph, *(f"stereo_{label}" for label in "EZez")).T.tolist()
    return of_atoms, sorted(of_bonds)


RING_ISOMERS = [
    ("C[C@H]1CC[C@@H](C)CC1", "C[C@H]1CC[C@H](C)CC1"),
    ("C[C@H]1C[C@H](F)C1", "C[C@H]1C[C@@H](F)C1"),
    ("C1CC[C@H]2CCCC[C@H]2C1", "C1CC[C@H]2CCCC[C@@H]2C1"),
    (
        "O[C@H]1[C@H](O)[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
        "O[C@H]1[C@H](O)[C@H](O)[C@H](O)[C@H](O)[C@H]1O",
    ),
    (r"C1CCC/C=C\CC1", "C1CCC/C=C/CC1"),
]
# marks that depend on each other
DEPENDENT_ISOMERS = [
    ("C/C=C1/CC[C@H](C)CC1", "C/C=C1/CC[C@@H](C)CC1"),
    ("C[C@H]1CC/C(=C2/CC[C@H](C)CC2)/CC1", "C[C@H]1CC/C(=C2/CC[C@@H](C)CC2)/CC1"),
    ("C[C@H]1CC[C@]2(CC1)CC[C@H](C)CC2", "C[C@H]1CC[C@@]2(CC1)CC[C@H](C)CC2"),
]


@pytest.mark.parametrize(("one", "other"), RING_ISOMERS + DEPENDENT_ISOMERS)
def test_isomers_of_rings_are_different_graphs(one, other):
    first, second = graphs_from_smiles([one, other])
    assert stereo(first) != stereo(second)


@pytest.mark.parametrize("smiles", [text for pair in RING_ISOMERS for text in pair])
def test_ring_stereo_does_not_depend_on_the_order_of_atoms(smiles):
    molecule, rng = Chem.MolFromSmiles(smiles), np.random.default_rng(0)
    orders = [rng.permutation(molecule.GetNumAtoms()).tolist() for _ in range(10)]
    texts = [
        Chem.MolToSmiles(Chem.RenumberAtoms(molecule, order), canonical=False)
        for order in orders
    ]
    assert len(set(texts)) > 1
    for graph in graphs_from_smiles(texts):
        assert stereo(graph) == stereo(graph_of(smiles))


def test_ring_centres_have_labels_of_pseudo_asymmetry():
    cis, trans = (graph_of(text) for text in RING_ISOMERS[0])
    names = ("chirality_R", "chirality_S", "chirality_r", "chirality_s")
    assert_array_equal(atoms(cis, *names).sum(axis=1), [0, 0, 0, 2])
    assert_array_equal(atoms(trans, *names).sum(axis=1), [0, 0, 2, 0])


def test_two_ways_of_writing_dependent_marks_are_one_isomer():
    one, other = graphs_from_smiles([r"C/C=C1\CC[C@H](C)CC1", "C/C=C1/CC[C@@H](C)CC1"])
    assert stereo(one) == stereo(other)


def test_labels_follow_the_rules_for_sulfoxides_and_long_chains():
    # RDKit's older labels of both are wrong
    assert_array_equal(atoms(graph_of("C[S@](=O)c1ccccc1"), "chirality_S").sum(), 1)
    sulindac = graph_of(r"CC\1=C(c2cc(ccc2/C1=C\c3ccc(cc3)S(=O)C)F)CC(=O)O")
    assert_array_equal(bonds(sulindac, "stereo_Z").sum(), 2)


def test_marks_without_a_meaning_are_no_labels(recwarn):
    for smiles in ("C[C@H](C)C", "C[N@](CC)CCC", "C/C=C(/C)C"):
        of_atoms, of_bonds = stereo(graph_of(smiles))
        assert not np.any(of_atoms)
        assert not np.any(of_bonds)
    assert not recwarn.list


@pytest.mark.parametrize(
    "smiles", ["CC=[C@]=CC", "C[Pt@SP1](F)(Cl)Br", "F[S@OH1](Cl)(Br)(I)(O)C"]
)
def test_rows_that_lose_their_stereo_are_counted(smiles):
    texts = ["C", smiles, "N[C@@H](C)C(=O)O", smiles]
    with pytest.warns(UserWarning, match=r"2 of 4 SMILES .* in row 1.*features"):
        graphs_from_smiles(texts)


def test_molecules_too_symmetric_for_labels_are_counted(monkeypatch):
    monkeypatch.setattr("skattn.graph._stereo._MAX_ITERATIONS", 1)
    smiles = "CC[C@H](C)C(=O)O[C@H]1C[C@H](O)C=C2C=C[C@H](C)[C@H](CC)[C@@H]12"
    with pytest.warns(UserWarning, match="1 of 1 SMILES"):
        graph = graph_of(smiles)
    assert not np.any(stereo(graph)[0])


def test_marked_hydrogens_keep_the_order_of_atoms():
    marked, plain = graphs_from_smiles(["[H][C@](C)(F)Cl", "C[C@@H](F)Cl"])
    assert marked.n_nodes == plain.n_nodes == 4
    assert_array_equal(*atoms(marked, "chirality_S"), [1, 0, 0, 0])
    assert_array_equal(*atoms(plain, "chirality_S"), [0, 1, 0, 0])


def test_transformer_warns_as_the_function_does():
    with pytest.warns(UserWarning, match="1 of 2 SMILES have stereo marks without"):
        MoleculeGraph().fit_transform(["C", "CC=[C@@]=CC"])


def test_molecules_without_marks_have_no_labels_and_no_warning(recwarn):
    for graph in graphs_from_smiles(["CC1CCC(C)CC1", "CC=CC", "CC(F)Cl", "C=C=C"]):
        of_atoms, of_bonds = stereo(graph)
        assert not np.any(of_atoms)
        assert not np.any(of_bonds)
    assert not recwarn.list
