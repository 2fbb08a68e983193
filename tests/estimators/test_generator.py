"""Generator of graphs."""

import os
import pickle
import signal
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse.csgraph import connected_components
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from skorch.callbacks import Callback

from skattn import AttentionGraphGenerator, Graph

FAST = {
    "max_epochs": 8, "learning_rate": 0.02, "hidden_dim": 8, "n_heads": 2,
    "n_layers": 1, "random_state": 0,
}  # fmt: skip


def path(n, **parts):
    return Graph(np.eye(n, k=1) + np.eye(n, k=-1), **parts)


def ring(n):
    return Graph(np.roll(np.eye(n), 1, 0) + np.roll(np.eye(n), -1, 0))


def tree(n, rng):
    """Uniform numbered tree of a Pruefer sequence."""
    sequence = rng.integers(0, n, n - 2).tolist()
    degree = np.bincount(sequence, minlength=n) + 1
    A = np.zeros((n, n))
    for node in sequence:
        leaf = int(np.argmax(degree == 1))
        A[node, leaf] = A[leaf, node] = 1
        degree[[node, leaf]] -= 1
    last = np.flatnonzero(degree == 1)
    A[last, last[::-1]] = 1
    return Graph(A)


def water(*, swapped=False):
    """Molecule-like graph: labels of nodes in a frame, labels of edges."""
    elements = ["H", "O", "H"] if swapped else ["O", "H", "H"]
    A = np.zeros((3, 3))
    center = elements.index("O")
    A[center] = A[:, center] = 1
    A[center, center] = 0
    X = pd.DataFrame({"element": elements, "charge": [0, 0, 0]})
    return Graph(A, X, edge_features=np.full((4, 1), 1.0))


@pytest.fixture(scope="module")
def paths():
    return [path(2 + k % 4) for k in range(24)]


@pytest.fixture(scope="module")
def fitted(paths):
    return AttentionGraphGenerator(**FAST).fit(paths)


def same(first, second):
    """Whether two lists of graphs are equal, bit for bit."""
    return len(first) == len(second) and all(
        a.n_nodes == b.n_nodes
        and (a.adjacency != b.adjacency).nnz == 0
        and np.array_equal(a.edge_features, b.edge_features)
        and (a.X is None) == (b.X is None)
        and (a.X is None or np.array_equal(np.asarray(a.X), np.asarray(b.X)))
        for a, b in zip(first, second, strict=True)
    )


# ---- what is learned -----------------------------------------------------------------


@pytest.mark.slow
def test_likelihood_of_trees_is_the_known_one_and_samples_are_trees():
    rng = np.random.default_rng(0)
    n, graphs = 6, [tree(6, rng) for _ in range(350)]
    generator = AttentionGraphGenerator(
        max_epochs=40, batch_size=32, learning_rate=0.005, hidden_dim=32, n_layers=3,
        random_state=0,
    ).fit(graphs[:250])  # fmt: skip
    made = generator.sample(200, random_state=1)
    are_trees = [
        g.n_edges == 2 * (g.n_nodes - 1) and connected_components(g.adjacency)[0] == 1
        for g in made
    ]
    assert np.mean(are_trees) > 0.95
    scores = generator.score_samples(graphs[250:])
    exact = -(n - 2) * np.log(n)  # Cayley: n ** (n - 2) numbered trees
    assert exact - 0.5 < scores.mean() < exact + 3 * scores.std() / 10


@pytest.mark.slow
def test_samples_have_the_condition_that_they_are_given():
    graphs = [path(5), ring(5)] * 40
    generator = AttentionGraphGenerator(
        max_epochs=40, batch_size=16, learning_rate=0.01, hidden_dim=16, n_layers=2,
        random_state=0,
    ).fit(graphs, ["path", "ring"] * 40)  # fmt: skip
    assert generator.classes_.tolist() == ["path", "ring"]
    for kind, degree in (("path", 1), ("ring", 2)):
        made = generator.sample(40, y=kind, random_state=0)
        smallest = [np.diff(g.adjacency.indptr).min() for g in made]
        assert np.mean(np.array(smallest) == degree) > 0.8
    as_given = generator.score_samples(graphs[:2], ["path", "ring"])
    swapped = generator.score_samples(graphs[:2], ["ring", "path"])
    assert (as_given > swapped + 1).all()
    assert generator.sample(3, random_state=0)[0].n_nodes  # y is optional


# ---- samples -------------------------------------------------------------------------


def test_samples_are_undirected_graphs_with_the_columns_of_fit():
    graphs = [water(swapped=bool(k % 2)) for k in range(8)]
    generator = AttentionGraphGenerator(**FAST).fit(graphs)
    assert generator.feature_names_in_.tolist() == ["element", "charge"]
    assert generator.node_labels_.element.tolist() == ["H", "O"]
    assert generator.edge_labels_.tolist() == [[1]]
    for g in generator.sample(20, random_state=0):
        assert (g.adjacency != g.adjacency.T).nnz == 0
        assert set(g.adjacency.data) <= {1}
        assert g.adjacency.diagonal().sum() == 0
        assert list(g.X.columns) == ["element", "charge"]
        assert g.X.dtypes.tolist() == graphs[0].X.dtypes.tolist()
        assert g.edge_features.shape == (g.n_edges, 1)
        assert connected_components(g.adjacency)[0] == 1  # as all of fit are
        assert Graph(g.adjacency, edge_features=g.edge_features).n_edges == g.n_edges


def test_samples_of_disconnected_graphs_may_be_disconnected():
    apart = Graph(np.zeros((3, 3)))
    generator = AttentionGraphGenerator(**FAST).fit([apart, apart])
    assert not generator.connected_
    assert np.isfinite(generator.score_samples([apart])).all()


def test_starts_are_continued():
    rng = np.random.default_rng(0)
    generator = AttentionGraphGenerator(**FAST).fit([tree(7, rng) for _ in range(9)])
    start = tree(4, rng)
    for made in generator.sample(12, start=start, random_state=0):
        kept = made.adjacency[:4][:, :4]
        assert (kept != start.adjacency).nnz == 0
    starts = [path(2), path(3)]
    made = generator.sample(2, start=starts, random_state=0)
    assert [g.n_nodes >= s.n_nodes for g, s in zip(made, starts, strict=True)]


def test_start_keeps_its_labels():
    generator = AttentionGraphGenerator(**FAST).fit(
        [water(swapped=bool(k % 2)) for k in range(8)]
    )
    for made in generator.sample(5, start=water(swapped=True), random_state=0):
        assert made.X.element.tolist()[:3] == ["H", "O", "H"]


def test_samples_are_cut_at_the_maximum_with_a_warning(paths):
    generator = AttentionGraphGenerator(max_nodes=3, **FAST).fit(paths)
    with pytest.warns(UserWarning, match=r"of 50 samples were cut at 3 nodes"):
        made = generator.sample(50, random_state=0)
    assert max(g.n_nodes for g in made) == 3


def test_low_temperature_draws_fewer_distinct_graphs(fitted):
    drawn = [fitted.sample(60, temperature=t, random_state=0) for t in (0.01, 1.0)]
    low, high = ({(g.n_nodes, g.n_edges) for g in graphs} for graphs in drawn)
    assert len(low) == 1
    assert len(high) > 1


# ---- scores --------------------------------------------------------------------------


def test_score_does_not_depend_on_the_numbers_of_nodes():
    rng = np.random.default_rng(0)
    graphs = [tree(6, rng) for _ in range(9)]
    generator = AttentionGraphGenerator(**FAST).fit(graphs)
    order = [3, 0, 5, 1, 4, 2]
    renumbered = [g.subgraph(order) for g in graphs]
    first, second = (
        generator.score_samples(each, n_orders=100) for each in (graphs, renumbered)
    )
    np.testing.assert_allclose(first, second, atol=0.5)
    assert abs(first.mean() - second.mean()) < 0.1


def test_more_orders_are_tighter(fitted, paths):
    few, many = (fitted.score_samples(paths, n_orders=n).mean() for n in (1, 64))
    assert many > few


def test_graphs_that_cannot_be_drawn_have_probability_zero(fitted, paths):
    apart = Graph(np.zeros((2, 2)))
    scores = fitted.score_samples([paths[0], apart])
    assert np.isfinite(scores[0])
    assert scores[1] == -np.inf
    generator = AttentionGraphGenerator(**FAST).fit([water(), water(swapped=True)])
    other = Graph(water().adjacency, water().X.replace("O", "S"),
                  edge_features=np.ones((4, 1)))  # fmt: skip
    double = Graph(water().adjacency, water().X, edge_features=np.full((4, 1), 2.0))
    assert generator.score_samples([other, double]).tolist() == [-np.inf] * 2


def test_larger_graphs_than_max_nodes_are_scored(fitted):
    assert np.isfinite(fitted.score_samples([path(fitted.max_nodes_ + 3)])).all()


def test_score_is_the_mean_and_deterministic(fitted, paths):
    assert fitted.score(paths) == fitted.score_samples(paths).mean()
    assert fitted.score(paths) == fitted.score(paths)
    other = fitted.score_samples(paths, n_orders=2, random_state=3)
    assert not np.array_equal(other, fitted.score_samples(paths, n_orders=2))


# ---- manners -------------------------------------------------------------------------


def test_same_seed_gives_the_same_bits(fitted, paths, tmp_path):
    made = fitted.sample(30, random_state=1)
    assert same(made, fitted.sample(30, random_state=1))
    assert not same(made, fitted.sample(30, random_state=2))
    again = AttentionGraphGenerator(**FAST).fit(paths)
    assert same(made, again.sample(30, random_state=1))
    assert same(made, pickle.loads(pickle.dumps(fitted)).sample(30, random_state=1))
    fitted.save(tmp_path / "generator.skattn")
    loaded = AttentionGraphGenerator.load(tmp_path / "generator.skattn")
    assert same(made, loaded.sample(30, random_state=1))
    assert np.array_equal(loaded.score_samples(paths), fitted.score_samples(paths))


@pytest.mark.slow
def test_bits_are_the_same_at_any_number_of_threads():
    program = """
import hashlib, sys, numpy as np, torch
torch.set_num_threads(int(sys.argv[1]))
from skattn import AttentionGraphGenerator, Graph
rng = np.random.default_rng(0)
graphs = []
for _ in range(60):
    A = np.triu(rng.random((18, 18)) < 0.2, 1)
    graphs.append(Graph((A | A.T).astype(float)))
generator = AttentionGraphGenerator(max_epochs=2, random_state=0).fit(graphs)
digest = hashlib.sha256(generator.score_samples(graphs[:10]).tobytes())
for g in generator.sample(20, random_state=0):
    digest.update(g.adjacency.indices.tobytes())
print(digest.hexdigest())
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", program, str(n)],
            capture_output=True, text=True, check=True, timeout=900,
            env={**os.environ, "OMP_NUM_THREADS": str(n)},
        ).stdout
        for n in (1, 2, 3)
    }  # fmt: skip
    assert len(found) == 1


def test_clone_and_parameters(fitted):
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.sample()
    with pytest.raises(NotFittedError):
        copy.score_samples([path(3)])


def test_input_is_not_changed(paths):
    before = [g.adjacency.copy() for g in paths]
    AttentionGraphGenerator(**FAST).fit(paths).sample(2, start=paths[3])
    assert all((a != g.adjacency).nnz == 0 for a, g in zip(before, paths, strict=True))


def test_searches_and_cross_validation_need_no_y(paths):
    scores = cross_val_score(AttentionGraphGenerator(**FAST), paths, cv=2)
    assert np.isfinite(scores).all()
    search = GridSearchCV(AttentionGraphGenerator(**FAST), {"n_layers": [1, 2]}, cv=2)
    assert search.fit(paths).best_params_["n_layers"] in (1, 2)
    assert len(search.best_estimator_.sample(2)) == 2


def test_validation_stops_the_training_and_keeps_the_best_epoch(paths):
    parameters = FAST | {"max_epochs": 60, "n_iter_no_change": 2, "learning_rate": 0.1}
    generator = AttentionGraphGenerator(**parameters)
    generator.fit(paths, X_val=paths[:6])
    assert generator.n_iter_ < 60
    assert len(generator.validation_curve_) == generator.n_iter_
    generator.set_params(early_stopping=0.25, max_epochs=2).fit(paths)
    assert len(generator.validation_curve_) == 2
    generator.set_params(early_stopping=False).fit(paths)
    assert generator.validation_curve_ is None


def test_validation_graphs_with_new_labels_are_left_out():
    graphs = [water(), water(swapped=True)]
    new = Graph(water().adjacency, water().X.replace("O", "S"),
                edge_features=np.ones((4, 1)))  # fmt: skip
    with pytest.warns(UserWarning, match="1 of 2 graphs of X_val are left out"):
        AttentionGraphGenerator(**FAST).fit(graphs, X_val=[new, water()])
    generator = AttentionGraphGenerator(**FAST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="X_val must have graphs"):
            generator.fit(graphs, X_val=[new])


class Interrupt(Callback):
    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            signal.raise_signal(signal.SIGINT)


def test_interrupt_keeps_the_weights(paths, on_interrupt):
    generator = AttentionGraphGenerator(**FAST).set_params(
        net_params={"callbacks": [Interrupt()]}
    )
    with pytest.raises(KeyboardInterrupt):
        generator.fit(paths)
    assert generator.n_iter_ == 2
    assert len(generator.sample(3)) == 3


def test_failed_fit_keeps_the_earlier_one(paths):
    generator = AttentionGraphGenerator(**FAST).fit(paths)
    before = generator.sample(5, random_state=0)
    with pytest.raises(ValueError, match="self-loops"):
        generator.fit([path(3), Graph(np.eye(3))])
    assert same(before, generator.sample(5, random_state=0))


def test_graphs_of_one_and_two_nodes_are_learned():
    one, two = Graph([[0]]), path(2)
    generator = AttentionGraphGenerator(**FAST).fit([one, two, one, two])
    assert np.isfinite(generator.score_samples([one, two])).all()
    assert {g.n_nodes for g in generator.sample(30, random_state=0)} <= {1, 2, 3, 4}


# ---- bad input -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("graphs", "error", "message"),
    [
        (path(3), TypeError, r"at least 2 graphs.*got one Graph"),
        ([path(3)], ValueError, r"at least 2 graphs.*a list of 1"),
        ([], ValueError, "at least one graph"),
        (np.eye(3), TypeError, "graphs alone"),
        ([path(3), path(3)[[0, 1]]], ValueError, "all its nodes as targets"),
        ([path(3), Graph([[0, 1], [0, 0]])], ValueError, "0 -> 1 without 1 -> 0"),
        ([path(3), Graph(np.eye(2))], ValueError, "self-loops"),
        ([path(3), Graph([[0, 2], [2, 0]])], ValueError, "no weights, got 2"),
        ([path(3), path(3, X=np.ones((3, 1)))], ValueError, "agree in their features"),
        ([path(3, descriptors=[1.0])] * 2, ValueError, "without descriptors"),
        ([path(2, X=np.full((2, 1), np.nan))] * 2, ValueError, "missing values"),
        ([path(129, X=np.arange(129)[:, None])] * 2, ValueError, "129.*derived=False"),
        ([path(3, node_types=["a", "b", "a"])] * 2, ValueError, "2 of nodes"),
        ([path(2, edge_types=["a", "b"])] * 2, ValueError, "2 types of edges"),
        (
            [path(2), path(2, edge_features=np.ones((2, 1)))],
            ValueError,
            "agree in their features",
        ),
        (
            [path(2, edge_features=np.array([[1.0], [2.0]]))] * 2,
            ValueError,
            "both directions",
        ),
    ],
)
def test_graphs_that_cannot_be_learned_are_refused(graphs, error, message):
    with pytest.raises(error, match=message):
        AttentionGraphGenerator(**FAST).fit(graphs)


def test_y_of_another_length_is_refused(paths):
    with pytest.raises(ValueError, match=r"one value per graph \(24\)"):
        AttentionGraphGenerator(**FAST).fit(paths, [0, 1])


def test_condition_needs_a_fit_with_conditions(fitted, paths):
    with pytest.raises(ValueError, match="got it in sample alone"):
        fitted.sample(2, y=1.0)
    with pytest.raises(ValueError, match="got it in score_samples alone"):
        fitted.score_samples(paths[:2], [1.0, 2.0])
    with pytest.raises(ValueError, match="y_val needs y"):
        AttentionGraphGenerator(**FAST).fit(paths, X_val=paths[:2], y_val=[1, 2])
    with pytest.raises(ValueError, match="y_val needs X_val"):
        AttentionGraphGenerator(**FAST).fit(paths, y_val=[1, 2])
    with pytest.raises(AttributeError, match="classes"):
        _ = fitted.classes_


def test_unknown_class_is_refused(paths):
    generator = AttentionGraphGenerator(**FAST).fit(paths, [0, 1] * 12)
    with pytest.raises(ValueError, match=r"classes of fit \(0, 1\), got 2"):
        generator.sample(2, y=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be an integer from 1, got 0"),
        ({"n_samples": 2.5}, "n_samples must be"),
        ({"temperature": 0}, "temperature must be a positive number, got 0"),
        ({"temperature": np.inf}, "temperature must be"),
        ({"n_samples": 3, "start": [path(2), path(2)]}, r"one per sample \(3\), got 2"),
        ({"start": path(99)}, r"start may have 10 nodes \(max_nodes\), got 99"),
        ({"start": path(2, X=np.ones((2, 1)))}, "must have 0 features"),
        ({"start": Graph(np.zeros((2, 2)))}, "start must be connected.*in graph 0"),
        ({"start": Graph([[0, 1], [0, 0]])}, "must be undirected"),
        ({"start": path(3)[[0, 1]]}, "all its nodes as targets"),
    ],
)
def test_arguments_of_sample_are_checked(fitted, arguments, message):
    with pytest.raises(ValueError, match=message):
        fitted.sample(**arguments)


@pytest.mark.parametrize("start", [3, "path", [np.eye(2)]])
def test_start_that_is_no_graph_is_refused(fitted, start):
    with pytest.raises(TypeError, match="graphs"):
        fitted.sample(start=start)


@pytest.mark.parametrize("n_orders", [0, -1, 2.5, True])
def test_number_of_orders_is_checked(fitted, paths, n_orders):
    with pytest.raises(ValueError, match="n_orders must be an integer from 1"):
        fitted.score_samples(paths, n_orders=n_orders)


def test_a_start_in_pieces_needs_a_fit_with_any_order(paths):
    generator = AttentionGraphGenerator(order="uniform", max_nodes=99, **FAST)
    generator.fit(paths)
    made = generator.sample(3, start=Graph(np.zeros((2, 2))), random_state=0)
    assert all(g.adjacency[0, 1] == 0 for g in made)


def test_start_with_unknown_labels_is_refused():
    generator = AttentionGraphGenerator(**FAST).fit([water(), water(swapped=True)])
    other = Graph(water().adjacency, water().X.replace("O", "S"),
                  edge_features=np.ones((4, 1)))  # fmt: skip
    with pytest.raises(ValueError, match="start must have labels of fit"):
        generator.sample(start=other)


def test_other_columns_are_refused_in_score_samples():
    generator = AttentionGraphGenerator(**FAST).fit([water(), water(swapped=True)])
    renamed = Graph(
        water().adjacency,
        water().X.rename(columns={"charge": "q"}),
        edge_features=np.ones((4, 1)),
    )
    with pytest.raises(ValueError, match="feature names"):
        generator.score_samples([renamed])


def test_parameters_are_checked(paths):
    for name, value in [
        ("order", "random"), ("n_layers", 0), ("max_nodes", 0), ("early_stopping", 2.0)
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=f"'{name}' parameter"):
            AttentionGraphGenerator(**{**FAST, name: value}).fit(paths)
    with pytest.raises(ValueError, match="hidden_dim"):
        AttentionGraphGenerator(**{**FAST, "n_heads": 3}).fit(paths)
