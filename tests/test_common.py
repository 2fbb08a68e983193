"""scikit-learn's own checks, over every estimator and a few settings of each.

An estimator trains for all its epochs where a check asks for accuracy, the embedder in
one that has none. The other checks ask how an estimator behaves, which does not depend
on the number of epochs, and get it with fewer.
"""

import pytest
import torch
from sklearn.base import clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)

SETTINGS = [
    {"attention": "gat", "n_heads": 2, "norm": "batch"},
    {"attention": "dot", "norm": None, "early_stopping": False, "n_layers": 1},
    {
        "encoder": EncoderConfig(output="attention", feed_forward=1),
        "n_layers": 2,
        "max_epochs": 60,
    },
]
"""Besides the defaults."""

FULL_LENGTH = {
    "check_classifiers_train",
    "check_classifiers_classes",
    "check_class_weight_classifiers",
    "check_regressors_train",
    "check_transformer_general",
}
"""Checks for which an estimator trains as long as its parameters say."""
FEW = 10
"""Epochs for the others."""

KNN = "Repeating a row changes the graph of nearest neighbours, a weight does not."
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": KNN,
    "check_sample_weight_equivalence_on_sparse_data": KNN,
}


def estimators():
    yield AttentionEmbedder()
    yield AttentionEmbedder(
        n_components=3,
        encoder=EncoderConfig(jumping="concat", convolution="gcn", positional="degree"),
        max_epochs=25,
    )
    for cls in (GraphAttentionClassifier, GraphAttentionRegressor):
        yield cls()
        for setting in SETTINGS:
            less = {"max_epochs": 25, "learning_rate": 0.05, "hidden_dim": 16}
            yield cls(**less | setting)


@pytest.fixture(autouse=True)
def _one_thread():
    """On tables of twenty rows, a second thread takes longer to wake than to work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_checks_that_ask_for_accuracy_are_still_called_so():
    assert all(hasattr(estimator_checks, name) for name in FULL_LENGTH)


@pytest.mark.filterwarnings("ignore:n_neighbors")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@parametrize_with_checks(
    list(estimators()), expected_failed_checks=lambda estimator: EXPECTED_FAILURES
)
def test_scikit_learn_check(estimator, check):
    if check.func.__name__ not in FULL_LENGTH:
        epochs = min(estimator.max_epochs, FEW)
        estimator = clone(estimator).set_params(max_epochs=epochs)
    check(estimator)
