import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skattn.graph import graphs_from_smiles
from skattn.preprocessing import MoleculeGraph

pytest.importorskip("rdkit")


def test_descriptors_of_rdkit_are_chosen_by_name():
    water, benzene = graphs_from_smiles(
        ["O", "c1ccccc1"], descriptors=["MolWt", "RingCount"]
    )
    assert water.descriptors == pytest.approx([18.015, 0], abs=1e-3)
    assert benzene.descriptors == pytest.approx([78.114, 1], abs=1e-3)
    assert benzene.descriptor_names == ("MolWt", "RingCount")
    assert graphs_from_smiles(["O"])[0].descriptors is None


def test_auto_is_eight_descriptors_of_every_molecule():
    (aspirin, _) = MoleculeGraph().fit_transform(["CC(=O)Oc1ccccc1C(=O)O", "O"])
    found = dict(zip(aspirin.descriptor_names, aspirin.descriptors, strict=True))
    assert found == pytest.approx(
        {
            "MolWt": 180.159,
            "MolLogP": 1.3101,
            "TPSA": 63.6,
            "NumHDonors": 1,
            "NumHAcceptors": 3,
            "NumRotatableBonds": 2,
            "RingCount": 1,
            "FractionCSP3": 1 / 9,
        },
        abs=1e-3,
    )
    (same,) = graphs_from_smiles(["CC(=O)Oc1ccccc1C(=O)O"], descriptors="auto")
    assert_array_equal(same.descriptors, aspirin.descriptors)
    (none,) = MoleculeGraph(descriptors=None).fit_transform(["O"])
    assert none.descriptors is None


@pytest.mark.parametrize("smiles", ["[Na+].[Cl-]", "[H][H]", "[Fe]", "*", "CC.[Pt]"])
def test_auto_is_finite_for_unusual_molecules(smiles):
    (graph,) = MoleculeGraph().fit_transform([smiles])
    assert np.isfinite(graph.descriptors).all()


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (lambda molecule: [molecule.GetNumAtoms(), 1], None),
        (
            lambda molecule: {"atoms": molecule.GetNumAtoms(), "one": 1},
            ("atoms", "one"),
        ),
    ],
)
def test_a_function_describes_each_molecule(function, names):
    graphs = MoleculeGraph(descriptors=function).fit_transform(["CO", "CCO"])
    assert [graph.descriptors.tolist() for graph in graphs] == [[2, 1], [3, 1]]
    assert graphs[0].descriptor_names == names


def test_unknown_names_are_an_error_with_similar_ones():
    for use in (
        lambda: graphs_from_smiles(["O"], descriptors=["MolLogp"]),
        lambda: MoleculeGraph(descriptors=["MolLogp"]).fit(["O"]),
    ):
        with pytest.raises(ValueError, match=r"got 'MolLogp'\. Did you mean MolLogP"):
            use()


@pytest.mark.parametrize("wanted", ["MolWt", 3])
def test_other_objects_are_a_type_error(wanted):
    with pytest.raises(TypeError, match="descriptors must be a list of names"):
        graphs_from_smiles(["O"], descriptors=wanted)


def test_results_of_a_function_are_checked():
    with pytest.raises(TypeError, match=r"must return.*got None for 'CO' in row 0"):
        graphs_from_smiles(["CO"], descriptors=lambda molecule: None)
    with pytest.raises(ValueError, match="one-dimensional") as error:
        graphs_from_smiles(["CO"], descriptors=lambda molecule: 3.0)
    assert "molecule 'CO' in row 0" in error.value.__notes__[0]


@pytest.mark.parametrize("wanted", [["MolWt"], lambda molecule: {"MolWt": 1.0}])
def test_descriptors_of_invalid_molecules_are_nan(wanted):
    for smiles in (["O", "no"], ["no", "O"], ["no"]):
        graphs = graphs_from_smiles(smiles, on_invalid="nan", descriptors=wanted)
        nan = [np.isnan(graph.descriptors).all() for graph in graphs]
        assert_array_equal(nan, [text == "no" for text in smiles])
        assert {graph.descriptor_names for graph in graphs} == {("MolWt",)}
        assert np.isnan(graphs[smiles.index("no")].X).all()


def test_without_rdkit_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(ImportError, match=r"pip install 'skattn\[chem\]'"):
        MoleculeGraph(descriptors=["MolWt"]).fit(["C"])
