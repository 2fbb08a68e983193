"""scikit-learn's estimator checks, with several settings of each estimator.

Checks of accuracy run with the default number of epochs, and so does one check of the
embedder. The other checks, which do not depend on that number, run with fewer.
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
    {"label_inputs": True, "n_layers": 2},
    {
        "encoder": EncoderConfig(output="attention", feed_forward=1),
        "n_layers": 2,
        "max_epochs": 60,
    },
]
"""Settings in addition to the defaults."""

FULL_LENGTH = {
    "check_classifiers_train",
    "check_classifiers_classes",
    "check_class_weight_classifiers",
    "check_regressors_train",
    "check_transformer_general",
}
"""Checks that run with the default number of epochs."""
FEW_EPOCHS = 10
"""Number of epochs of the other checks."""

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
    """Use one thread, which is faster on tables of twenty rows."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_names_of_accuracy_checks_exist_in_scikit_learn():
    assert all(hasattr(estimator_checks, name) for name in FULL_LENGTH)


@pytest.mark.filterwarnings("ignore:n_neighbors")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@parametrize_with_checks(
    list(estimators()), expected_failed_checks=lambda estimator: EXPECTED_FAILURES
)
def test_scikit_learn_check(estimator, check):
    if check.func.__name__ not in FULL_LENGTH:
        estimator = clone(estimator).set_params(max_epochs=FEW_EPOCHS)
    check(estimator)
