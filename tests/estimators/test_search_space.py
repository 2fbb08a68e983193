import pytest
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from skattn import (
    EncoderConfig,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
    search_space,
)
from skattn.estimators._defaults import choose
from skattn.estimators._setting import Setting, Sizes

SIZES = Sizes(n_features=4, n_edge_features=0, n_nodes=20, n_examples=20)


@pytest.mark.parametrize("kind", ["table", "nodes", "graphs", "sequences"])
@pytest.mark.parametrize("labels", ["classes", "numbers"])
def test_the_space_contains_the_defaults(kind, labels):
    clf = GraphAttentionClassifier()
    choice = choose(clf, EncoderConfig(), Setting(kind, labels), SIZES)
    block = choice.network.block
    resolved = clf.get_params() | {
        "n_layers": choice.network.n_layers,
        "residual": block.residual,
        "weight_decay": choice.weight_decay,
        "max_epochs": choice.max_epochs,
        "dropout": block.dropout,
        "norm": block.norm,
        "encoder__convolution": block.convolution,
        "encoder__positional": EncoderConfig().positional,
    }
    if kind == "sequences":
        resolved["encoder__max_patches"] = choice.patch_options.max_patches
        resolved["encoder__n_segments"] = choice.patch_options.n_segments
    for name, values in search_space(kind).items():
        assert resolved[name] in values


@pytest.mark.parametrize("kind", ["table", "nodes", "graphs", "sequences"])
@pytest.mark.parametrize("model", [GraphAttentionClassifier, GraphAttentionRegressor])
def test_every_value_is_a_valid_parameter(kind, model):
    for name, values in search_space(kind).items():
        for params in ParameterGrid({name: values}):
            clone(model()).set_params(**params)._validate_params()


def test_a_changed_space_does_not_change_the_next():
    search_space("table")["dropout"].clear()
    assert search_space("table")["dropout"]


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ValueError, match=r"kind must be one of .*'nodes'.* got 'rows'"):
        search_space("rows")
