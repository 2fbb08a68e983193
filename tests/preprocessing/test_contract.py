"""scikit-learn's conventions for transformers, on input that is not a table."""

import pickle

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_do_not_raise_errors_in_init_or_set_params,
    check_estimator_cloneable,
    check_estimator_repr,
    check_estimator_tags_renamed,
    check_get_params_invariance,
    check_mixin_order,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
    check_valid_tag_types,
)

from skattn import Graph
from skattn.preprocessing import (
    DescriptorTransformer,
    EdgeTransformer,
    MoleculeGraph,
    NodeTransformer,
    PositionalEncoding,
    SequenceGraph,
)
from skattn.preprocessing._inner_transformer import InnerTransformer

PATH = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
GRAPHS = [Graph(PATH, [[1.0], [2.0], [4.0]]), Graph(PATH, [[0.0], [5.0], [1.0]])]
WITH_EDGES = [
    Graph(g.adjacency, g.X, edge_features=[1.0, k, 3.0, 5.0])
    for k, g in enumerate(GRAPHS)
]
DESCRIBED = [g.with_descriptors([k]) for k, g in enumerate(GRAPHS)]
CASES = [
    (DescriptorTransformer(StandardScaler()), DESCRIBED),
    (EdgeTransformer(StandardScaler()), WITH_EDGES),
    (NodeTransformer(StandardScaler()), GRAPHS),
    (PositionalEncoding(kind="laplacian", n_components=2), GRAPHS),
    (SequenceGraph(connect="causal", window=2), [np.ones((3, 1)), np.ones((1, 1))]),
    (MoleculeGraph(on_invalid="nan"), ["CCO", "C"]),
    (MoleculeGraph(derived=False), ["CCO", "C"]),
]
names = [type(transformer).__name__ for transformer, _ in CASES]
each = pytest.mark.parametrize(("transformer", "X"), CASES, ids=names)


@pytest.fixture(autouse=True)
def _chemistry(request):
    if "MoleculeGraph" in request.node.name:
        pytest.importorskip("rdkit")


def same(graphs, others):
    for graph, other in zip(graphs, others, strict=True):
        assert_array_equal(graph.X, other.X)
        assert_array_equal(graph.adjacency.toarray(), other.adjacency.toarray())
        if graph.edge_features is not None:
            assert_array_equal(graph.edge_features, other.edge_features)
        if graph.descriptors is not None:
            assert_array_equal(graph.descriptors, other.descriptors)


@each
@pytest.mark.parametrize(
    "check",
    [
        check_do_not_raise_errors_in_init_or_set_params,
        check_estimator_cloneable,
        check_estimator_repr,
        check_estimator_tags_renamed,
        check_get_params_invariance,
        check_mixin_order,
        check_no_attributes_set_in_init,
        check_set_params,
        check_valid_tag_types,
    ],
)
def test_parameters_and_tags_keep_sklearns_contract(check, transformer, X):
    check(type(transformer).__name__, clone(transformer))


@each
def test_all_parameters_have_defaults_but_for_the_transformer_inside(transformer, X):
    if not isinstance(transformer, InnerTransformer):
        name = type(transformer).__name__
        check_parameters_default_constructible(name, type(transformer)())


@each
def test_a_clone_has_the_parameters_and_is_not_fitted(transformer, X):
    fitted = clone(transformer).fit(X)
    copied = clone(fitted)
    assert str(copied.get_params()) == str(transformer.get_params())
    assert not [name for name in vars(copied) if name.endswith("_")]


@each
def test_fit_returns_itself_and_sets_only_names_that_end_in_an_underscore(
    transformer, X
):
    transformer = clone(transformer)
    before = dict(vars(transformer))
    assert transformer.fit(X) is transformer
    learned = set(vars(transformer)) - set(before)
    assert learned
    assert all(name.endswith("_") for name in learned)
    assert {name: vars(transformer)[name] for name in before} == before


@each
def test_methods_need_fit(transformer, X):
    unfitted = clone(transformer)
    with pytest.raises(NotFittedError):
        unfitted.transform(X)
    with pytest.raises(NotFittedError):
        unfitted.get_feature_names_out()


@each
def test_transform_is_deterministic_and_equals_fit_transform(transformer, X):
    transformer = clone(transformer)
    at_once = transformer.fit_transform(X)
    same(at_once, transformer.transform(X))
    same(at_once, transformer.fit(X).transform(X))


@each
def test_rows_do_not_depend_on_each_other(transformer, X):
    transformer = clone(transformer).fit(X)
    together = transformer.transform(X)
    same(together[1:], transformer.transform(X[1:]))


@each
def test_feature_names_are_as_many_as_columns(transformer, X):
    transformer = clone(transformer)
    graphs = transformer.fit_transform(X)
    named = transformer.get_feature_names_out()
    assert named.dtype == object
    of_edges = isinstance(transformer, EdgeTransformer)
    n_features = graphs[0].n_edge_features if of_edges else graphs[0].n_features
    assert len(named) == len(set(named)) == n_features


@each
@pytest.mark.parametrize("container", ["default", "pandas"])
def test_set_output_keeps_graphs(transformer, X, container):
    transformer = clone(transformer)
    pipeline = make_pipeline(transformer, "passthrough")
    assert transformer.set_output(transform=container) is transformer
    pipeline.set_output(transform=container)
    assert all(isinstance(graph, Graph) for graph in pipeline.fit_transform(X))
    with sklearn.config_context(transform_output=container):
        assert all(isinstance(graph, Graph) for graph in pipeline.fit_transform(X))


@each
def test_a_fitted_transformer_pickles(transformer, X):
    transformer = clone(transformer).fit(X)
    again = pickle.loads(pickle.dumps(transformer))
    same(again.transform(X), transformer.transform(X))


@each
def test_parameters_can_be_set(transformer, X):
    for name, value in transformer.get_params(deep=False).items():
        changed = clone(transformer).set_params(**{name: value})
        assert str(changed.get_params()[name]) == str(value)
    with pytest.raises(ValueError, match="Invalid parameter"):
        clone(transformer).set_params(unknown=1)
