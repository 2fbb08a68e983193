from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skattn import AttentionEmbedder, EncoderConfig, Graph, GraphAttentionClassifier
from skattn.datasets import make_communities
from skattn.estimators._parameters import check_context, check_parameters

WHOLE = EncoderConfig(global_attention=True)


def context(rows, *, new_rows_join=False):
    return SimpleNamespace(
        rows=rows, new_rows_join=new_rows_join, has_many_graphs=rows == "graphs"
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"hidden_dim": 6, "n_heads": 4}, "divisible by n_heads=4, got 6"),
        (
            {"net_params": {"max_epochs": 1, "lr": 2}},
            r"not contain \[.*'max_epochs'.*\]",
        ),
        ({"net_params": {"callbacks": print}}, r"callbacks'\] must be a list"),
        ({"encoder": EncoderConfig(n_feature_layers=3)}, "less than n_layers=3"),
        (
            {"fanout": (5, 5)},
            r"fanout must be 3 positive.*for example fanout=\(15, 10, 5\)",
        ),
        ({"fanout": (5, 5, 0)}, "fanout must be 3 positive integers"),
        ({"fanout": Graph([[1]])}, "fanout must be 3 positive integers"),
        ({"fanout": (5, 5, 5), "encoder": WHOLE}, "needs hops=1.*global_attention=Tr"),
        (
            {"fanout": (5, 5, 5), "encoder": EncoderConfig(hops=(2,))},
            r"needs hops=1.*hops=\(2,\)",
        ),
    ],
    ids=str,
)
def test_parameters_that_contradict_each_other_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        check_parameters(GraphAttentionClassifier(**params))


def test_the_encoder_configuration_or_the_default_one_is_returned():
    config = EncoderConfig(hops=2)
    assert check_parameters(GraphAttentionClassifier(encoder=config)) is config
    default = check_parameters(GraphAttentionClassifier())
    assert default.get_params() == EncoderConfig().get_params()


def test_an_embedder_samples_for_its_decoder_too():
    embedder = AttentionEmbedder(n_layers=2, fanout=(5, 5))
    with pytest.raises(ValueError, match="fanout must be 3 positive integers"):
        check_parameters(embedder)
    check_parameters(embedder.set_params(fanout=(5, 5, 5)))


@pytest.mark.parametrize("rows", ["table", "nodes"])
def test_global_attention_between_new_rows_is_refused(rows):
    clf = GraphAttentionClassifier()
    with pytest.raises(
        ValueError, match=r"global_attention=True.*must attend to fitted rows"
    ):
        check_context(clf, WHOLE, context(rows, new_rows_join=True))
    check_context(clf, WHOLE, context(rows))
    check_context(clf, EncoderConfig(), context(rows, new_rows_join=True))


def test_lists_of_graphs_have_a_batch_size_and_no_fanout():
    clf, config = GraphAttentionClassifier(batch_size=8), EncoderConfig()
    check_context(clf, config, context("graphs"))
    with pytest.raises(ValueError, match=r"fanout samples.*one large graph.*None"):
        check_context(clf.set_params(fanout=(5, 5, 5)), config, context("graphs"))


@pytest.mark.parametrize("rows", ["table", "nodes"])
def test_a_batch_size_on_one_graph_needs_a_fanout(rows):
    clf, config = GraphAttentionClassifier(batch_size=8), EncoderConfig()
    with pytest.raises(ValueError, match=r"needs fanout.*fanout=\(15, 10, 5\)"):
        check_context(clf, config, context(rows))
    check_context(clf.set_params(fanout=(5, 5, 5)), config, context(rows))
    check_context(GraphAttentionClassifier(), config, context(rows))


def test_a_masked_fanout_is_refused():
    graph, y = make_communities(30, 2, random_state=0)
    clf = GraphAttentionClassifier(fanout=np.ma.masked, max_epochs=1)
    with pytest.raises(ValueError, match="fanout must be 3 positive integers"):
        clf.fit(graph, y)


def test_true_components_are_one():
    graph, _ = make_communities(30, 2, random_state=0)
    embedder = AttentionEmbedder(n_components=True, max_epochs=1, random_state=0)
    assert embedder.fit_transform(graph).shape == (30, 1)


def test_columns_with_one_name_are_refused_at_prediction():
    frame = pd.DataFrame(
        np.random.default_rng(0).normal(size=(20, 2)), columns=["a", "b"]
    )
    clf = GraphAttentionClassifier(max_epochs=1).fit(frame, np.arange(20) % 2)
    with pytest.raises(ValueError, match="'a' more than once"):
        clf.predict(frame.set_axis(["a", "a"], axis=1))
