import pytest

from skattn import AttentionEmbedder, EncoderConfig, GraphAttentionClassifier
from skattn.estimators._defaults import Setting, Sizes, choose

SIZES = Sizes(n_features=4, n_edge_features=0, n_nodes=20, n_examples=20)
WIDE = Sizes(n_features=21, n_edge_features=0, n_nodes=20, n_examples=20)


def chosen(rows, answers, sizes=SIZES, recipe=None, *, pretrained=False, **params):
    estimator = GraphAttentionClassifier(**params)
    setting = Setting(rows, answers, pretrained)
    return choose(estimator, recipe or EncoderConfig(), setting, sizes)


def summary(spec):
    block = spec.block
    dropouts = block.dropout, spec.input_dropout
    return block.activation, *dropouts, spec.jumping, spec.n_feature_layers


@pytest.mark.parametrize(
    ("rows", "answers", "expected"),
    [
        ("table", "classes", ("gelu", 0.4, 0.1, "concat", 2)),
        ("table", "numbers", ("gelu", 0.5, 0.0, None, 2)),
        ("table", None, ("elu", 0.5, 0.0, None, 0)),
        ("nodes", "classes", ("elu", 0.2, 0.0, None, 0)),
        ("nodes", "numbers", ("silu", 0.2, 0.0, None, 0)),
        ("nodes", None, ("elu", 0.2, 0.0, None, 0)),
        ("graphs", "classes", ("elu", 0.2, 0.0, None, 0)),
        ("graphs", "numbers", ("elu", 0.2, 0.0, None, 0)),
        ("graphs", None, ("elu", 0.2, 0.0, None, 0)),
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


def test_a_number_for_dropout_decides_that_of_wide_features():
    narrow = chosen("table", "classes", dropout=0.3)
    assert (narrow.block.dropout, narrow.input_dropout) == (0.3, 0.0)
    wide = chosen("nodes", "classes", WIDE, dropout=0.3)
    assert (wide.block.dropout, wide.input_dropout) == (0.3, 0.3)


def test_the_configuration_overrides_the_table():
    recipe = EncoderConfig(
        activation="relu", jumping=None, n_feature_layers=0, input_dropout=0.7
    )
    spec = chosen("table", "classes", WIDE, recipe)
    assert summary(spec) == ("relu", 0.5, 0.7, None, 0)


def test_only_graphs_have_a_readout():
    assert chosen("graphs", "classes", readout="max").readout == "max"
    assert chosen("nodes", "classes", readout="max").readout is None


def test_choosing_needs_no_fit_and_changes_nothing():
    embedder = AttentionEmbedder(n_layers=2, hidden_dim=8, n_heads=2)
    before = vars(embedder).copy()
    spec = choose(embedder, EncoderConfig(), Setting("nodes", None), SIZES)
    assert (spec.n_layers, spec.hidden_dim, spec.block.n_heads) == (2, 8, 2)
    assert vars(embedder) == before


def test_batch_normalisation_of_one_node_is_an_error():
    alone = Sizes(n_features=4, n_edge_features=0, n_nodes=1, n_examples=1)
    with pytest.raises(ValueError, match=r'norm="batch" needs more than one node'):
        chosen("nodes", "classes", alone, norm="batch")
