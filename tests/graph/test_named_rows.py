import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skattn.graph import Graph
from skattn.graph._resolve import resolve

RING = np.roll(np.eye(4), 1, axis=1)
NUMBERED = Graph(RING, nodes=pd.Index([7, 5, 3, 1], name="customer_id"))
LETTERED = Graph(RING, nodes=pd.Index(list("wxyz"), name="customer_id"))


def join(X, graph=NUMBERED):
    """Return the node positions of rows, and the feature columns."""
    seen = []

    def check(features):
        seen.append(features)
        return None if features is None else np.asarray(features, dtype=np.float32)

    context = resolve(X, graph=graph, check=check)
    (features,) = seen
    return context.row_nodes.tolist(), None if features is None else list(
        features.columns
    )


def frame(keys=None, index=None):
    made = pd.DataFrame({"age": [1.0, 2.0]}, index=index)
    return made if keys is None else made.assign(customer_id=keys)


def test_rows_are_matched_by_a_named_index():
    index = pd.Index([1, 7], name="customer_id")
    assert join(frame(index=index)) == ([3, 0], ["age"])


def test_rows_are_matched_by_a_column_that_is_not_a_feature():
    assert join(frame([5, 3])) == ([1, 2], ["age"])


def test_key_column_of_floats_matches_by_value():
    assert join(frame([5.0, 3.0])) == ([1, 2], ["age"])


def test_named_index_has_priority_over_a_column():
    index = pd.Index([1, 7], name="customer_id")
    assert join(frame([5, 3], index)) == ([3, 0], ["age"])


def test_unnamed_index_of_strings_matches_string_labels():
    assert join(frame(index=["y", "w"]), LETTERED) == ([2, 0], ["age"])


@pytest.mark.parametrize(
    "index", [["order 1", "order 2"], pd.Index(["w", "x"], name="order"), ["w", "x"]]
)
def test_column_of_the_name_has_priority_over_an_index_of_another(index):
    assert join(frame(["y", "w"], index), LETTERED) == ([2, 0], ["age"])


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_index_of_text_matches_in_every_form(dtype):
    index = pd.Index(["y", "w"]).astype(dtype)
    assert join(frame(index=index), LETTERED) == ([2, 0], ["age"])
    graph = Graph(RING, nodes=pd.Index(list("wxyz")).astype(dtype))
    assert join(frame(index=["y", "w"]), graph) == ([2, 0], ["age"])


def test_string_labels_need_no_name():
    graph = Graph(RING, nodes=list("wxyz"))
    assert join(frame(index=["y", "w"]), graph) == ([2, 0], ["age"])


def test_key_column_of_strings_matches_with_a_default_index():
    assert join(frame(["y", "w"]), LETTERED) == ([2, 0], ["age"])


def test_categories_match_by_value():
    keys = pd.Categorical(["y", "w"])
    assert join(frame(keys), LETTERED) == ([2, 0], ["age"])


@pytest.mark.parametrize(
    "X", [np.ones((2, 2)), [[1.0], [2.0]], sparse.csr_array(np.eye(2))]
)
def test_array_is_refused_with_set_output_as_the_remedy(X):
    with pytest.raises(ValueError, match=r"DataFrame.*'customer_id'.*set_output"):
        join(X)


@pytest.mark.parametrize(
    "index", [[7, 5], None, pd.RangeIndex(2), pd.Index([7, 5], name="other")]
)
def test_index_of_numbers_must_have_the_name(index):
    message = r"called 'customer_id'.*X\.assign\(customer_id=.*rename_axis"
    with pytest.raises(ValueError, match=message):
        join(frame(index=index))


def test_range_index_is_named_in_the_error():
    with pytest.raises(ValueError, match="an unnamed RangeIndex"):
        join(frame())


def test_default_index_does_not_match_string_labels():
    with pytest.raises(ValueError, match="an unnamed RangeIndex"):
        join(frame(), LETTERED)


def test_renamed_key_column_names_the_setting():
    prep = make_column_transformer(
        (StandardScaler(), ["age"]), remainder="passthrough"
    ).set_output(transform="pandas")
    message = "'remainder__customer_id'.*verbose_feature_names_out=False"
    with pytest.raises(ValueError, match=message):
        join(prep.fit_transform(frame([5, 3])))


def test_key_column_passes_through_a_pipeline():
    prep = make_pipeline(
        make_column_transformer(
            (StandardScaler(), ["age"]),
            (OneHotEncoder(sparse_output=False), ["plan"]),
            remainder="passthrough",
            verbose_feature_names_out=False,
        )
    ).set_output(transform="pandas")
    X = prep.fit_transform(frame([5, 3]).assign(plan=["a", "b"]))
    assert join(X) == ([1, 2], ["age", "plan_a", "plan_b"])


def test_graph_without_labels_is_refused():
    with pytest.raises(
        ValueError, match=r"must have labels, got Graph.*nodes=pd\.Index"
    ):
        join(frame([5, 3]), Graph(RING))


def test_number_labels_without_a_name_are_refused():
    with pytest.raises(ValueError, match="must have a name"):
        join(frame([5, 3]), Graph(RING, nodes=[7, 5, 3, 1]))


def test_unknown_nodes_are_named():
    with pytest.raises(ValueError, match=r"got 6, not among its 4 labels \(7, 5, 3"):
        join(frame([5, 6]))


@pytest.mark.parametrize("keys", [["5", "3"], [np.nan, 3.0], [0.5, -0.5]])
def test_keys_of_another_kind_are_unknown(keys):
    with pytest.raises(ValueError, match="Use the labels of the graph"):
        join(frame(keys))


@pytest.mark.parametrize("keys", [[[5], [3]], [5, {3}]])
def test_keys_that_are_not_hashable_are_refused(keys):
    with pytest.raises(TypeError, match="must be hashable"):
        join(frame(keys))


def test_equal_repeated_rows_are_valid():
    X = pd.DataFrame({"customer_id": [5, 3, 5], "age": [1.0, 2.0, 1.0]})
    assert join(X) == ([1, 2, 1], ["age"])


def test_repeated_rows_that_differ_are_named():
    X = pd.DataFrame({"customer_id": [5, 3, 5, 3], "age": [1.0, 2.0, 4.0, 2.0]})
    with pytest.raises(ValueError, match=r"same node.*different ones for 5\. Keep one"):
        join(X)


def test_repeated_sparse_rows_are_compared():
    X = pd.DataFrame({"customer_id": [5, 5], "age": [1.0, 4.0]})

    def check(features):
        return sparse.csr_array(features.to_numpy(dtype=np.float32))

    with pytest.raises(ValueError, match="different ones for 5"):
        resolve(X, graph=NUMBERED, check=check)
    X["age"] = 1.0
    assert resolve(X, graph=NUMBERED, check=check).n_rows == 2


def test_view_as_graph_counts_as_the_whole_graph():
    assert join(frame([7, 1]), NUMBERED[[1]]) == ([0, 3], ["age"])
