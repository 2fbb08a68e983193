"""Patches and segments of sequences: the path from arrays to predictions."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.inspection import AttentionDisplay, attention_weights, readout_weights
from skattn.preprocessing import SequenceGraph

PATCHED = EncoderConfig(max_patches=8, n_segments=5)


@pytest.fixture
def recordings():
    """12 recordings of 20 to 31 steps and two features."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=(20 + k, 2)).astype(np.float32) for k in range(12)]


@pytest.fixture
def y():
    return np.arange(12) % 2


@pytest.fixture
def fitted(small, recordings, y):
    return small(encoder=PATCHED, norm="layer").fit(recordings, y)


def test_nodes_of_a_long_recording_are_patches(fitted, recordings):
    summary = fitted.input_summary_
    assert (summary["patch_stride"], summary["patch_length"]) == (4, 8)  # 31 / 8
    n_patches = [-(-len(x) // 4) for x in recordings]
    assert summary["n_nodes"] == sum(n_patches)
    assert summary["n_edges"] == sum(n**2 for n in n_patches)
    assert summary["n_descriptors"] == 5 * 2
    assert fitted.n_features_in_ == 2


def test_weights_of_attention_and_readout_are_those_of_patches(fitted, recordings):
    last = attention_weights(fitted, recordings[-1:])[0]
    assert last[0][0].shape == (8, 8)
    assert readout_weights(fitted, recordings[:1])[0].shape == (5, 4)


def test_a_display_names_patches_by_their_first_step(fitted, recordings):
    display = AttentionDisplay.from_estimator(fitted, recordings, row=0)
    assert list(display.names) == ["0", "4", "8", "12", "16"]
    AttentionDisplay.from_estimator(fitted, recordings, row=0, node=12, kind="ego")
    with pytest.raises(ValueError, match="node must be a label"):
        AttentionDisplay.from_estimator(fitted, recordings, row=0, node=13, kind="ego")


def test_a_prediction_is_independent_of_the_others(fitted, recordings):
    together = fitted.predict_proba(recordings)
    alone = np.concatenate([fitted.predict_proba([x]) for x in recordings])
    np.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-6)


def test_recordings_at_prediction_may_be_longer_and_shorter(fitted):
    rng = np.random.default_rng(1)
    X = [rng.normal(size=(n, 2)) for n in (1, 3, 200)]
    assert np.isfinite(fitted.predict_proba(X)).all()


def test_files_and_pickles_keep_the_patches(fitted, recordings, tmp_path):
    expected = fitted.predict_proba(recordings)
    fitted.save(tmp_path / "model")
    loaded = GraphAttentionClassifier.load(tmp_path / "model")
    copied = pickle.loads(pickle.dumps(fitted))
    for model in (loaded, copied):
        np.testing.assert_array_equal(model.predict_proba(recordings), expected)
        assert model.input_summary_ == fitted.input_summary_


def test_resolved_parameters_give_the_same_fit(small, recordings, y):
    auto = small(norm="layer").fit(recordings, y)
    resolved = auto.resolved_params_
    assert resolved["encoder__n_segments"] > 0
    again = clone(auto).set_params(**resolved).fit(recordings, y)
    expected = auto.predict_proba(recordings)
    np.testing.assert_array_equal(again.predict_proba(recordings), expected)


def test_graphs_have_no_patches(small, recordings, y):
    graphs = SequenceGraph(connect="window", window=2).fit_transform(recordings)
    clf = small(encoder=PATCHED).fit(graphs, y)
    assert clf.input_summary_["n_nodes"] == sum(map(len, recordings))
    assert "patch_stride" not in clf.input_summary_
    assert "encoder__max_patches" not in clf.resolved_params_


def test_results_are_equal_at_any_number_of_threads(small, recordings, y):
    before, outputs = torch.get_num_threads(), []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            clf = small(encoder=PATCHED, batch_size=5).fit(recordings, y)
            outputs.append(clf.predict_proba(recordings))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*outputs)


def test_a_value_at_a_time_is_learned_from_the_segments(small):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(150, 40, 1))
    y = 3 * X[:, 23, 0] + 1
    scores = {}
    for n_segments in (0, 40):
        config = EncoderConfig(n_segments=n_segments, max_patches=5)
        reg = small(
            GraphAttentionRegressor,
            encoder=config,
            max_epochs=40,
            batch_size=16,
            learning_rate=0.02,
        ).fit(X[:100], y[:100])
        scores[n_segments] = reg.score(X[100:], y[100:])
    assert scores[40] > 0.9 > scores[0]


# ---- embedder, pretrained ----------------------------------------------------


def test_an_embedder_has_steps_for_nodes_and_initialises_a_classifier(
    small, recordings, y
):
    embedder = small(AttentionEmbedder).fit(recordings)
    assert embedder.input_summary_["n_nodes"] == sum(map(len, recordings))
    clf = small(pretrained=embedder).fit(recordings, y)
    assert clf.input_summary_["patch_length"] == 1
    assert clf.predict(recordings).shape == (12,)


def test_an_embedder_of_patches_initialises_a_classifier_of_the_same(
    small, recordings, y
):
    embedder = small(AttentionEmbedder, encoder=EncoderConfig(max_patches=8))
    embedder.fit(recordings)
    assert embedder.input_summary_["patch_stride"] == 4
    clf = small(pretrained=embedder, encoder=EncoderConfig(max_patches=8))
    assert clf.fit(recordings, y).input_summary_["patch_stride"] == 4
    clf.set_params(encoder__max_patches=9)
    with pytest.raises(ValueError, match="encoder__max_patches is 9 and not 8"):
        clf.fit(recordings, y)


def test_an_embedder_has_no_segments(small, recordings):
    with pytest.raises(ValueError, match=r"n_segments must be 0.*got 5"):
        small(AttentionEmbedder, encoder=PATCHED).fit(recordings)
