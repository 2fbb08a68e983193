from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.estimators._batch_size import training_batch_size
from skattn.estimators._defaults import choose, patch_options
from skattn.estimators._setting import Setting, Sizes
from skattn.graph._patches import PatchOptions

SIZES = Sizes(n_features=4, n_edge_features=0, n_nodes=20, n_examples=20)
WIDE = Sizes(n_features=21, n_edge_features=0, n_nodes=20, n_examples=20)


def chosen(rows, answers, sizes=SIZES, config=None, *, pretrained=False, **params):
    estimator = GraphAttentionClassifier(**params)
    setting = Setting(rows, answers, pretrained)
    return choose(estimator, config or EncoderConfig(), setting, sizes).network


def summary(spec):
    block = spec.block
    dropouts = block.dropout, spec.input_dropout
    return block.activation, *dropouts, spec.jumping, spec.n_feature_layers


@pytest.mark.parametrize(
    ("rows", "answers", "expected"),
    [
        ("table", "classes", ("gelu", 0.3, 0.1, "concat", 2)),
        ("table", "numbers", ("gelu", 0.3, 0.0, None, 2)),
        ("table", None, ("elu", 0.5, 0.0, None, 0)),
        ("nodes", "classes", ("elu", 0.2, 0.0, None, 0)),
        ("nodes", "numbers", ("silu", 0.2, 0.0, None, 0)),
        ("nodes", None, ("elu", 0.2, 0.0, None, 0)),
        ("graphs", "classes", ("elu", 0.2, 0.0, None, 0)),
        ("graphs", "numbers", ("elu", 0.2, 0.0, None, 0)),
        ("graphs", None, ("elu", 0.2, 0.0, None, 0)),
        ("sequences", "classes", ("elu", 0.2, 0.0, None, 1)),
        ("sequences", "numbers", ("elu", 0.2, 0.0, None, 1)),
        ("sequences", None, ("elu", 0.2, 0.0, None, 0)),
    ],
)
def test_the_table_of_defaults(rows, answers, expected):
    assert summary(chosen(rows, answers)) == expected


@pytest.mark.parametrize(
    ("rows", "answers", "input_dropout"),
    [
        ("table", "classes", 0.5),
        ("table", "numbers", 0.5),
        ("table", None, 0.5),
        ("nodes", "classes", 0.9),
        ("nodes", "numbers", 0.9),
        ("nodes", None, 0.5),
        ("graphs", "classes", 0.5),
    ],
)
def test_features_that_outnumber_examples_are_dropped(rows, answers, input_dropout):
    spec = chosen(rows, answers, WIDE)
    assert (spec.block.dropout, spec.input_dropout) == (0.5, input_dropout)
    assert spec.block.residual_start == 0.1
    assert chosen(rows, answers).block.residual_start == 1.0


def test_two_layers_of_strong_decay_where_features_outnumber_labels():
    def depth_and_decay(sizes, *, pretrained=False, config=None, **params):
        estimator = GraphAttentionClassifier(**params)
        setting = Setting("nodes", "classes", pretrained)
        choice = choose(estimator, config or EncoderConfig(), setting, sizes)
        return choice.network.n_layers, choice.weight_decay

    assert depth_and_decay(SIZES) == (3, 0.005)
    assert depth_and_decay(WIDE) == (2, 0.02)
    assert depth_and_decay(replace(WIDE, homophily=0.8)) == (2, 0.02)
    assert depth_and_decay(replace(WIDE, homophily=0.1)) == (3, 0.005)
    assert depth_and_decay(WIDE, pretrained=True) == (3, 0.005)
    assert depth_and_decay(WIDE, n_layers=4, weight_decay=0.1) == (4, 0.1)
    assert depth_and_decay(WIDE, fanout=(5, 5, 5)) == (3, 0.02)
    given = EncoderConfig(n_feature_layers=2)
    assert depth_and_decay(WIDE, config=given) == (3, 0.02)


def test_five_layers_with_batch_norm_where_nodes_have_many_labels_per_feature():
    narrow = replace(SIZES, n_nodes=90, n_examples=80)

    def chosen_of(
        sizes=narrow, rows="nodes", labels="classes", *, pretrained=False, **p
    ):
        setting = Setting(rows, labels, pretrained)
        choice = choose(GraphAttentionClassifier(**p), EncoderConfig(), setting, sizes)
        spec = choice.network
        return spec.n_layers, spec.block.norm, choice.weight_decay, spec.input_dropout

    assert chosen_of() == (5, "batch", 0.005, 0.1)
    assert chosen_of(replace(narrow, n_examples=5000))[2] == 5e-4
    assert chosen_of(replace(narrow, n_examples=79)) == (3, "layer", 0.005, 0.0)
    assert chosen_of(replace(narrow, n_nodes=1))[1] == "layer"
    assert chosen_of(labels="numbers") == (3, "layer", 0.005, 0.0)
    assert chosen_of(rows="graphs")[0] == 3
    assert chosen_of(rows="table")[0] == 3
    assert chosen_of(pretrained=True)[:2] == (3, None)
    assert chosen_of(fanout=(5, 5, 5)) == (3, "layer", 0.005, 0.0)
    assert chosen_of(n_layers=3, norm="layer")[:2] == (3, "layer")


@pytest.mark.parametrize(
    ("rows", "answers", "options", "expected"),
    [
        ("nodes", "classes", {}, 2),
        ("nodes", "classes", {"sizes": replace(WIDE, homophily=0.8)}, 2),
        ("nodes", "classes", {"sizes": replace(WIDE, homophily=0.1)}, 0),
        ("nodes", "classes", {"sizes": replace(WIDE, n_label_columns=3)}, 0),
        ("nodes", "classes", {"sizes": SIZES}, 0),
        ("nodes", "classes", {"sizes": SIZES, "smoothing": 3}, 3),
        ("nodes", "classes", {"smoothing": 0}, 0),
        ("nodes", "classes", {"n_layers": 3}, 2),
        ("nodes", "classes", {"fanout": (5, 5, 5)}, 0),
        ("nodes", "classes", {"config": EncoderConfig(output="attention")}, 0),
        ("nodes", "classes", {"pretrained": True}, 0),
        ("nodes", "numbers", {}, 0),
        ("nodes", None, {"smoothing": 3}, 0),
        ("table", "classes", {}, 0),
        ("graphs", "classes", {}, 0),
    ],
)
def test_predictions_are_smoothed_where_features_outnumber_labels(
    rows, answers, options, expected
):
    options = {"sizes": WIDE} | options
    assert chosen(rows, answers, **options).smoothing == expected


@pytest.mark.parametrize("rows", ["table", "nodes"])
@pytest.mark.parametrize("answers", ["classes", "numbers"])
def test_a_pretrained_encoder_is_the_embedders(rows, answers):
    spec = chosen(rows, answers, pretrained=True)
    activation, _, _, jumping, n_feature_layers = summary(chosen(rows, None))
    assert spec.block.activation == activation
    assert (spec.jumping, spec.n_feature_layers) == (jumping, n_feature_layers)
    own = chosen(rows, answers)
    assert spec.block.dropout == own.block.dropout
    assert spec.input_dropout == own.input_dropout


@pytest.mark.parametrize("rows", ["table", "nodes", "graphs"])
@pytest.mark.parametrize("answers", ["classes", "numbers", None])
@pytest.mark.parametrize("sizes", [SIZES, WIDE])
@pytest.mark.parametrize("pretrained", [False, True])
def test_a_number_for_dropout_changes_only_the_dropout_of_layers(
    rows, answers, sizes, pretrained
):
    auto = chosen(rows, answers, sizes, pretrained=pretrained)
    number = chosen(rows, answers, sizes, pretrained=pretrained, dropout=0.3)
    assert number == replace(auto, block=replace(auto.block, dropout=0.3))


@pytest.mark.parametrize("labels", ["classes", "numbers"])
def test_wide_features_of_sequences_are_not_dropped(labels):
    assert chosen("sequences", labels, WIDE) == chosen("sequences", labels)


@pytest.mark.parametrize(
    ("labels", "pretrained", "expected"),
    [
        ("classes", False, PatchOptions(32, 50)),
        ("numbers", False, PatchOptions(32, 50)),
        ("classes", True, PatchOptions(None, 50)),
        (None, False, PatchOptions(None, 0)),
    ],
)
def test_only_labelled_sequences_have_patches(labels, pretrained, expected):
    setting = Setting("sequences", labels, pretrained)
    assert patch_options(EncoderConfig(), setting) == expected
    given = EncoderConfig(max_patches=7, n_segments=0)
    assert patch_options(given, setting) == PatchOptions(7, 0)


@pytest.mark.parametrize(("n_rows", "expected"), [(3, 16), (200, 25), (10_000, 128)])
def test_small_lists_of_sequences_have_small_batches(n_rows, expected):
    setting = Setting("sequences", "classes")
    clf = GraphAttentionClassifier()
    assert training_batch_size(clf, setting, n_rows) == expected
    assert training_batch_size(clf, Setting("sequences", "numbers"), n_rows) == 128
    assert training_batch_size(clf, Setting("table", "classes"), n_rows) == "auto"
    clf.set_params(batch_size=5)
    assert training_batch_size(clf, setting, n_rows) == 5


def test_one_layer_of_sequences_attends():
    assert chosen("sequences", "classes", n_layers=1).n_feature_layers == 0


def test_the_configuration_overrides_the_table():
    config = EncoderConfig(
        activation="relu", jumping=None, n_feature_layers=0, input_dropout=0.7
    )
    spec = chosen("table", "classes", WIDE, config)
    assert summary(spec) == ("relu", 0.5, 0.7, None, 0)


def test_only_graphs_have_a_readout():
    assert chosen("graphs", "classes", readout="max").readout == "max"
    assert chosen("nodes", "classes", readout="max").readout is None


def test_choosing_needs_no_fit_and_changes_nothing():
    embedder = AttentionEmbedder(n_layers=2, hidden_dim=8, n_heads=2)
    before = vars(embedder).copy()
    spec = choose(embedder, EncoderConfig(), Setting("nodes", None), SIZES).network
    assert (spec.n_layers, spec.hidden_dim, spec.block.n_heads) == (2, 8, 2)
    assert vars(embedder) == before


def test_batch_normalisation_of_one_node_is_an_error():
    alone = Sizes(n_features=4, n_edge_features=0, n_nodes=1, n_examples=1)
    with pytest.raises(ValueError, match=r'norm="batch" needs more than one node'):
        chosen("nodes", "classes", alone, norm="batch")


# ---- sizes of a fit -------------------------------------------------------------


def design(X, y, **params):
    clf = GraphAttentionClassifier(max_epochs=1, **params).fit(X, y)
    spec = clf.net_.objective.spec
    return spec.input_dropout, spec.block.residual_start


@pytest.mark.parametrize(
    ("n_features", "expected"), [(20, (0.1, 1.0)), (21, (0.5, 0.1))]
)
def test_wide_features_have_dropout_and_a_small_residual_gate(n_features, expected):
    X = np.random.default_rng(0).normal(size=(20, n_features))
    assert design(X, np.arange(20) % 2) == expected


def test_unlabelled_rows_are_not_examples():
    X = np.random.default_rng(0).normal(size=(40, 21))
    y = np.where(np.arange(40) < 20, np.arange(40) % 2, -1)
    assert design(X, y, unlabeled=-1) == (0.5, 0.1)


def test_wide_features_of_graph_nodes_have_more_dropout():
    rng = np.random.default_rng(0)
    y = np.arange(20) % 2
    wide = rng.normal(size=(20, 21))
    graph = Graph(rng.random((20, 20)) < 0.2, wide)
    narrow = graph.with_features(wide[:, :20])
    assert design(graph, y)[0] == 0.9
    assert design(graph, y, dropout=0.4)[0] == 0.9
    assert design(graph[:10], y[:10])[0] == 0.9
    assert design(narrow, y)[0] == 0.0
    assert design(wide, y)[0] == 0.5
    assert design(wide[:, :20], y)[0] == 0.1
    assert design(wide[:, :20], y, dropout=0.4)[0] == 0.1
    regressor = GraphAttentionRegressor(max_epochs=1).fit(wide[:, :20], y)
    assert regressor.net_.objective.spec.input_dropout == 0.0
    assert design([graph] * 20, y)[0] == 0.5
    assert design(graph, y, encoder=EncoderConfig(input_dropout=0.1))[0] == 0.1


def test_automatic_dropout_equals_its_number_on_every_kind_of_input(each_kind, small):
    auto, *_ = each_kind(small)
    number, *_ = each_kind(partial(small, dropout=auto.resolved_params_["dropout"]))
    assert number.loss_curve_ == auto.loss_curve_
    ours, theirs = (each.net_.module_.state_dict() for each in (number, auto))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_encoder_configuration_overrides_the_defaults():
    X = np.random.default_rng(0).normal(size=(20, 3))
    config = EncoderConfig(input_dropout=0.3)
    assert design(X, np.arange(20) % 2, encoder=config)[0] == 0.3


def test_every_node_is_an_example_to_the_embedder():
    X = np.random.default_rng(0).normal(size=(20, 20))
    embedder = AttentionEmbedder(max_epochs=1).fit(X)
    assert embedder.net_.objective.spec.block.residual_start == 1.0


def test_dropout_is_strong_where_the_graph_is_made_from_the_features():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), np.arange(20) % 2
    graph = Graph(rng.random((20, 20)) < 0.2, X)
    wide = rng.normal(size=(20, 21))
    for cls, rows, expected in [
        (GraphAttentionClassifier, X, 0.3),
        (GraphAttentionRegressor, X, 0.3),
        (AttentionEmbedder, X, 0.5),
        (GraphAttentionClassifier, wide, 0.5),
        (GraphAttentionClassifier, graph, 0.2),
        (GraphAttentionRegressor, graph, 0.2),
        (GraphAttentionClassifier, graph.with_features(wide), 0.5),
    ]:
        model = cls(max_epochs=1).fit(rows, y)
        assert model.net_.objective.spec.block.dropout == expected


@pytest.mark.parametrize(
    ("n_graphs", "expected"),
    [(1, 32), (4223, 32), (4224, 33), (8192, 64), (16384, 128), (10**6, 128)],
)
def test_many_graphs_have_larger_batches(n_graphs, expected):
    clf = GraphAttentionClassifier()
    found = training_batch_size(clf, Setting("graphs", "classes"), n_graphs)
    assert found == expected
    assert training_batch_size(clf, Setting("graphs", "numbers"), n_graphs) == 128


def test_degrees_scale_the_attention_of_nodes_with_narrow_features():
    def scales(rows, labels="classes", sizes=SIZES, **options):
        return chosen(rows, labels, sizes, **options).block.degree_scaling

    assert scales("nodes")
    assert scales("nodes", "numbers")
    assert not scales("nodes", sizes=WIDE)
    assert scales("nodes", sizes=WIDE, config=EncoderConfig(degree_scaling=True))
    assert not scales("nodes", config=EncoderConfig(degree_scaling=False))
    assert not scales("nodes", pretrained=True)
    assert not any(scales(rows) for rows in ("table", "graphs"))
    assert not scales("nodes", None)


def test_wide_features_of_nodes_unlike_their_neighbours_have_a_gated_convolution():
    rng = np.random.default_rng(0)
    y = np.arange(20) % 2
    X = rng.normal(size=(20, 21))
    others = (y[:, None] != y).astype(float)
    for adjacency, expected in [
        (others, ("gcn", True, 1.0)),
        (1 - others, (None, False, 0.1)),
    ]:
        clf = GraphAttentionClassifier(max_epochs=1).fit(Graph(adjacency, X), y)
        block = clf.net_.objective.spec.block
        found = block.convolution, block.gated_convolution, block.residual_start
        assert found == expected


@pytest.mark.parametrize(
    ("homophily", "expected"),
    [(None, 0.02), (0.8, 0.01), (0.6, 0.02), (0.0, 0.05), (-0.5, 0.05), (1.0, 0.001)],
)
def test_the_weight_decay_of_a_table_grows_with_the_errors_of_its_nearest_rows(
    homophily, expected
):
    sizes = replace(SIZES, nearest_homophily=homophily)
    setting = Setting("table", "classes")
    choice = choose(GraphAttentionClassifier(), EncoderConfig(), setting, sizes)
    assert choice.weight_decay == pytest.approx(expected)
    given = GraphAttentionClassifier(weight_decay=0.3)
    assert choose(given, EncoderConfig(), setting, sizes).weight_decay == 0.3


def test_the_nearest_labelled_rows_of_a_table_decide_its_weight_decay():
    y = np.arange(40) // 20
    X = (np.arange(40.0) + 100 * y)[:, None]
    decay = {}
    for name, labels, unlabeled in [
        ("agree", y, None),
        ("differ", np.arange(40) % 2, None),
        ("few are known", np.where(np.arange(40) % 2, -1, y), -1),
    ]:
        clf = GraphAttentionClassifier(max_epochs=1, unlabeled=unlabeled).fit(X, labels)
        decay[name] = clf.resolved_params_["weight_decay"]
    assert decay["agree"] == 0.001
    assert decay["differ"] == 0.05
    assert decay["few are known"] == 0.02  # a nearest row is never labelled
    numbers = GraphAttentionRegressor(max_epochs=1).fit(X, y)
    assert numbers.resolved_params_["weight_decay"] == 0.005
