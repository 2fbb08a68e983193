import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skattn import Graph
from skattn.datasets import make_communities
from skattn.graph import knn_adjacency
from skattn.preprocessing import NeighborFeatures, NodeTransformer

ALL = ("mean", "std", "min", "max")
# 0 attends to 1 and 2, 1 to 2, 2 to 0; 3 to itself alone
EDGES = np.array([[0, 1, 3, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
X = np.array([[1.0, 0.0], [2.0, 4.0], [6.0, 0.0], [7.0, 5.0]])
PATH = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]])


def table(graph, rows=slice(None), y=None, **params):
    """Return the columns of a graph's targets, by name."""
    step = NeighborFeatures(**params).set_output(transform="pandas")
    return step.fit_transform(graph[rows], y)


def reference(graph, hops):
    """Return moments and extremes over walks, node by node, without self-loops."""
    weights = graph.adjacency.toarray().astype(float)
    np.fill_diagonal(weights, 0)
    total = weights.sum(1, keepdims=True)
    step = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    walks = np.linalg.matrix_power(step, hops)
    rows = []
    for own, probability in zip(graph.X, walks, strict=True):
        ends = probability > 0
        if not ends.any():
            rows.append([own, 0 * own, own, own])
            continue
        p, values = probability[ends] / probability.sum(), graph.X[ends]
        mean = p @ values
        deviation = np.sqrt(p @ (values - mean) ** 2)
        rows.append([mean, deviation, values.min(0), values.max(0)])
    return np.array(rows).transpose(1, 0, 2)


def random_graph(n=60, *, seed=0, features=3):
    rng = np.random.default_rng(seed)
    weights = rng.random((n, n)) * (rng.random((n, n)) < 0.05)
    return Graph(weights, rng.normal(size=(n, features)))


# --- statistics


def test_statistics_of_one_hop_are_weighted_by_the_edges():
    found = table(Graph(EDGES, X), statistics=ALL, hops=1)
    assert_allclose(found["mean1(x0)"], [(2 + 3 * 6) / 4, 6, 1, 7])
    deviation = np.sqrt((1 * 3**2 + 3 * 1**2) / 4)
    assert_allclose(found["std1(x0)"], [deviation, 0, 0, 0])
    assert_allclose(found["min1(x0)"], [2, 6, 1, 7])
    assert_allclose(found["max1(x0)"], [6, 6, 1, 7])
    assert_allclose(found["degree1"], [2, 1, 1, 0])
    assert_array_equal(found[["x0", "x1"]], X)


def test_second_hop_is_over_walks_of_two_edges():
    found = table(Graph(EDGES, X), statistics=ALL)
    # from 0: over 1 to 2 (1/4), over 2 to 0 (3/4); from 1: over 2 to 0
    assert_allclose(found["mean2(x0)"], [6 / 4 + 3 / 4, 1, (2 + 18) / 4, 7])
    assert_allclose(found["min2(x0)"], [1, 1, 2, 7])
    assert_allclose(found["max2(x0)"], [6, 1, 6, 7])
    assert_allclose(found["degree2"], [2, 1, 2, 0])


def test_node_without_neighbours_has_its_own_values():
    found = table(Graph(EDGES, X), statistics=ALL)
    alone = found.iloc[3]
    for name in ("mean1", "min1", "max1", "mean2", "min2", "max2"):
        assert alone[f"{name}(x0)"] == 7
        assert alone[f"{name}(x1)"] == 5
    assert alone["std1(x0)"] == alone["std2(x1)"] == alone["degree1"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_statistics_equal_those_of_all_walks(seed):
    graph = random_graph(seed=seed)
    found = table(graph, statistics=ALL, hops=3, degree=False, passthrough=False)
    for hop in (1, 2, 3):
        for name, expected in zip(ALL, reference(graph, hop), strict=True):
            columns = [f"{name}{hop}(x{k})" for k in range(3)]
            assert_allclose(found[columns], expected, atol=1e-12)


def test_sparse_features_stay_sparse_and_equal_dense_ones():
    graph = random_graph()
    counts = np.random.default_rng(1).poisson(0.4, (60, 5)).astype(float)
    dense = NeighborFeatures(hops=3).fit_transform(graph.with_features(counts))
    step = NeighborFeatures(hops=3)
    found = step.fit_transform(graph.with_features(sp.csr_array(counts)))
    assert sp.issparse(found)
    assert_allclose(found.toarray(), dense, atol=1e-7)
    assert found.shape[1] == len(step.get_feature_names_out())


def test_missing_values_of_sparse_features_are_refused():
    holes = sp.csr_array(np.array([[np.nan], [1.0], [2.0], [3.0]]))
    with pytest.raises(ValueError, match="without missing values if it is sparse"):
        NeighborFeatures().fit(Graph(PATH, holes))


def test_equal_neighbours_of_sparse_features_store_no_deviation():
    graph = Graph(1 - np.eye(7), sp.csr_array(np.full((7, 1), 0.1)))
    step = NeighborFeatures(statistics=["std"], passthrough=False, degree=False)
    assert step.fit_transform(graph).nnz == 0


def test_extremes_of_sparse_features_are_refused_with_the_remedy():
    step = NeighborFeatures(statistics=("mean", "max"))
    with pytest.raises(ValueError, match=r"with sparse features, got 'max'.*Truncated"):
        step.fit(Graph(PATH, sp.csr_array(X)))


def test_missing_values_are_left_out_of_statistics():
    holes = X.copy()
    holes[2, 0] = np.nan
    found = table(Graph(EDGES, holes), statistics=ALL)
    assert_allclose(found["mean1(x0)"], [2, 2, 1, 7])  # 1 has no known neighbour
    assert_allclose(found["max1(x0)"], [2, 2, 1, 7])
    assert_array_equal(np.isnan(found["x0"]), [False, False, True, False])
    assert_allclose(found["mean1(x1)"], [1, 0, 0, 5])


def test_deviations_of_large_values_are_exact():
    X = np.array([[1e9], [1e9 + 1], [1e9 + 3], [1e9]])
    found = table(Graph(PATH, X), hops=1)
    assert_allclose(found["std1(x0)"], [0, 1.5, 0.5, 0])


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64])
def test_numbers_of_any_dtype_are_features(dtype):
    graph = Graph(PATH, X.astype(dtype))
    assert_allclose(table(graph)["mean1(x0)"], [2, 3.5, 4.5, 6])


def test_many_columns_equal_each_alone():
    graph = random_graph(features=70)
    step = NeighborFeatures(degree=False, passthrough=False, hops=1)
    found = step.fit_transform(graph).reshape(60, 2, 70)
    for k in (0, 31, 32, 69):
        alone = step.fit_transform(graph.with_features(graph.X[:, [k]]))
        assert_array_equal(found[:, :, k], alone)


def test_graph_without_features_has_degrees_and_answers():
    step = NeighborFeatures()
    found = step.fit_transform(Graph(EDGES), [0, 1, 0, 1])
    names = ["degree1", "degree2", "answer_share1(1)", "answer_count1"]
    assert list(step.get_feature_names_out()[:4]) == names
    assert found.shape == (4, 6)
    assert step.transform(Graph(EDGES)).shape == (4, 6)
    with pytest.raises(ValueError, match="X has 2 features"):
        step.transform(Graph(EDGES, X))


@pytest.mark.parametrize("rows", [[5], [3, 3, 50], slice(40, 60)])
def test_part_of_a_large_graph_equals_the_whole(rows):
    rng = np.random.default_rng(0)
    n = 20_000
    ring = sp.diags_array(np.ones((2, n - 1)), offsets=[1, -1], shape=(n, n)).tocsr()
    graph, y = Graph(ring, rng.normal(size=(n, 2))), rng.integers(0, 3, n)
    step = NeighborFeatures(statistics=ALL, hops=3).fit(graph[::2], y[::2])
    assert_array_equal(step.transform(graph[rows]), step.transform(graph)[rows])


# --- known answers


def test_answers_of_other_folds_are_shares_and_counts():
    y = np.array(["a", "b", "b", "a"])
    step = NeighborFeatures(hops=1, cv=4).set_output(transform="pandas")
    found = step.fit_transform(Graph(PATH, X), y)  # every node is a fold
    assert_allclose(found["answer_share1(b)"], [1, 0.5, 0.5, 1])
    assert_allclose(found["answer_count1"], [1, 2, 2, 1])


def test_three_classes_have_a_share_each():
    names = table(Graph(PATH), y=["a", "b", "c", "a"], hops=1, degree=False).columns
    shares = ["answer_share1(a)", "answer_share1(b)", "answer_share1(c)"]
    assert list(names) == [*shares, "answer_count1"]


def test_numbers_have_mean_and_deviation():
    found = table(Graph(PATH), y=[1.5, 2.0, 3.5, 5.0], hops=2, cv=4, degree=False)
    assert_allclose(found["answer_mean1"], [2, 2.5, 3.5, 3.5])
    assert_allclose(found["answer_std1"], [0, 1, 1.5, 0])
    # of two edges, without returns to the node itself
    assert_allclose(found["answer_mean2"], [3.5, 5, 1.5, 2])
    assert_allclose(found["answer_count2"], [1, 1, 1, 1])


def test_several_outputs_have_columns_each():
    y = np.array([[1.0, 0.5], [2.0, np.nan], [3.5, 1.5], [5.0, 2.0]])
    found = table(Graph(PATH), y=y, hops=1, cv=4, degree=False, unlabeled=np.nan)
    assert_allclose(found["answer_mean1(0)"], [2, 2.25, 3.5, 3.5])
    assert_allclose(found["answer_count1(1)"], [0, 2, 1, 1])


def test_node_without_known_neighbours_has_the_answers_of_other_folds():
    found = table(Graph(EDGES), y=[0, 1, 1, 0], cv=4, hops=1)
    assert_allclose(found["answer_share1(1)"][3], 2 / 3)
    assert found["answer_count1"][3] == 0


def test_whole_numbers_are_classes_unless_there_are_many_or_the_user_says_so():
    def names(y, **params):
        n = len(y)
        step = NeighborFeatures(hops=1, degree=False, **params)
        return list(step.fit(Graph(np.eye(n)), y).get_feature_names_out())

    numbers = ["answer_mean1", "answer_std1", "answer_count1"]
    assert names(range(150)) == numbers
    assert names([0, 1, 2, 1], answers="numbers") == numbers
    assert names([0.0, 1.0]) == ["answer_share1(1.0)", "answer_count1"]
    assert names([0.5, 1.5], answers="classes")[0] == "answer_share1(1.5)"
    assert names([True, False])[0] == "answer_share1(True)"
    assert names([0, 1], answers=None) == []


@pytest.mark.parametrize("target", ["classes", "numbers"])
def test_own_answer_has_no_influence_on_any_column(target):
    graph, y = make_communities(80, random_state=0)
    if target == "numbers":
        y = y + np.random.default_rng(0).normal(size=80)
    rows = np.arange(0, 80, 2)
    for step in (NeighborFeatures(), NeighborFeatures(cv=40, hops=3)):
        before = step.fit_transform(graph[rows], y[rows])
        for k in range(0, 40, 7):
            poisoned = y[rows].copy()
            poisoned[k] = 1 - poisoned[k] if target == "classes" else 1e6
            after = step.fit_transform(graph[rows], poisoned)
            assert_array_equal(after[k], before[k])
            assert_array_equal(step.transform(graph[rows])[k], before[k])
            assert (after != before).any()


def test_answers_of_a_fold_are_not_visible_to_each_other():
    graph, y = make_communities(60, random_state=0)
    step = NeighborFeatures(cv=3)
    before = step.fit_transform(graph, y)
    fold = step._known_answers_.fold
    poisoned = np.where(fold == 1, 1 - y, y)
    after = step.fit_transform(graph, poisoned)
    assert_array_equal(after[fold == 1], before[fold == 1])


def test_held_out_answers_have_no_influence():
    graph, y = make_communities(80, random_state=0)
    train, test = np.arange(40), np.arange(40, 80)
    model = make_pipeline(NeighborFeatures(), GaussianNB())
    expected = model.fit(graph[train], y[train]).predict_proba(graph[test])
    poisoned = np.where(np.arange(80) < 40, y, 1 - y)
    found = model.fit(graph[train], poisoned[train]).predict_proba(graph[test])
    assert_array_equal(found, expected)
    halves = [(train, test), (test, train)]
    options = {"cv": halves, "method": "predict_proba"}
    before = cross_val_predict(model, graph, y, **options)
    after = cross_val_predict(model, graph, poisoned, **options)
    assert_array_equal(after[test], before[test])
    assert (after[train] != before[train]).any()


def test_answers_of_leaves_of_a_star_do_not_reveal_their_own():
    # with one fold per leaf, the share would be lower exactly where y is 1
    rng = np.random.default_rng(0)
    star = np.zeros((401, 401))
    star[0, 1:] = star[1:, 0] = 1
    y = rng.integers(0, 2, 401)
    train = np.arange(1, 201)
    for cv, low, high in ((200, 0.9, 1), (5, 0.4, 0.8)):
        model = make_pipeline(
            NeighborFeatures(cv=cv), HistGradientBoostingClassifier(min_samples_leaf=5)
        )
        model.fit(Graph(star)[train], y[train])
        assert low <= model.score(Graph(star)[train], y[train]) <= high


def test_unknown_answers_are_context_alone():
    step = NeighborFeatures(hops=1, cv=4, unlabeled=-1, degree=False)
    found = step.fit_transform(Graph(PATH), [0, -1, 1, 0])
    names = step.get_feature_names_out()
    assert list(names) == ["answer_share1(1)", "answer_count1"]
    assert_allclose(found[:, 1], [0, 2, 1, 1])


def test_rows_of_one_node_share_their_answer():
    graph, y = make_communities(30, random_state=0)
    once = NeighborFeatures().fit_transform(graph, y)
    twice = np.tile(np.arange(30), 2)
    found = NeighborFeatures().fit_transform(graph[twice], y[twice])
    assert_array_equal(found, once[twice])


# --- ways in


def frame():
    return pd.DataFrame(
        {"height": [1.0, 2.0, 6.0, 7.0], "age": [0.0, 4.0, 0.0, 5.0]},
        index=list("abcd"),
    )


def test_new_rows_of_a_table_attend_to_fitted_rows_alone():
    fitted, new = np.array([[0.0], [1.0], [10.0]]), np.array([[1.2], [9.0]])
    step = NeighborFeatures(n_neighbors=1, statistics=["mean"], cv=3)
    names = ["x0", "mean1(x0)", "mean2(x0)"]
    answers = [
        f"answer_{name}{hop}" for hop in (1, 2) for name in ("mean", "std", "count")
    ]
    found = step.fit_transform(fitted, [0.5, 1.5, 2.5])
    assert list(step.get_feature_names_out()) == names + answers
    assert_allclose(found[:, :3], [[0, 1, 0], [1, 0, 1], [10, 1, 0]])
    found = step.transform(new)
    assert_allclose(found[:, :3], [[1.2, 1, 0], [9, 10, 1]])
    assert_allclose(found[:, 3], [1.5, 2.5])  # the answer of the nearest fitted row
    assert_allclose(step.transform(new[:1]), found[:1])


def test_own_answer_has_no_influence_in_a_table():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)), rng.integers(0, 2, 50)
    before = NeighborFeatures().fit_transform(X, y)
    y[7] = 1 - y[7]
    after = NeighborFeatures().fit_transform(X, y)
    assert_array_equal(after[7], before[7])
    assert (after != before).any()


def test_rows_that_join_a_graph_by_name_attend_to_rows():
    graph = Graph(PATH, nodes=pd.Index(list("abcd"), name="id"))
    rows, y = frame(), [1.0, 2.5, 3.0, 5.0]
    step = NeighborFeatures(graph=graph, hops=1, cv=4).set_output(transform="pandas")
    found = step.fit_transform(rows.iloc[[2, 0, 1]], [3.0, 1.0, 2.5])
    assert list(found.index) == list("cab")
    assert_allclose(found["mean1(height)"], [2, 2, 3.5])  # d has no row
    assert_allclose(found["answer_mean1"], [2.5, 2.5, 2])
    later = step.transform(rows.iloc[[3]])
    assert_allclose(later[["mean1(height)", "answer_mean1"]], [[6, 3]])
    key = rows.rename_axis("id").reset_index()
    keyed = step.fit_transform(key, y)
    assert list(keyed.columns[:2]) == ["height", "age"]
    assert_allclose(keyed["mean1(height)"], [2, 3.5, 4.5, 6])
    names = step.get_feature_names_out(["id", "height", "age"])
    assert list(names) == list(keyed.columns)


def test_a_requested_row_replaces_the_features_of_its_node():
    graph = Graph(PATH, nodes=pd.Index(list("abcd"), name="id"))
    step = NeighborFeatures(graph=graph, hops=2).set_output(transform="pandas")
    step.fit(frame())
    found = step.transform(frame().loc[["b"]].assign(height=100.0))
    assert_allclose(found["height"], 100)
    assert_allclose(found["mean2(height)"], [(100 + 100 + 7 + 100) / 4 * 1.0])


def test_table_with_adjacency_has_the_neighbours_of_the_adjacency():
    step = NeighborFeatures().set_output(transform="pandas")
    found = step.fit_transform(X, [0, 1, 0, 1], adjacency=EDGES)
    assert_allclose(found["mean1(x0)"], [(2 + 18) / 4, 6, 1, 7])
    assert not [name for name in found if name.startswith("answer")]
    later = step.transform(X[:2], adjacency=np.eye(2)[::-1])
    assert_allclose(later["mean1(x0)"], [2, 1])
    with pytest.raises(ValueError, match="fitted on a table with adjacency="):
        step.transform(X)
    with pytest.raises(ValueError, match=r"answers='classes' needs .*Set answers=None"):
        NeighborFeatures(answers="classes").fit(X, [0, 1, 0, 1], adjacency=EDGES)


def test_pipeline_routes_an_adjacency():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), rng.integers(0, 2, 40)
    adjacency = knn_adjacency(X, 3)
    with sklearn.config_context(enable_metadata_routing=True):
        step = NeighborFeatures()
        step.set_fit_request(adjacency=True).set_transform_request(adjacency=True)
        model = make_pipeline(step, GaussianNB()).fit(X, y, adjacency=adjacency)
        assert model.predict(X, adjacency=adjacency).shape == (40,)


@pytest.mark.parametrize("X", [[Graph(PATH)], [np.ones((3, 2))], np.ones((2, 3, 4))])
def test_lists_of_graphs_and_sequences_are_refused(X):
    with pytest.raises(TypeError, match="needs a table or the nodes of one graph"):
        NeighborFeatures().fit(X)


# --- graphs at transform


def test_known_answers_are_found_by_label_in_another_graph():
    graph = Graph(PATH, X, nodes=list("abcd"))
    step = NeighborFeatures(hops=1, cv=4).set_output(transform="pandas")
    step.fit(graph, [1.5, 2.0, 3.5, 5.0])
    # e attends to d and a; b and c are missing
    other = Graph([[0, 1, 1], [0, 0, 0], [0, 0, 0]], X[:3], nodes=list("eda"))
    found = step.transform(other)
    assert list(found.index) == list("eda")
    assert_allclose(found["answer_mean1"][["e"]], (5 + 1.5) / 2)
    with pytest.raises(ValueError, match=r"must be the graph of fit.*answers=None"):
        step.transform(Graph(other.adjacency, X[:3], nodes=list("xyz")))


def test_another_graph_without_labels_is_refused_with_known_answers():
    step = NeighborFeatures().fit(Graph(PATH, X), [0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"must be the graph of fit.*nodes="):
        step.transform(Graph(EDGES, X))
    same = Graph(PATH, X + 1)
    assert step.transform(same).shape == (4, len(step.get_feature_names_out()))
    alone = NeighborFeatures(answers=None).fit(Graph(PATH, X), [0, 1, 0, 1])
    assert_allclose(alone.transform(Graph(EDGES, X))[1, 2], 6)


def test_labels_of_y_are_aligned_with_the_nodes():
    graph = Graph(PATH, X, nodes=list("abcd"))
    y = pd.Series([1.5, 2.0, 3.5, 5.0], index=list("abcd"))
    expected = NeighborFeatures().fit_transform(graph, y.to_numpy())
    assert_array_equal(NeighborFeatures().fit_transform(graph, y[::-1]), expected)


# --- scikit-learn


def test_names_are_those_of_the_columns():
    graph = Graph(PATH, frame().reset_index(drop=True))
    found = table(graph, y=["no", "yes", "no", "yes"], hops=1)
    assert list(found.columns) == [
        "height",
        "age",
        "mean1(height)",
        "mean1(age)",
        "std1(height)",
        "std1(age)",
        "degree1",
        "answer_share1(yes)",
        "answer_count1",
    ]


def test_pandas_output_has_the_labels_of_the_nodes():
    graph = Graph(PATH, frame())
    assert list(table(graph, [2, 0]).index) == ["c", "a"]


def test_any_model_of_tables_works_in_cross_validation_and_search():
    graph, y = make_communities(120, class_sep=0, random_state=0)
    for model in (HistGradientBoostingClassifier(max_iter=20), LogisticRegression()):
        pipeline = make_pipeline(NeighborFeatures(), StandardScaler(), model)
        assert cross_val_score(pipeline, graph, y, cv=4).mean() > 0.9
    grid = {
        "neighborfeatures__hops": [1, 2],
        "neighborfeatures__answers": [None, "auto"],
    }
    pipeline = make_pipeline(NeighborFeatures(), StandardScaler(), Ridge())
    search = GridSearchCV(pipeline, grid, cv=3).fit(graph, y)
    assert search.best_params_["neighborfeatures__answers"] == "auto"


def test_steps_before_may_change_the_features_of_the_graph():
    kinds = pd.DataFrame({"kind": list("ppqq") * 30, "size": np.arange(120.0)})
    graph, y = make_communities(120, random_state=0)
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["kind"]), (StandardScaler(), ["size"])
    )
    model = make_pipeline(NodeTransformer(encode), NeighborFeatures(), GaussianNB())
    graph = graph.with_features(kinds)
    assert model.fit(graph[::2], y[::2]).score(graph[1::2], y[1::2]) > 0.8


def test_words_stay_sparse_through_a_pipeline():
    rng = np.random.default_rng(0)
    graph, y = make_communities(100, random_state=0)
    words = sp.csr_array(rng.poisson(0.1, (100, 50)).astype(float))
    model = make_pipeline(
        NodeTransformer(TfidfTransformer()),
        NeighborFeatures(answers=None, degree=False),
        LogisticRegression(),
    )
    graph = graph.with_features(words)
    assert model.fit(graph[::2], y[::2]).predict(graph[1::2]).shape == (50,)
    assert sp.issparse(model[:-1].transform(graph))


def test_fitted_transformer_pickles_and_clones():
    graph, y = make_communities(40, random_state=0)
    step = NeighborFeatures(hops=1).fit(graph[::2], y[::2])
    again, there = pickle.loads(pickle.dumps((step, graph)))
    assert_array_equal(again.transform(there), step.transform(graph))
    assert clone(step).get_params() == step.get_params()
    assert not hasattr(clone(step), "n_features_in_")


EXPECTED_FAILURES = dict.fromkeys(
    ("check_transformer_general", "check_transformer_data_not_an_array"),
    "A fitted row is not its own neighbour, but that of an equal new row.",
)


@pytest.mark.filterwarnings("ignore:n_neighbors")
@parametrize_with_checks(
    [NeighborFeatures(), NeighborFeatures(statistics=ALL[:2], hops=1, answers=None)],
    expected_failed_checks=lambda step: EXPECTED_FAILURES,
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


# --- errors


@pytest.mark.parametrize(
    ("params", "y", "message"),
    [
        (
            {"statistics": ("mean", "median")},
            None,
            "statistics must be among.*'median'",
        ),
        ({"answers": "classes"}, None, "answers='classes' needs y"),
        ({"answers": "numbers"}, list("abab"), "y must hold numbers, got the text"),
        ({"answers": "classes"}, np.eye(4), 'one class per row.*answers="numbers"'),
        ({}, [0, 1, 0], "one label per row or target of X .4.*Slice both alike"),
        ({}, [0, 1, 0, np.nan], "without missing values"),
        ({"unlabeled": -1}, [-1, -1, -1, -1], "must hold known answers"),
        ({}, [0.5, 1, 2, np.inf], "y must be finite"),
        ({"cv": 1}, None, "'cv' parameter"),
        ({"hops": 0}, None, "'hops' parameter"),
    ],
)
def test_errors_name_requirement_and_remedy(params, y, message):
    with pytest.raises((ValueError, TypeError), match=message):
        NeighborFeatures(**params).fit(Graph(PATH, X), y)


def test_missing_values_of_a_plain_table_are_refused():
    with pytest.raises(ValueError, match="contains NaN"):
        NeighborFeatures().fit([[1.0], [np.nan]])


def test_categories_are_refused_with_the_remedy():
    graph = Graph(PATH, pd.DataFrame({"kind": list("pqrs")}))
    with pytest.raises(TypeError, match=r"'kind'.*OneHotEncoder"):
        NeighborFeatures().fit(graph)
