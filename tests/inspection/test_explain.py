import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.inspection import agreement, attention_weights, explain, fidelity

METHODS = ["auto", "gradient", "integrated_gradients", "shapley"]
METHODS += ["attention", "rollout"]
EDGES = [(0, 1), (1, 2), (2, 3), (3, 0), (1, 3), (3, 4), (4, 5)]
LABELS = np.array([0, 1, 0, 1, 1, 0])


def adjacency(edges=EDGES):
    matrix = np.zeros((6, 6))
    for i, j in edges:
        matrix[i, j] = matrix[j, i] = 1
    return matrix


def features(n=6, d=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def graph(edges=EDGES, **options):
    return Graph(adjacency(edges), features(), **options)


@pytest.fixture(scope="module")
def classifier():
    options = {"max_epochs": 30, "random_state": 0, "norm": "layer"}
    return GraphAttentionClassifier(**options).fit(graph(), LABELS)


def log_odds(estimator, X, row, label):
    column = list(estimator.classes_).index(label)
    return logit(estimator.predict_proba(X)[row, column])


def test_score_of_an_edge_is_the_log_odds_lost_without_it(classifier):
    explanation = explain(classifier, graph()[[2]])
    label = classifier.predict(graph()[[2]])[0]
    assert explanation.classes[0] == label
    before = log_odds(classifier, graph()[[2]], 0, label)
    assert explanation.answer[0] == pytest.approx(before, abs=1e-4)
    scores = explanation.scores[0].toarray()
    for i, j in EDGES:
        rest = [edge for edge in EDGES if edge != (i, j)]
        after = log_odds(classifier, graph(rest)[[2]], 0, label)
        assert scores[i, j] == pytest.approx(before - after, abs=1e-4)
        assert scores[j, i] == scores[i, j]
    alone = log_odds(classifier, graph([])[[2]], 0, label)
    assert explanation.without[0] == pytest.approx(alone, abs=1e-4)
    assert np.count_nonzero(scores) == 2 * len(EDGES)


def test_edges_in_one_direction_are_removed_alone():
    directed = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    G = Graph(directed, features(3))
    clf = GraphAttentionClassifier(max_epochs=5, random_state=0, norm="layer")
    clf.fit(G, [0, 1, 1])
    scores = explain(clf, G[[0]]).scores[0].toarray()
    assert (scores != 0).tolist() == (directed > 0).tolist()
    without = Graph(np.where(np.arange(3)[:, None] == 1, 0, directed), features(3))
    label = clf.predict(G[[0]])[0]
    lost = log_odds(clf, G, 0, label) - log_odds(clf, without, 0, label)
    assert scores[1, 2] == pytest.approx(lost, abs=1e-4)


def test_scores_of_a_regressor_are_in_the_units_of_y():
    y = 1000 + 50 * features(6, 1, seed=3)[:, 0]
    reg = GraphAttentionRegressor(max_epochs=10, random_state=0).fit(graph(), y)
    explanation = explain(reg, graph()[[4]])
    assert explanation.unit == "value"
    assert explanation.answer[0] == pytest.approx(reg.predict(graph())[4], abs=1e-2)
    after = reg.predict(graph([e for e in EDGES if e != (3, 4)]))[4]
    lost = explanation.answer[0] - after
    assert explanation.scores[0][4, 3] == pytest.approx(lost, abs=1e-2)


def test_features_of_a_removed_node_are_the_mean_of_the_training_nodes():
    X = [Graph(adjacency(), features(seed=k)) for k in range(8)]
    y = np.arange(8) % 2
    clf = GraphAttentionClassifier(max_epochs=3, random_state=0, norm="layer")
    clf.fit(X, y)
    explanation = explain(clf, X[:2])
    assert explanation.of == "nodes"
    mean = np.concatenate([each.X for each in X]).mean(axis=0)
    label = explanation.classes[1]
    changed = X[1].X.copy()
    changed[3] = mean
    lost = log_odds(clf, X, 1, label) - log_odds(
        clf, [Graph(adjacency(), changed)], 0, label
    )
    assert explanation.scores[1][3] == pytest.approx(lost, abs=1e-4)


def test_steps_of_sequences_keep_their_positions_and_channels_are_the_users():
    X = [features(5 + k % 2, 2, seed=k) for k in range(8)]
    clf = GraphAttentionClassifier(max_epochs=3, random_state=0, norm="layer")
    clf.fit(X, np.arange(8) % 2)
    mean = np.concatenate(X).mean(axis=0)
    steps = explain(clf, X[:1])
    assert steps.baseline == pytest.approx(mean, abs=1e-6)
    changed = X[0].copy()
    changed[3] = mean
    label = steps.classes[0]
    before = log_odds(clf, X, 0, label)
    lost = before - log_odds(clf, [changed], 0, label)
    assert steps.scores[0][3] == pytest.approx(lost, abs=1e-4)
    channels = explain(clf, X[:1], of="features").scores
    changed = X[0].copy()
    changed[:, 1] = mean[1]
    lost = before - log_odds(clf, [changed], 0, label)
    assert channels.shape == (1, 2)
    assert channels[0, 1] == pytest.approx(lost, abs=1e-4)


def test_a_removed_column_has_its_mean_everywhere(classifier):
    explanation = explain(classifier, graph()[[0, 5]], of="features")
    assert explanation.scores.shape == (2, 3)
    X = features()
    X[:, 1] = X[:, 1].mean()
    label = explanation.classes[1]
    lost = log_odds(classifier, graph(), 5, label) - log_odds(
        classifier, Graph(adjacency(), X), 5, label
    )
    assert explanation.scores[1, 1] == pytest.approx(lost, abs=1e-4)


@pytest.mark.parametrize("method", ["occlusion", "gradient", "integrated_gradients"])
def test_answers_do_not_depend_on_each_other(classifier, method):
    together = explain(classifier, graph(), method=method)
    for node in range(6):
        alone = explain(classifier, graph()[[node]], method=method)
        np.testing.assert_allclose(
            together[node].scores[0].toarray(), alone.scores[0].toarray(), atol=1e-5
        )


def test_integrated_gradients_add_up_to_the_answer(classifier):
    found = explain(classifier, graph(), method="integrated_gradients")
    totals = [np.triu(each.toarray()).sum() for each in found.scores]  # an edge once
    np.testing.assert_allclose(totals, found.answer - found.without, rtol=0.02)


def test_shapley_values_add_up_and_repeat(classifier):
    options = {"method": "shapley", "n_samples": 64, "random_state": 0}
    found = explain(classifier, graph()[[1]], **options)
    again = explain(classifier, graph()[[1]], **options)
    total = np.triu(found.scores[0].toarray(), 1).sum()
    assert total == pytest.approx(found.answer[0] - found.without[0], abs=1e-6)
    assert (found.scores[0] != again.scores[0]).nnz == 0


def test_attention_scores_are_mean_weights_of_both_directions(classifier):
    found = explain(classifier, graph()[[2]], method="attention").scores[0]
    layers = attention_weights(classifier, graph())
    mean = sum(head for layer in layers for head in layer) / 12
    assert found[2, 1] == pytest.approx(mean[2, 1] + mean[1, 2], abs=1e-6)


def test_rollout_starts_at_the_answer(classifier):
    found = explain(classifier, graph()[[5]], method="rollout").scores[0]
    assert found[5, 4] == found.max()


def test_a_row_of_a_table_is_explained_by_fitted_rows():
    X, y = make_classification(60, random_state=0)
    clf = GraphAttentionClassifier(max_epochs=5, random_state=0).fit(X[:50], y[:50])
    explanation = explain(clf, X[50:52])
    assert explanation.scores[1].shape == (52, 52)
    receivers, senders = explanation.scores[1].nonzero()
    assert set(receivers) == {51}
    assert len(senders) == 15
    assert max(senders) < 50
    name, sender, _ = explanation[1].top(1)[0]
    assert name == "row 1"
    assert sender.startswith("fitted row ")


def test_a_pipeline_is_explained_in_the_columns_of_its_input():
    X, y = make_classification(60, 4, random_state=0)
    frame = pd.DataFrame(X, columns=["age", "dose", "weight", "height"])
    clf = GraphAttentionClassifier(max_epochs=3, random_state=0)
    model = make_pipeline(StandardScaler(), clf).fit(frame, y)
    explanation = explain(model, frame.iloc[:3], of="features")
    assert {name for name, _ in explanation[0].top(4)} == set(frame)
    search = GridSearchCV(clf, {"n_neighbors": [3]}, cv=2).fit(frame, y)
    assert len(explain(search, frame.iloc[:2], of="features")) == 2


def test_nodes_have_their_names(classifier):
    named = graph(nodes=pd.Index(list("abcdef")))
    explanation = explain(classifier, named[[2]])
    assert {(i, j) for i, j, _ in explanation.top(20)} <= {
        (i, j) for i in "abcdef" for j in "abcdef"
    }
    assert "node 'c'" in repr(explanation)


def test_rows_that_join_a_graph_by_name_have_its_names():
    names = list("abcdef")
    whole = Graph(adjacency(), nodes=pd.Index(names))
    frame = pd.DataFrame(features(), index=names)
    clf = GraphAttentionClassifier(graph=whole, max_epochs=3, random_state=0)
    clf.fit(frame.iloc[:5], LABELS[:5])
    explanation = explain(clf, frame.loc[["f"]])
    assert explanation.scores[0].shape == (6, 6)
    ends = {frozenset(edge[:2]) for edge in explanation.top(20)}
    assert frozenset("ef") in ends


def test_components_of_an_embedding_are_explained():
    embedder = AttentionEmbedder(n_components=4, max_epochs=2, random_state=0)
    embedder.fit(graph())
    explanation = explain(embedder, graph()[[1]], classes=2)
    value = embedder.transform(graph())[1, 2]
    assert explanation.answer[0] == pytest.approx(value, abs=1e-5)
    with pytest.raises(ValueError, match=r"classes must name one of the 4 outputs"):
        explain(embedder, graph()[[1]])


def test_top_for_and_against(classifier):
    explanation = explain(classifier, graph()[[3]])
    assert [abs(s) for *_, s in explanation.top()] == sorted(
        [abs(s) for *_, s in explanation.top()], reverse=True
    )
    assert all(s > 0 for *_, s in explanation.top(sign="for"))
    assert all(s < 0 for *_, s in explanation.top(sign="against"))
    assert len(explanation.top(2)) == 2


def test_numbers_of_candidates_and_signs_must_exist(classifier):
    explanation = explain(classifier, graph()[[3]])
    for use in (explanation.top, explanation.subgraph, explanation.to_networkx):
        with pytest.raises(ValueError, match="k must be at least 0, got -1"):
            use(-1)
        with pytest.raises(TypeError, match="k must be a whole number"):
            use(2.5)
    with pytest.raises(ValueError, match="sign must be one of"):
        explanation.top(sign="both")
    assert explanation.top(0) == []


def test_the_own_share_is_what_is_left_without_neighbours(classifier):
    explanation = explain(classifier, graph()[[3, 0]])
    expected = explanation.without / explanation.answer
    np.testing.assert_array_equal(explanation.own_share, expected)
    assert np.isnan(explain(classifier, graph()[[3]], method="gradient").own_share)


def test_subgraph_has_the_answer_and_the_best_edges(classifier):
    explanation = explain(classifier, graph()[[0]])
    part = explanation.subgraph(1)
    i, j, _ = explanation.top(1)[0]
    assert part.n_nodes == len({0, i, j})
    assert len(part) == 1


def test_frame_has_every_candidate_of_every_answer(classifier):
    frame = explain(classifier, graph()[[0, 1]]).to_frame()
    assert list(frame) == ["row", "receiver", "sender", "score", "exact"]
    assert len(frame) == 2 * len(EDGES)


def test_networkx_has_scores(classifier):
    explanation = explain(classifier, graph()[[0]])
    found = explanation.to_networkx()
    i, j, score = explanation.top(1)[0]
    assert found.edges[i, j]["score"] == score


def test_fidelity_has_a_random_line(classifier):
    explanation = explain(classifier, graph())
    found = fidelity(classifier, graph(), explanation, k=(1, 7))
    assert found["necessary"].shape == (6, 2)
    np.testing.assert_allclose(found["sufficient"][:, 1], 0, atol=1e-6)
    np.testing.assert_allclose(
        found["necessary"][:, 1], found["necessary_random"][:, 1], atol=1e-6
    )
    with pytest.raises(ValueError, match="the same X"):
        fidelity(classifier, graph()[[0]], explanation)


@pytest.mark.parametrize("k", [3, (), (-1,), (1.5,), "ab", [[1, 2]]])
def test_fidelity_needs_a_list_of_numbers_of_candidates(classifier, k):
    with pytest.raises(ValueError, match="k must be a list of whole numbers"):
        fidelity(classifier, graph(), explain(classifier, graph()), k=k)


def test_other_objects_are_no_explanations(classifier):
    explanation = explain(classifier, graph())
    with pytest.raises(TypeError, match=r"b must be an Explanation.*got int"):
        agreement(explanation, 3)
    with pytest.raises(TypeError, match="explanation must be an Explanation"):
        fidelity(classifier, graph(), "all edges")


def test_agreement_is_the_rank_correlation(classifier):
    removed = explain(classifier, graph())
    assert agreement(removed, removed) == pytest.approx(np.ones(6))
    with pytest.raises(ValueError, match="the same answers"):
        agreement(removed, explain(classifier, graph()[[0]]))


# ---- input that has no explanation ---------------------------------------------------


def test_an_estimator_must_be_fitted():
    with pytest.raises(NotFittedError):
        explain(GraphAttentionClassifier(), graph())


def test_other_estimators_have_none():
    with pytest.raises(TypeError, match="got StandardScaler"):
        explain(StandardScaler().fit(features()), features())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"classes": 7}, r"classes must be among the classes_ \[0, 1\], got 7"),
        ({"classes": [0, 1]}, r"one per answer \(6\)"),
        ({"of": "paths"}, "of"),
        ({"method": "lime"}, "method"),
        ({"of": "nodes", "baseline": [1.0]}, "3 finite numbers"),
        ({"of": "nodes", "baseline": ["a", "b", "c"]}, "3 finite numbers"),
        ({"of": "nodes", "baseline": None}, "3 finite numbers"),
        ({"of": "nodes", "method": "attention"}, "needs of='edges'"),
        ({"method": "shapley", "n_samples": 3}, "at least 7"),
    ],
)
def test_options_must_exist(classifier, options, words):
    with pytest.raises(ValueError, match=words):
        explain(classifier, graph(), **options)


def test_a_node_without_neighbours_has_no_edges_to_explain(classifier):
    with pytest.raises(ValueError, match="of='features'"):
        explain(classifier, graph([])[[0]])


@pytest.mark.parametrize("method", METHODS)
def test_among_others_a_node_without_neighbours_has_no_scores(classifier, method):
    pair = graph(EDGES[:1])
    found = explain(classifier, pair[[5, 0]], method=method, random_state=0)
    assert found.scores[0].nnz == 0
    assert found[0].top() == []
    assert found[0].subgraph().n_nodes == 1
    assert found.scores[1][0, 1] != 0


def test_no_answers_have_no_scores(classifier):
    edges = explain(classifier, graph())[:0]
    assert edges.scores == []
    assert list(edges.to_frame()) == ["row", "receiver", "sender", "score", "exact"]
    features = explain(classifier, graph(), of="features")[:0]
    assert features.scores.shape == (0, 0)


@pytest.mark.parametrize("encoder", [{"hops": (1, 2)}, {"positional": "degree"}])
def test_gradients_are_refused_where_they_are_no_removals(encoder):
    clf = GraphAttentionClassifier(
        max_epochs=2, random_state=0, encoder=EncoderConfig(**encoder), n_heads=2
    ).fit(graph(), LABELS)
    with pytest.raises(ValueError, match="occlusion"):
        explain(clf, graph()[[0]], method="gradient")
    assert len(explain(clf, graph()[[0]])) == 1


def test_graphs_without_features_have_edges_to_explain():
    X = [Graph(adjacency(EDGES[k:])) for k in range(4)]
    clf = GraphAttentionClassifier(max_epochs=2, random_state=0, norm="layer")
    clf.fit(X, [0, 1, 0, 1])
    explanation = explain(clf, X[:1])
    assert explanation.of == "edges"
    label = explanation.classes[0]
    lost = log_odds(clf, X, 0, label) - log_odds(clf, X[1:], 0, label)
    i, j = EDGES[0]
    assert explanation.scores[0][i, j] == pytest.approx(lost, abs=1e-4)
    with pytest.raises(ValueError, match="of='edges'"):
        explain(clf, X[:1], of="nodes")


# ---- sequences -----------------------------------------------------------------------


def sequences(n_steps, n=8, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n_steps + k % 3, 2)) for k in range(n)]


@pytest.fixture(scope="module", params=[6, 90])
def of_sequences(request):
    X = sequences(request.param)
    clf = GraphAttentionClassifier(max_epochs=3, random_state=0, norm="layer")
    return clf.fit(X, np.arange(8) % 2), X


def test_removed_steps_have_the_mean_of_all_steps(of_sequences):
    clf, X = of_sequences
    explanation = explain(clf, X[:3])
    assert explanation.of == "nodes"
    assert [len(scores) for scores in explanation.scores] == [len(x) for x in X[:3]]
    stride = clf.input_summary_.get("patch_stride", 1)
    changed = X[2].copy()
    changed[stride : 2 * stride] = np.concatenate(X).mean(axis=0)
    label = explanation.classes[2]
    lost = log_odds(clf, X, 2, label) - log_odds(clf, [changed], 0, label)
    scores = explanation.scores[2][stride : 2 * stride]
    np.testing.assert_allclose(scores, lost, atol=1e-4)


def test_removed_channels_have_their_mean_in_all_steps(of_sequences):
    clf, X = of_sequences
    explanation = explain(clf, X[:2], of="features")
    changed = X[1].copy()
    changed[:, 1] = np.concatenate(X)[:, 1].mean()
    label = explanation.classes[1]
    lost = log_odds(clf, X, 1, label) - log_odds(clf, [changed], 0, label)
    assert explanation.scores[1, 1] == pytest.approx(lost, abs=1e-4)


def test_integrated_gradients_of_steps_add_up(of_sequences):
    clf, X = of_sequences
    found = explain(clf, X[:2], method="integrated_gradients")
    totals = [sum(score for _, score in each.top(1000)) for each in found]
    np.testing.assert_allclose(totals, found.answer - found.without, rtol=0.02)


def test_gradients_of_steps_are_differences(of_sequences):
    clf, X = of_sequences
    found = explain(clf, X[:1], method="gradient")
    mean = np.concatenate(X).mean(axis=0)
    stride = clf.input_summary_.get("patch_stride", 1)
    label = found.classes[0]
    changed = X[0].copy()
    changed[:stride] += 1e-2 * (mean - changed[:stride])
    difference = log_odds(clf, X, 0, label) - log_odds(clf, [changed], 0, label)
    assert found.scores[0][0] == pytest.approx(100 * difference, rel=0.1, abs=0.02)


def test_groups_of_steps_have_their_range_as_name():
    X = sequences(90)
    clf = GraphAttentionClassifier(max_epochs=2, random_state=0).fit(X, [0, 1] * 4)
    names = [name for name, _ in explain(clf, X[:1]).top(3)]
    assert all("-" in str(name) for name in names)


def test_the_subgraph_of_steps_has_their_patches(of_sequences):
    clf, X = of_sequences
    explanation = explain(clf, X[:1])
    assert explanation.subgraph(2).n_nodes == 2
    assert explanation.subgraph(1000).n_nodes == len(explanation.top(1000))


def test_labels_that_are_inputs_are_removed_with_their_edges():
    G = Graph(adjacency(), nodes=pd.Index(list("abcdef")))
    clf = GraphAttentionClassifier(
        label_inputs=True, max_epochs=5, random_state=0, norm="layer"
    ).fit(G[:5], LABELS[:5])
    explanation = explain(clf, G[[5]])
    label = explanation.classes[0]
    without = Graph(adjacency(EDGES[:-1]), nodes=G.nodes)
    lost = log_odds(clf, G, 5, label) - log_odds(clf, without, 5, label)
    assert explanation.scores[0][5, 4] == pytest.approx(lost, abs=1e-4)
    with pytest.raises(ValueError, match="label_inputs"):
        explain(clf, G[[5]], method="integrated_gradients")


def test_columns_of_a_category_are_one_feature():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"size": rng.normal(size=60), "kind": rng.choice(list("abc"), 60)}
    )
    frame["kind"] = frame["kind"].astype("category")
    clf = GraphAttentionClassifier(max_epochs=3, random_state=0)
    clf.fit(frame, frame.kind == "a")
    explanation = explain(clf, frame.iloc[:2], of="features")
    assert explanation.scores.shape == (2, 2)
    assert {name for name, _ in explanation[0].top()} == {"size", "kind"}


def test_scores_of_nodes_are_in_the_places_of_the_nodes(classifier):
    explanation = explain(classifier, graph()[[4]], of="nodes")
    scores, label = explanation.scores[0], explanation.classes[0]
    changed = features()
    changed[3] = features().mean(axis=0)
    G = Graph(adjacency(), changed)
    lost = log_odds(classifier, graph(), 4, label) - log_odds(classifier, G, 4, label)
    assert scores.shape == explanation.exact[0].shape == (6,)
    assert scores[3] == pytest.approx(lost, abs=1e-4)
