import pytest
from sklearn.base import clone

from skattn import EncoderConfig, GraphAttentionClassifier


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"hops": 0}, r"hops.*parameter|at least 1"),
        ({"hops": (1, 1)}, r"distinct integers.*got \(1, 1\)"),
        ({"hops": ()}, "distinct integers"),
        ({"hops": (1, 2, 3)}, "n_heads must be divisible by the number of hops, 3"),
        ({"n_feature_layers": 3}, "must be less than n_layers=3, got 3"),
        ({"n_feature_layers": -1}, "'n_feature_layers' parameter"),
        ({"convolution": "max"}, "'convolution' parameter"),
        ({"positional": "sine"}, "'positional' parameter"),
        ({"input_dropout": 1.5}, "'input_dropout' parameter"),
    ],
    ids=str,
)
def test_parameters_must_be_in_range(params, message):
    with pytest.raises(ValueError, match=message):
        EncoderConfig(**params).check(n_heads=4, n_layers=3)


@pytest.mark.parametrize(
    "params",
    [{}, {"hops": 2}, {"hops": (1, 2)}, {"n_feature_layers": 2}, {"jumping": None}],
    ids=str,
)
def test_parameters_in_range_pass(params):
    EncoderConfig(**params).check(n_heads=4, n_layers=3)


def test_a_search_reaches_its_parameters_through_the_estimator():
    clf = GraphAttentionClassifier(encoder=EncoderConfig(activation="relu"))
    clf.set_params(encoder__feed_forward=2)
    config = clone(clf).encoder
    assert config is not clf.encoder
    assert (config.activation, config.feed_forward) == ("relu", 2)
