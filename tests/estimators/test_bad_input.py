"""Invalid input is an error before training and leaves the estimator unchanged."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import (
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.estimators import _transaction


@pytest.fixture
def small(small):
    return partial(small, max_epochs=2)


@pytest.fixture
def fails(small, table, monkeypatch):
    """Return a function that checks that a refit fails without training or changes."""

    def check(
        error, message, X, y, *, cls=GraphAttentionClassifier, params=None, **fit
    ):
        old_X, old_y = table
        estimator = small(cls).fit(old_X, old_y)
        estimator.set_params(**(params or {}))
        before = dict(vars(estimator))
        answers = small(cls).fit(old_X, old_y).predict(old_X)
        with monkeypatch.context() as patch:
            patch.setattr(_transaction, "train", _must_not_train)
            with pytest.raises(error, match=message):
                estimator.fit(X, y, **fit)
        assert vars(estimator) == before
        estimator.set_params(graph=None, device="cpu", unlabeled=None)
        np.testing.assert_array_equal(estimator.predict(old_X), answers)

    return check


def _must_not_train(*args, **kwargs):
    raise AssertionError("training started")


# ---- the adjacency -----------------------------------------------------------


def changed(matrix, value):
    matrix = matrix.copy()
    matrix[2, 3] = value
    return matrix


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda A: A[:, :30], ValueError, r"square.*\(40, 30\).*keep it whole"),
        (
            lambda A: A[:30],
            ValueError,
            r"square.*\(30, 40\).*sliced by rows.*both axes",
        ),
        (
            lambda A: A[:30, :30],
            ValueError,
            r"one row per row of X \(40\).*\(30, 30\).*belongs to this adjacency",
        ),
        (lambda A: changed(A, np.nan), ValueError, r"finite.*nan.*edge_features="),
        (lambda A: changed(A, np.inf), ValueError, r"finite.*inf.*edge_features="),
        (lambda A: changed(A, -1), ValueError, r"negative.*-1.*edge_features="),
        (lambda A: A.astype(complex), (TypeError, ValueError), r"real.*complex"),
        (lambda A: "knn", TypeError, r"square matrix.*str"),
        (lambda A: {0: [1]}, TypeError, r"square matrix.*dict"),
        (lambda A: Graph(A), TypeError, r"matrix, got a Graph.*as X"),
        (lambda A: A[0], ValueError, r"square|two-dim"),
    ],
    ids=[
        "not square",
        "row-sliced",
        "other rows",
        "nan",
        "inf",
        "negative",
        "complex",
        "string",
        "dict",
        "graph",
        "one-dimensional",
    ],
)
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array], ids=["dense", "csr"])
def test_an_invalid_adjacency_is_refused(
    fails, table, adjacency, change, error, message, container
):
    X, y = table
    given = change(adjacency)
    if container is sp.csr_array and not isinstance(given, np.ndarray):
        pytest.skip("not a matrix at all")
    if isinstance(given, np.ndarray) and given.ndim == 2:
        given = container(given)
    fails(error, f"(?s){message}", X, y, adjacency=given)


def test_indices_out_of_range_are_refused(fails, table):
    X, y = table
    bad = sp.csr_array((40, 40))
    bad.indices = np.array([2**40], dtype=np.int64)
    bad.indptr = np.array([0] + [1] * 40, dtype=np.int64)
    bad.data = np.ones(1)
    fails(ValueError, r"(?s)ind(ex|ices).*(40|1099511627776)", X, y, adjacency=bad)


def test_an_edge_list_must_name_known_nodes(table):
    with pytest.raises(ValueError, match=r"(?s)'z'.*nodes"):
        Graph.from_edges([("a", "z")], nodes=["a", "b"])
    with pytest.raises(ValueError, match=r"(?s)40"):
        Graph.from_edges([(0, 40)], table[0])


@pytest.mark.parametrize("graph", ["cora", {0: [1]}, np.eye(40)])
def test_the_parameter_graph_must_be_a_graph(small, table, graph):
    with pytest.raises((TypeError, ValueError), match=r"'graph' parameter.*Graph"):
        small(graph=graph).fit(*table)


# ---- labels ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "params", "message"),
    [
        (lambda y: y[:-1], {}, r"X \(40\), got 39.*Slice both alike"),
        (lambda y: 0 * y, {}, r"at least two classes, got one class: \[0\]"),
        (
            lambda y: 2 * y - 1,
            {"unlabeled": -1},
            r"at least two classes, got one class besides unlabeled=-1: \[1\]",
        ),
        (
            lambda y: 0 * y - 1,
            {"unlabeled": -1},
            r"labelled entries, got none among 40 rows, with unlabeled=-1",
        ),
        (lambda y: y + 0.5, {}, "Unknown label type: continuous"),
        (lambda y: np.where(y, np.nan, 0.0), {}, "NaN"),
        (lambda y: None, {}, "requires y to be passed"),
        (
            lambda y: np.stack([y, 2 * y], 1),
            {},
            "got multiclass-multioutput.*one classifier per column",
        ),
    ],
    ids=["length", "one class", "-1 and 1", "none known", "numbers", "nan", "no", "2"],
)
def test_invalid_classes_are_refused(fails, graph, y, answers, params, message):
    fails(ValueError, message, graph, answers(y), params=params)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (lambda y: y[:-1], r"X \(40\), got 39.*Slice both alike"),
        (lambda y: np.where(y, np.inf, 0), r"finite.*unlabeled=float\('nan'\)"),
        (lambda y: np.where(y, np.nan, 0), r"missing.*unlabeled=float\('nan'\)"),
        (lambda y: y * 1j, "real numbers"),
        (lambda y: np.array(["a", "b"])[y], r"must be numbers.*use a classif"),
        (lambda y: None, "requires y to be passed"),
    ],
    ids=["length", "inf", "nan", "complex", "words", "none"],
)
def test_invalid_numbers_are_refused(fails, graph, y, answers, message):
    fails(ValueError, message, graph, answers(y), cls=GraphAttentionRegressor)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(39), r"sample_weight.shape == \(39,\)"),
        (np.full(40, -1.0), "Negative values"),
        (np.zeros(40), "zero"),
        (np.full(40, np.nan), "NaN"),
        (np.nan, "finite.*got nan"),
        (np.inf, "finite.*got inf"),
        (np.full(40, 1e200), r"between 1e-30 and 1e\+30, got 1e\+200.*ratios"),
        (np.full(40, 1e-200), r"between 1e-30 and 1e\+30, got 1e-200.*ratios"),
        (np.ma.masked_array(np.ones(40), np.arange(40) < 3), "a mask of 3"),
    ],
)
def test_invalid_sample_weights_are_refused(fails, graph, y, weight, message):
    fails(ValueError, message, graph, y, sample_weight=weight)


@pytest.mark.parametrize("weight", [1j, np.complex64(1), [1j] * 40, np.full(40, 1j)])
def test_complex_sample_weights_are_refused(fails, graph, y, weight):
    fails(TypeError, "sample_weight must hold (real )?numbers", graph, y,
          sample_weight=weight)  # fmt: skip


def test_texts_beside_bytes_are_refused(fails, graph):
    fails(ValueError, "one type, got texts and bytes", graph, ["a", b"b"] * 20)


def test_masked_entries_are_refused(fails, table, adjacency):
    X, y = table
    masked = np.ma.masked_array(X, X > 1)
    message = r"without masked entries, got a mask of \d+ of them.*filled"
    fails(ValueError, "X must be " + message, masked, y)
    fails(ValueError, "X must be " + message, masked.reshape(20, 2, 3), y[:20])
    fails(ValueError, "Sequence 1 must be " + message, [X, masked], [0, 1])
    edges = np.ma.masked_equal(adjacency, 0)
    fails(ValueError, "adjacency must be " + message, X, y, adjacency=edges)


def test_a_mask_without_masked_entries_changes_nothing(small, table):
    X, y = table
    plain = small().fit(X, y).predict_proba(X)
    masked = np.ma.masked_array(X, np.zeros(X.shape, dtype=bool))
    np.testing.assert_array_equal(small().fit(masked, y).predict_proba(masked), plain)


def test_weights_must_not_leave_out_all_labelled_rows(fails, graph, y):
    weight = np.zeros(40)
    weight[:5] = 1
    partial = y.copy()
    partial[:5] = -1
    message = "labelled row with positive weight"
    params = {"unlabeled": -1, "early_stopping": False}
    fails(ValueError, message, graph, partial, params=params, sample_weight=weight)


# ---- validation --------------------------------------------------------------


def test_validation_must_match_the_training(fails, graph, y, table, adjacency):
    X, _ = table

    def fails_with(message, X=graph, answers=y, **fit):
        fails(ValueError, message, X, answers, **fit)

    fails_with(r"unseen classes \[7\].*add some to X", X_val=graph[:2], y_val=[0, 7])
    fails_with(r"unseen classes \['no'\]", X_val=graph[:2], y_val=["no", "no"])
    fails_with("one class per row", X_val=graph[:2], y_val=[[0, 1], [1, 0]])
    labels = np.stack([y, 1 - y], 1)
    fails_with("as many columns as y", answers=labels, X_val=graph[:2], y_val=[0, 1])
    fails_with("X_val needs y_val", X_val=graph[:2])
    fails_with("need X_val", y_val=[0, 1])
    fails_with("need X_val", sample_weight_val=[0, 1])
    fails_with(r"X_val \(2\), got 3", X_val=graph[:2], y_val=[0, 1, 1])
    fails_with("fitted on a Graph, got a table", X_val=X, y_val=y)
    fails_with(
        "expecting 3 features", X_val=Graph(adjacency, X[:, :2])[:2], y_val=[0, 1]
    )
    fails_with(
        "Fit on Graph", X=X, adjacency=adjacency, X_val=Graph(adjacency, X), y_val=y
    )
    fails_with(
        "at least one non-zero|got zero for all",  # message of scikit-learn, or ours
        X_val=graph[:2],
        y_val=[0, 1],
        sample_weight_val=[0, 0],
    )


def test_validation_needs_a_labelled_row_with_weight(fails, graph, y):
    fails(
        ValueError,
        "sample_weight_val must leave a labelled row with positive weight",
        graph,
        y,
        params={"unlabeled": -1},
        X_val=graph[:2],
        y_val=[0, -1],
        sample_weight_val=[0, 1],
    )


def test_every_class_needs_a_row_that_is_not_held_out(fails, graph, y):
    few = np.zeros(40, dtype=int)
    few[0] = 1
    message = r"early_stopping=True needs two labelled rows of every class.*X_val"
    fails(ValueError, message, graph, few, params={"early_stopping": True})


# ---- rows that join by name --------------------------------------------------


@pytest.fixture
def customers(table, adjacency):
    X, _ = table
    ids = pd.Index(100 + np.arange(40), name="customer")
    frame = pd.DataFrame(X, columns=list("abc")).assign(customer=ids)
    return frame, Graph(adjacency, nodes=ids)


def test_rows_must_name_nodes_of_the_graph(fails, customers, y):
    frame, graph = customers

    def fails_with(message, X, error=ValueError):
        fails(error, f"(?s){message}", X, y, params={"graph": graph})

    fails_with(r"rows must name nodes.*\b7\b", frame.assign(customer=7))
    fails_with("unnamed RangeIndex.*rename_axis", frame.drop(columns="customer"))
    unnamed = frame.drop(columns="customer").set_index(np.arange(140, 100, -1))
    fails_with("unnamed (Index|RangeIndex).*X.assign", unnamed)
    fails_with("pandas DataFrame.*ndarray", frame.to_numpy())
    fails_with("set_output", sp.csr_array(frame.to_numpy()))
    twice = frame.assign(customer=frame["customer"].replace(101, 100))
    fails_with("same features.*one row per node", twice)
    fails_with("only one of them", graph.with_features(frame[["a"]]))


def test_a_renamed_key_column_is_explained(small, customers, y):
    frame, graph = customers
    prepare = make_column_transformer(
        (StandardScaler(), list("abc")), remainder="passthrough"
    )
    pipe = make_pipeline(prepare, small(graph=graph)).set_output(transform="pandas")
    with pytest.raises(
        ValueError, match=r"'remainder__customer'.*verbose_feature_names_out=False"
    ):
        pipe.fit(frame, y)


def test_graph_and_adjacency_cannot_be_combined(fails, customers, adjacency, y):
    frame, graph = customers
    fails(
        ValueError,
        "adjacency= goes with a table alone",
        frame,
        y,
        params={"graph": graph},
        adjacency=adjacency,
    )


def test_a_graph_without_names_cannot_be_joined(fails, customers, adjacency, y):
    frame, _ = customers
    params = {"graph": Graph(adjacency)}
    fails(ValueError, r"labels, got Graph\(.*nodes=pd.Index", frame, y, params=params)


# ---- features ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, 0], "2D array|two-dim"),
        (lambda X: np.where(X > 2, np.inf, X), "infinity"),
        (lambda X: X * 1e300, "infinity|too large"),
        (lambda X: X + 1j, "Complex data not supported"),
        (lambda X: np.full(X.shape, "a"), "got the text 'a' in column 0"),
        (lambda X: X[:, :0], r"0 feature\(s\)"),
    ],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_features_must_be_finite_numbers(fails, table, adjacency, change, message):
    X, y = table
    X[0] = 9
    fails((ValueError, TypeError), message, change(X), y)
    fails((ValueError, TypeError), message, change(X), y, adjacency=adjacency)


# ---- parameters --------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"attention": "gatv3"}, "'attention' parameter"),
        ({"n_layers": 0}, "'n_layers' parameter"),
        ({"n_heads": 0}, "'n_heads' parameter"),
        ({"n_heads": 3}, r"divisible by n_heads=3, got 8"),
        ({"hidden_dim": 2.5}, "'hidden_dim' parameter"),
        ({"norm": "group"}, "'norm' parameter"),
        ({"residual": "yes"}, "'residual' parameter"),
        ({"dropout": 1.0}, "'dropout' parameter"),
        ({"attention_dropout": -0.1}, "'attention_dropout' parameter"),
        ({"encoder": "attention"}, "'encoder' parameter"),
        (
            {"encoder": EncoderConfig(output="mlp")},
            "'output' parameter of EncoderConfig",
        ),
        ({"learning_rate": 0}, "'learning_rate' parameter"),
        ({"weight_decay": -1}, "'weight_decay' parameter"),
        ({"max_epochs": 0}, "'max_epochs' parameter"),
        ({"early_stopping": 1.5}, "'early_stopping' parameter"),
        ({"n_iter_no_change": 0}, "'n_iter_no_change' parameter"),
        ({"n_neighbors": 0}, "'n_neighbors' parameter"),
        ({"net_params": [1]}, "'net_params' parameter"),
        ({"net_params": {"max_epochs": 9}}, r"not contain \['max_epochs'\]"),
        ({"class_weight": "heavy"}, "'class_weight' parameter"),
        ({"class_weight": {0: 1, 9: 1}}, r"class_weight|classes"),
        ({"random_state": "now"}, "'random_state' parameter"),
        ({"device": 3}, "'device' parameter"),
        ({"device": "tpu"}, r'device must be "auto".*got \'tpu\''),
        ({"device": "cuda:97"}, r"'cuda:97' is not available.*device=\"auto\""),
    ],
)
def test_parameters_must_be_in_range(fails, graph, y, params, message):
    fails(ValueError, message, graph, y, params=params)


def test_batch_normalisation_of_one_node_is_refused(small):
    reg = small(GraphAttentionRegressor, norm="batch")
    with pytest.raises(ValueError, match='norm="batch" needs more than one node'):
        reg.fit([[1.0, 2.0]], [3.0])


# ---- prediction --------------------------------------------------------------


def test_prediction_before_fit_is_an_error(small, graph):
    for est in (small(), small(GraphAttentionRegressor)):
        with pytest.raises(NotFittedError):
            est.predict(graph)
    with pytest.raises(NotFittedError):
        small().predict_proba(graph)
    with pytest.raises(NotFittedError):
        small().score(graph, np.zeros(40))


def test_prediction_needs_the_kind_of_input_of_fit(
    small, graph, table, adjacency, customers
):
    X, y = table
    frame, nodes = customers
    inputs = {
        "a table": (X, {}),
        "a table with adjacency=": (X, {"adjacency": adjacency}),
        "a Graph": (graph, {}),
    }
    for kind, (X_fit, given) in inputs.items():
        clf = small().fit(X_fit, y, **given)
        for other, (X_new, new) in inputs.items():
            if other != kind:
                with pytest.raises(ValueError, match=f"fitted on {kind}, got {other}"):
                    clf.predict(X_new, **new)
    clf = small(graph=nodes).fit(frame, y)
    with pytest.raises(ValueError, match="fitted on a DataFrame joined to graph="):
        clf.predict(graph)
    with pytest.raises(ValueError, match="pandas DataFrame"):
        clf.predict(X)
    with pytest.raises(ValueError, match="rows must name nodes"):
        clf.predict(frame.assign(customer=7))


def test_prediction_needs_the_features_of_fit(small, graph, table, adjacency):
    X, y = table
    narrow = X[:, :2]
    message = "X has 2 features, but GraphAttentionClassifier is expecting 3"
    with pytest.raises(ValueError, match=message):
        small().fit(X, y).predict(narrow)
    with pytest.raises(ValueError, match=message):
        small().fit(graph, y).predict(Graph(adjacency, narrow))
    with pytest.raises(ValueError, match=message):
        small().fit(X, y, adjacency=adjacency).predict(narrow, adjacency=adjacency)
    with pytest.raises(
        ValueError, match=r"X has 0 features.*Pass a graph with features"
    ):
        small().fit(graph, y).predict(Graph(adjacency))
    with pytest.raises(ValueError, match=r"X has 3 features.*expecting 0"):
        small().fit(Graph(adjacency), y).predict(graph)


def test_an_adjacency_at_predict_must_fit_its_rows(small, table, adjacency):
    X, y = table
    clf = small().fit(X, y, adjacency=adjacency)
    with pytest.raises(ValueError, match=r"one row per row of X \(10\)"):
        clf.predict(X[:10], adjacency=adjacency)


def test_an_indicator_matrix_holds_zeros_and_ones(graph):
    labels = np.where(graph.X[:, :2] > 0, 1, -1)
    with pytest.raises(ValueError, match=r"zeros and ones, got \[-1, 1\]"):
        GraphAttentionClassifier(max_epochs=1).fit(graph, labels)


def test_a_column_without_a_known_entry_is_refused(graph):
    y = np.column_stack([graph.X[:, 0], np.full(len(graph), np.nan)])
    reg = GraphAttentionRegressor(max_epochs=1, unlabeled=float("nan"))
    with pytest.raises(ValueError, match=r"known entry, got none in \[1\]"):
        reg.fit(graph, y)


def test_edge_features_must_be_those_of_fit(graph, y):
    ones = np.ones((graph.n_edges, 2))
    other = Graph(graph.adjacency, graph.X, edge_features=ones)
    clf = GraphAttentionClassifier(max_epochs=1).fit(graph, y)
    with pytest.raises(ValueError, match="0 edge features, as at fit, got 2"):
        clf.predict(other)


def test_callbacks_must_be_a_list(graph, y):
    clf = GraphAttentionClassifier(net_params={"callbacks": "disable"})
    with pytest.raises(ValueError, match="must be a list, got 'disable'"):
        clf.fit(graph, y)


@pytest.mark.parametrize(
    "params", [{"n_layers": 2**70}, {"hidden_dim": 2**70}, {"encoder__hops": 2**70}]
)
def test_sizes_that_no_network_has_are_refused(small, table, params):
    estimator = small().set_params(**params)
    if "encoder__hops" in params:
        estimator.fit(*table)  # as many hops as there are nodes
        return
    with pytest.raises(ValueError, match=r"must be an int in the range \[1, "):
        estimator.fit(*table)


def test_numbers_beyond_floats_are_refused_as_y(small, table):
    X, _ = table
    reg = small(GraphAttentionRegressor)
    with pytest.raises(ValueError, match="y must be numbers"):
        reg.fit(X, [10**400, *range(39)])
