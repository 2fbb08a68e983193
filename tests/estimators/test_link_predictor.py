import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skattn import (
    AttentionLinkPredictor,
    AttentionLinkRegressor,
    EncoderConfig,
    Graph,
)
from skattn.datasets import make_communities
from skattn.estimators._link_plan import plan_links
from skattn.estimators._transaction import _unfitted_copy
from skattn.graph import links
from skattn.inspection import attention_weights
from skattn.metrics import mean_reciprocal_rank, mean_reciprocal_rank_scorer

FAST = {"max_epochs": 5, "hidden_dim": 16, "random_state": 0, "device": "cpu"}
RING = [(i, (i + 1) % 8) for i in range(8)] + [(i, (i + 2) % 8) for i in range(8)]
"""A ring of eight nodes with chords."""


def ring(**params):
    return AttentionLinkPredictor(**FAST | params)


@pytest.fixture(scope="module")
def communities():
    graph, _ = make_communities(n_nodes=80, random_state=0)
    return links(graph, random_state=0)


@pytest.fixture(scope="module")
def fitted(communities):
    pairs, y, nodes = communities
    return ring(graph=nodes).fit(pairs, y)


def random_links(seed=0, n=150, n_links=500):
    """Return training links and test pairs of a random graph, and its nodes."""
    rng = np.random.default_rng(seed)
    upper = np.stack(np.triu_indices(n, 1), 1)
    chosen = upper[rng.permutation(len(upper))[: n_links + 200]]
    train, test, others = np.split(chosen, [n_links, n_links + 100])
    nodes = Graph(np.zeros((n, n)), rng.normal(size=(n, 5)))
    return train, np.concatenate([test, others]), np.repeat([1, 0], 100), nodes


@pytest.mark.slow
def test_random_links_cannot_be_learned():
    train, asked, y, nodes = random_links()
    clf = AttentionLinkPredictor(
        graph=nodes, max_epochs=20, hidden_dim=32, random_state=0, device="cpu"
    ).fit(train)
    assert clf.loss_curve_[-1] > 0.63  # ln 2 = 0.69: an edge in sight would give 0
    assert 0.38 < roc_auc_score(y, clf.decision_function(asked)) < 0.62
    # known links look as unknown ones do
    known = clf.decision_function(train)
    assert (
        roc_auc_score(
            [1] * 500 + [0] * 100, [*known, *clf.decision_function(asked[100:])]
        )
        < 0.75
    )


@pytest.mark.slow
def test_links_of_a_lattice_are_found():
    n = 12
    grid = np.arange(n * n).reshape(n, n)
    moves = [(grid[:, :-1], grid[:, 1:]), (grid[:-1], grid[1:]),
             (grid[:-1, :-1], grid[1:, 1:])]  # fmt: skip
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in moves])
    graph = Graph.from_edges(pairs, nodes=n * n, directed=False)
    found, y, nodes = links(graph, random_state=0)
    clf = ring(graph=nodes, max_epochs=15)
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    scores = cross_val_score(clf, found, y, cv=cv, scoring="roc_auc")
    assert scores.mean() > 0.85


def test_outputs_have_the_shapes_and_classes_of_scikit_learn(fitted, communities):
    pairs, y, _ = communities
    assert is_classifier(fitted)
    assert fitted.classes_.tolist() == [0, 1]
    assert fitted.n_features_in_ == 2
    proba = fitted.predict_proba(pairs)
    assert proba.sum(1) == pytest.approx(np.ones(len(y)))
    assert np.exp(fitted.predict_log_proba(pairs)) == pytest.approx(proba)
    assert np.array_equal(fitted.predict(pairs), (proba[:, 1] > 0.5).astype(int))
    assert np.array_equal(fitted.decision_function(pairs) > 0, proba[:, 1] > 0.5)
    assert 0 <= fitted.score(pairs, y) <= 1
    assert fitted.input_summary_["n_train"] == len(y)
    assert fitted.resolved_params_["n_layers"] == 3


def test_a_prediction_does_not_depend_on_the_other_rows(fitted, communities):
    pairs = communities.pairs
    together = fitted.predict_proba(pairs[::7])
    alone = [fitted.predict_proba(pair[None])[0] for pair in pairs[::7][:20]]
    assert np.allclose(together[:20], alone, atol=1e-6)
    assert np.allclose(fitted.predict_proba(pairs[::7, ::-1]), together, atol=1e-5)


def test_the_edges_of_a_step_are_hidden_in_both_directions(communities):
    pairs, y, nodes = communities
    for directed in (False, True):
        clf = ring(graph=nodes, directed=directed)
        _, (source, _) = plan_of(clf, pairs, y)
        for batch, _ in source.epoch(None):
            edges = batch.structure.edges
            receivers = np.repeat(np.arange(80), np.diff(edges.indptr.numpy()))
            there = set(zip(receivers.tolist(), edges.senders.tolist(), strict=True))
            asked = batch.targets.tolist()
            assert there.isdisjoint(map(tuple, asked))
            assert there.isdisjoint((v, u) for u, v in asked)


def plan_of(estimator, X, y):
    """Return the objective and the data of a fit."""
    plan = plan_links(_unfitted_copy(estimator), X, y)
    return plan.objective, plan.data


def test_without_y_all_rows_are_links_and_non_links_are_drawn():
    clf = ring().fit(RING)
    assert clf.classes_.tolist() == [0, 1]
    assert clf.input_summary_["n_edges"] == 32
    named = ring(non_link="no").fit(RING, ["yes"] * 16)
    assert named.classes_.tolist() == ["no", "yes"]


def test_all_edges_of_a_graph_are_links():
    graph = Graph.from_edges(RING, nodes=8, directed=False)
    clf = ring().fit(graph)
    assert clf.input_summary_["n_train"] == 16
    assert clf.predict_proba([(0, 4)]).shape == (1, 2)


def test_rows_of_non_links_are_no_edges():
    y = [1] * 16 + [0] * 2
    clf = ring().fit([*RING, (0, 4), (1, 5)], y)
    assert clf.input_summary_["n_edges"] == 32
    assert not clf._context_.are_links(np.array([[0, 4]])).any()


def test_without_non_links_y_is_the_class_of_a_link():
    y = ["near"] * 8 + ["far"] * 8
    clf = ring(non_link=None).fit(RING, y)
    assert clf.classes_.tolist() == ["far", "near"]
    assert clf.input_summary_["n_edge_features"] == 2
    with pytest.raises(ValueError, match="needs a class of non-links"):
        clf.recommend([0])


def test_several_classes_of_links_and_drawn_non_links():
    y = ["near"] * 8 + ["far"] * 8
    clf = ring(non_link="none", n_negatives=2).fit(RING, y)
    assert clf.classes_.tolist() == ["far", "near", "none"]
    assert clf.decision_function(RING[:3]).shape == (3, 3)
    assert clf.recommend([0], 2)["probability"].between(0, 1).all()


@pytest.mark.parametrize("how", ["source", "degree"])
def test_negative_sampling(how):
    assert ring(negative_sampling=how).fit(RING).n_iter_ == 5


def test_directed_links_differ_from_their_reverse():
    pairs = [(i, j) for i in range(6) for j in range(6) if i < j and (i + j) % 3]
    clf = ring(directed=True, max_epochs=10).fit(pairs)
    there, back = clf.predict_proba([(0, 3)]), clf.predict_proba([(3, 0)])
    assert abs(there - back).max() > 1e-4
    table = clf.recommend([5], side="target", k=2, include_known=True)
    assert table["known"].any()


def test_recommendations_are_the_best_unknown_partners(fitted, communities):
    table = fitted.recommend([3, 0], k=4)
    assert table["node"].tolist() == [3] * 4 + [0] * 4
    assert not table["known"].any()
    others = np.array([[3, v] for v in range(80) if v != 3])
    known = fitted._context_.are_links(others)
    expected = np.sort(fitted.predict_proba(others[~known])[:, 1])[::-1][:4]
    assert table["probability"][:4].to_numpy() == pytest.approx(expected, abs=1e-5)
    everything = fitted.recommend([3], k=100, include_known=True)
    assert everything["known"].sum() == known.sum()


def test_partners_in_a_bipartite_graph_are_of_the_other_kind():
    rng = np.random.default_rng(0)
    pairs = pd.DataFrame(
        {"user": rng.integers(1, 9, 40), "item": rng.integers(1, 7, 40)}
    ).drop_duplicates()
    clf = ring(bipartite=True).fit(pairs)
    assert clf.feature_names_in_.tolist() == ["user", "item"]
    assert set(clf.recommend([1], 10)["partner"]) <= set(pairs["item"])
    users = clf.recommend([1], 10, side="target", include_known=True)["partner"]
    assert set(users) == set(pairs["user"])
    named = pairs.assign(user="u" + pairs["user"].astype(str))
    named["item"] = "i" + named["item"].astype(str)
    auto = ring().fit(named)
    assert auto.recommend(["u1"], 10)["partner"].str.startswith("i").all()


def test_recommendations_in_blocks_encode_the_graph_once(fitted, monkeypatch):
    expected = fitted.recommend(range(12), k=3)
    calls = []
    encode = type(fitted.net_.module_).encode
    monkeypatch.setattr(
        type(fitted.net_.module_),
        "encode",
        lambda *args, **kwargs: calls.append(1) or encode(*args, **kwargs),
    )
    monkeypatch.setattr("skattn.estimators._recommend.N_PAIRS", 160)
    found = fitted.recommend(range(12), k=3)
    assert len(calls) == 1
    assert found["partner"].equals(expected["partner"])


def test_attention_weights_of_pairs_are_refused_with_a_remedy(fitted):
    with pytest.raises(TypeError, match=r"not of pairs.*use skattn.inspection.explain"):
        attention_weights(fitted, [(0, 1)])


def test_links_that_are_edges_of_the_graph_are_counted():
    graph = Graph.from_edges([(0, 1), (4, 0)], nodes=8, directed=False)
    with pytest.warns(UserWarning, match="1 of 16 links of X are edges of graph="):
        clf = ring(graph=graph).fit(RING)
    assert clf.input_summary_["n_edges"] == 34


def test_searches_pipelines_and_scorers(communities):
    pairs, y, nodes = communities
    search = GridSearchCV(
        ring(graph=nodes, max_epochs=2),
        {"hidden_dim": [8, 16]},
        cv=2,
        scoring=mean_reciprocal_rank_scorer,
    ).fit(pairs, y)
    assert 0 < search.best_score_ <= 1
    pipe = make_pipeline(FunctionTransformer(), ring(graph=nodes, max_epochs=2))
    assert clone(pipe).fit(pairs, y).predict(pairs[:3]).shape == (3,)


def test_the_seed_decides_the_result(communities):
    pairs, y, nodes = communities
    a, b = (ring(graph=nodes).fit(pairs, y).predict_proba(pairs) for _ in range(2))
    assert np.array_equal(a, b)


def test_files_hold_the_same_predictions(fitted, communities, tmp_path):
    path = tmp_path / "links.skattn"
    fitted.save(path)
    loaded = AttentionLinkPredictor.load(path)
    pairs = communities.pairs
    assert np.array_equal(loaded.predict_proba(pairs), fitted.predict_proba(pairs))
    named = ring(directed=True).fit([(f"n{i}", f"n{j}") for i, j in RING])
    named.save(path)
    again = AttentionLinkPredictor.load(path).predict_proba([("n0", "n4")])
    assert np.array_equal(again, named.predict_proba([("n0", "n4")]))


@pytest.mark.parametrize(
    ("params", "X", "y", "message"),
    [
        ({}, [(0,)] * 3, None, "two columns"),
        ({}, [(0, 1, "red"), (1, 2, "red")], None, "got text in column 2"),
        ({}, [*RING, (3, 3)], None, "paired with itself"),
        ({}, [(0, 1), (1,)], None, "rows of 1 and 2 entries"),
        ({}, [(0, None), (1, 2)], None, r"targets of X .* \(row 0\)"),
        ({}, [(0, True), (1, 2)], None, "got bool in row 0"),
        ({}, [(0, ["a"]), (1, 2)], None, "got list in row 0"),
        ({}, [], None, "at least one pair"),
        ({}, np.ma.masked_equal(RING, 7), None, "masked"),
        ({}, RING, np.ma.masked_equal([1, 0] * 8, 0), "masked"),
        ({}, RING, [0] * 16, "must mark at least one link"),
        ({}, RING, [1] * 15 + [np.nan], r"missing values .* got 1 \(row 15\)"),
        ({"non_link": [0]}, RING, None, "non_link must be one class"),
        ({}, [(i, j) for i in range(4) for j in range(i)], None, "all pairs of 4"),
        ({}, [*RING, (0, 1)], [1] * 16 + [0], "Keep one row per pair"),
        ({"n_negatives": 0}, RING, None, "got one class"),
        ({"non_link": None}, RING, [1] * 16, "got one class"),
        ({"non_link": None, "n_negatives": 1}, RING, None, "every row is a link"),
        ({}, RING, ["a"] * 16, "same type as y"),
        ({}, RING, pd.date_range("2020", periods=16), "same type as y"),
        ({"non_link": 1}, RING, None, "must mark at least one link"),
        ({}, RING, [1] * 15, "15"),
        ({}, [*RING, (1, 0)], [1] * 16 + [0], "one label.*directed=True"),
        ({"bipartite": True, "graph": Graph(np.zeros((8, 8)))}, RING, None, "in both"),
        ({"graph": Graph(np.zeros((4, 4)))}, RING, None, "numbered from 0 to 3"),
        ({"encoder": EncoderConfig(output="attention")}, RING, None, "output="),
        ({"encoder": EncoderConfig(positional="degree")}, RING, None, "positional="),
    ],
)
def test_wrong_input_is_an_error_of_the_user(params, X, y, message):
    with pytest.raises(ValueError, match=message):
        ring(**params).fit(X, y)


def test_graphs_in_the_wrong_place_are_errors():
    graph = Graph.from_edges(RING, nodes=8)
    with pytest.raises(ValueError, match="only one of them"):
        ring(graph=graph).fit(graph)
    with pytest.raises(ValueError, match="needs pairs"):
        ring(bipartite=True).fit(graph)
    with pytest.raises(ValueError, match="must have edges"):
        ring().fit(Graph(np.zeros((3, 3))))
    with pytest.raises(TypeError, match="got Graph"):
        ring().fit(RING).predict(graph)


def test_repeated_pairs_are_left_out_with_a_warning():
    with pytest.warns(UserWarning, match="2 rows that repeat another pair"):
        clf = ring().fit([*RING, (1, 0), (0, 1)])
    assert clf.input_summary_["n_train"] == 16


def test_unknown_nodes_are_listed_at_predict(fitted):
    with pytest.raises(ValueError, match="got 100; nodes are numbered"):
        fitted.predict([(0, 100)])
    with pytest.raises(ValueError, match="known nodes"):
        fitted.recommend([100])
    with pytest.raises(ValueError, match="list of nodes"):
        fitted.recommend(3)
    for nodes in ("0", {0}, {0: 1}, [[0]], [[0], [1, 2]], np.zeros((1, 1)), [True]):
        with pytest.raises(ValueError, match=r"list of nodes|hashable values"):
            fitted.recommend(nodes)
    assert fitted.recommend(np.array([0])).equals(fitted.recommend([0]))


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["ab", "cd"], None, "got list with str as a row"),
        ({"a": [1], "b": [2]}, None, "got dict"),
        (None, None, "got None"),
        (RING, dict.fromkeys(range(16)), "y must hold one label per pair, got dict"),
        (RING, set(range(16)), "got set"),
        (RING, 1, "got int"),
    ],
)
def test_what_is_no_table_and_no_labels_is_refused(X, y, message):
    for make in (ring, AttentionLinkRegressor):
        with pytest.raises(TypeError, match=message):
            make().fit(X, y)


def test_other_column_names_at_predict_are_an_error():
    frame = pd.DataFrame(RING, columns=["a", "b"])
    clf = ring().fit(frame)
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(frame.rename(columns={"b": "c"}))
    chosen = ring(source="b", target="a").fit(frame)
    assert len(chosen.predict(frame)) == 16
    assert chosen.feature_names_in_.tolist() == ["a", "b"]


def payments(seed=0, n=160):
    """Return payments, some pairs several times, and whether their amount is large."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "amount": rng.lognormal(10, 1, n),
            "payer": rng.integers(8, size=n),
            "payee": rng.integers(8, 14, size=n),
        }
    )
    return frame, (frame["amount"] > np.exp(10)).to_numpy()


def test_features_of_rows_are_used_and_pairs_may_repeat(tmp_path):
    frame, is_large = payments()
    clf = ring(source="payer", target="payee", non_link=None, max_epochs=40)
    clf.fit(frame[:120], is_large[:120])
    assert clf.n_features_in_ == 3
    assert clf.input_summary_["n_train"] == 120
    assert clf.input_summary_["n_edge_features"] == 3  # two classes and the amount
    assert clf.score(frame[120:], is_large[120:]) > 0.85
    clf.save(tmp_path / "payments.skattn")
    loaded = AttentionLinkPredictor.load(tmp_path / "payments.skattn")
    expected = clf.predict_proba(frame)
    assert np.array_equal(loaded.predict_proba(frame), expected)
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(frame[["payer", "payee"]])
    with pytest.raises(ValueError, match="1 features beside them"):
        clf.recommend([0])


def test_the_unit_of_a_feature_does_not_matter():
    frame, is_large = payments()
    clf = ring(source="payer", target="payee", non_link=None)
    before = clf.fit(frame, is_large).predict_proba(frame)
    cents = frame.assign(amount=100 * frame["amount"] - 7)
    after = clf.fit(cents, is_large).predict_proba(cents)
    assert np.allclose(before, after, atol=1e-3)


def test_drawn_non_links_have_the_features_of_their_links():
    year = np.arange(16) + 2000
    rows = [(*pair, when) for pair, when in zip(RING, year, strict=True)]
    clf = ring().fit(rows)
    assert clf.predict_proba([(0, 4, 2003.0)]).shape == (1, 2)
    with pytest.raises(ValueError, match="must have 3 columns, as in fit, got 2"):
        clf.predict([(0, 4)])


def test_edge_features_of_a_graph_are_standardised():
    graph = Graph.from_edges([(0, 3), (1, 6)], nodes=8, directed=False)
    units = np.array([[1e6], [3e6], [1e6], [3e6]])
    a, b = (
        ring(graph=Graph(graph.adjacency, edge_features=units * scale)).fit(RING)
        for scale in (1, 1e-6)
    )
    assert np.allclose(a.predict_proba(RING), b.predict_proba(RING), atol=1e-4)


def test_before_the_fit_predictions_are_errors():
    for method in ("predict", "predict_proba", "predict_log_proba", "score"):
        with pytest.raises(NotFittedError):
            getattr(ring(), method)(RING, *([[1] * 16] if method == "score" else []))


def test_scores_need_labels(fitted):
    with pytest.raises(ValueError, match="score needs y"):
        fitted.score(RING)


@pytest.mark.parametrize(
    ("non_link", "y", "classes"),
    [
        ("no link at all", ["yes"] * 16, ["no link at all", "yes"]),
        (-1, np.ones(16, np.uint8), [-1, 1]),
        ("none", ["friend"] * 16, ["friend", "none"]),
    ],
)
def test_the_class_of_non_links_can_be_of_any_width_and_place(non_link, y, classes):
    clf = ring(non_link=non_link, max_epochs=1).fit(RING, y)
    assert clf.classes_.tolist() == classes
    pairs = [*RING, (0, 4), (1, 5)]
    labels = [*y, non_link, non_link]
    probability = clf.predict_proba(pairs)[:, classes.index(y[0])]
    expected = mean_reciprocal_rank([1] * 16 + [0] * 2, probability)
    assert mean_reciprocal_rank_scorer(clf, pairs, labels) == expected
    pipe = make_pipeline(FunctionTransformer(), clf)
    assert mean_reciprocal_rank_scorer(pipe, pairs, labels) == expected


def test_minus_one_is_not_taken_for_a_non_link_in_silence():
    with pytest.warns(UserWarning, match="Set non_link=-1"):
        clf = ring(max_epochs=1).fit(RING, [1] * 8 + [-1] * 8)
    assert clf.classes_.tolist() == [-1, 0, 1]


def test_the_wrong_side_of_a_bipartite_graph_is_an_error():
    clf = ring(max_epochs=1).fit([("ann", "tea"), ("ann", "milk"), ("bob", "tea")])
    with pytest.raises(ValueError, match="Set side='target'"):
        clf.recommend(["tea"])
    with pytest.raises(ValueError, match="side='source'"):
        clf.recommend(["ann"], side="target")
    with pytest.raises(ValueError, match="hashable"):
        clf.recommend([["ann"]])
