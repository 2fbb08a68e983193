from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import is_regressor

from skattn import AttentionLinkRegressor, Graph

FAST = {"max_epochs": 30, "hidden_dim": 16, "random_state": 0, "device": "cpu"}


def ratings(seed=0, n_users=30, n_items=20):
    """Return rated pairs: the user's mood plus the item's quality."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(n_users), np.arange(n_items)), -1)
    pairs = rng.permutation(grid.reshape(-1, 2))[:400]
    mood, quality = rng.normal(size=n_users), rng.normal(size=n_items)
    return pairs, 3 + mood[pairs[:, 0]] + quality[pairs[:, 1]]


@pytest.fixture(scope="module")
def fitted():
    pairs, y = ratings()
    return AttentionLinkRegressor(bipartite=True, **FAST).fit(pairs[:300], y[:300])


@pytest.mark.slow
def test_numbers_of_other_pairs_predict_a_rating(fitted):
    pairs, y = ratings()
    assert is_regressor(fitted)
    assert fitted.score(pairs[300:], y[300:]) > 0.5


def test_a_known_number_is_not_in_its_own_prediction(fitted):
    pairs, _ = ratings()
    before = fitted.predict(pairs[:1])
    position = fitted._context_.names.positions
    u, v = position(pairs[:1, 0], "source")[0], position(pairs[:1, 1], "target")[0]
    graph = fitted._context_.graph
    poisoned = graph.edge_features.copy()
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.adjacency.indptr))
    ends = np.stack([rows, graph.adjacency.indices])
    own = ((ends == [[u], [v]]) | (ends == [[v], [u]])).all(0)
    assert own.sum() == 2
    poisoned[own] = 1e6
    other = AttentionLinkRegressor(bipartite=True)
    vars(other).update(vars(fitted))
    parts = graph.adjacency, None, poisoned, None
    other._context_ = replace(fitted._context_, graph=Graph._trusted(*parts))
    assert np.array_equal(other.predict(pairs[:1]), before)
    second = pairs[(pairs[:, 0] == pairs[0, 0])][1:2]
    assert not np.allclose(other.predict(second), fitted.predict(second))


def test_recommendations_are_the_greatest_predictions(fitted, tmp_path):
    table = fitted.recommend([0], k=3)
    assert list(table.columns) == ["node", "partner", "prediction", "known"]
    assert table["prediction"].is_monotonic_decreasing
    fitted.save(tmp_path / "ratings.skattn")
    loaded = AttentionLinkRegressor.load(tmp_path / "ratings.skattn")
    assert loaded.recommend([0], k=3).equals(table)


def test_numbers_must_be_passed_and_finite():
    pairs, y = ratings()
    reg = AttentionLinkRegressor(bipartite=True, **FAST)
    with pytest.raises(ValueError, match="requires y"):
        reg.fit(pairs)
    with pytest.raises(ValueError, match="missing values"):
        reg.fit(pairs, np.where(y > 3, np.nan, y))


def test_several_columns_of_numbers_are_predicted_but_not_ranked():
    pairs, y = ratings()
    reg = AttentionLinkRegressor(bipartite=True, **FAST | {"max_epochs": 1})
    reg.fit(pairs, np.stack([y, -y], 1))
    assert reg.predict(pairs[:3]).shape == (3, 2)
    with pytest.raises(ValueError, match="fitted to 2 columns of y"):
        reg.recommend([0])
