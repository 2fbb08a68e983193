import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from skattn import GraphAttentionRegressor
from skattn.graph import ATOM_FEATURES, ATOM_LABELS, graphs_from_smiles
from skattn.preprocessing import MoleculeGraph, NodeTransformer

pytest.importorskip("rdkit")

SMILES = ["CCO", "c1ccccc1", "CC(=O)O", "CCCCCC", "C", "N#N", "CCN", "OCCO"]


def regressor():
    return GraphAttentionRegressor(hidden_dim=8, max_epochs=3, random_state=0)


def test_the_step_equals_the_function():
    graphs = MoleculeGraph().fit_transform(SMILES)
    for graph, other in zip(graphs, graphs_from_smiles(SMILES), strict=True):
        assert_array_equal(graph.X, other.X)
        assert_array_equal(graph.edge_features, other.edge_features)


@pytest.mark.parametrize("columns", ["smiles", ["smiles"]])
def test_a_model_is_fitted_on_a_column_of_a_frame(columns):
    df = pd.DataFrame({"smiles": SMILES, "y": np.arange(8.0)})
    model = make_pipeline(MoleculeGraph(), regressor()).fit(df[columns], df["y"])
    assert model.predict(df[columns][:3]).shape == (3,)


def test_feature_names_are_those_of_the_atoms():
    step = MoleculeGraph().fit(SMILES)
    assert tuple(step.get_feature_names_out()) == ATOM_FEATURES
    assert step.n_features_in_ == 1


def test_fit_refuses_other_input_than_a_column_of_text():
    with pytest.raises(TypeError, match="string, got float in row 0"):
        MoleculeGraph().fit(np.ones((3, 1)))
    with pytest.raises(ValueError, match="one column of SMILES"):
        MoleculeGraph().fit(pd.DataFrame({"a": ["C"], "b": ["C"]}))
    with pytest.raises(ValueError, match="'on_invalid' parameter"):
        MoleculeGraph(on_invalid="drop").fit(SMILES)


def test_an_invalid_molecule_is_an_error_that_names_its_row():
    model = make_pipeline(MoleculeGraph(), regressor())
    with pytest.raises(ValueError, match="'C1CC' in row 8"):
        model.fit([*SMILES, "C1CC"], np.arange(9.0))


@pytest.mark.parametrize("steps", [[], [NodeTransformer(SimpleImputer())]])
def test_an_invalid_molecule_has_missing_features(steps):
    molecules, y = [*SMILES, "C1CC"], np.arange(9.0)
    invalid = MoleculeGraph(on_invalid="nan")
    assert np.isnan(invalid.fit_transform(molecules)[-1].X).all()
    model = make_pipeline(invalid, *steps, regressor()).fit(molecules, y)
    assert np.isfinite(model.predict(molecules)).all()


def test_without_derived_features_molecules_come_back():
    step = MoleculeGraph(derived=False)
    graphs = step.fit_transform(SMILES)
    assert graphs[0].n_features == len(ATOM_LABELS) == 3
    assert tuple(step.get_feature_names_out()) == ATOM_LABELS
    assert step.inverse_transform(graphs) == SMILES
    cut = graphs[1].subgraph([0, 1, 2])
    broken = cut.with_features(np.array([[9, 0, 0]] * 3))
    assert step.inverse_transform([broken]) == [None]


def test_a_pipeline_inverts_its_steps():
    chem = make_pipeline(MoleculeGraph(derived=False)).fit(SMILES)
    assert chem.inverse_transform(chem.transform(["OCC"])) == ["CCO"]


def test_derived_features_have_no_inverse():
    step = MoleculeGraph().fit(SMILES)
    assert not hasattr(step, "inverse_transform")
    with pytest.raises(AttributeError, match="inverse_transform"):
        step.inverse_transform([])


def test_a_model_is_fitted_without_derived_features():
    model = make_pipeline(MoleculeGraph(derived=False), regressor())
    model.fit(SMILES, np.arange(8.0))
    assert model.predict(["CCO"]).shape == (1,)


def test_graphs_to_imitate_have_no_descriptors_by_default():
    (graph,) = MoleculeGraph(derived=False).fit_transform(["CCO"])
    assert graph.descriptors is None
    names = MoleculeGraph(derived=False, descriptors=["MolWt"])
    assert names.fit_transform(["CCO"])[0].descriptors is not None
