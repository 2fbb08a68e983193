from dataclasses import replace

import numpy as np
import pytest

from skattn import Graph, GraphAttentionClassifier, GraphAttentionRegressor
from skattn._training import GraphBatches, SampledBatches, Supervised
from skattn.estimators._supervised import FitArguments, plan_supervised

# a path of eight nodes
GRAPH = Graph(np.eye(8, k=1) + np.eye(8, k=-1), np.arange(16.0).reshape(8, 2))
Y = np.array([0, 1, 0, 1, 0, 1, 0, 1])
ARGUMENTS = FitArguments(GRAPH, Y, None, None, None, None, None)


@pytest.fixture
def plan(small):
    """Return a function that makes a plan and its attempt."""

    def run(cls=GraphAttentionClassifier, *, params=None, **given):
        attempt = small(cls, **params or {})
        return plan_supervised(attempt, replace(ARGUMENTS, **given)), attempt

    return run


def test_all_targets_are_training_rows_by_default(plan):
    planned, attempt = plan()
    training, validation = planned.data
    assert isinstance(planned.objective, Supervised)
    assert planned.objective.criterion == "cross_entropy"
    assert training.batch.x.shape == (8, 2)
    assert sorted(training.labels.y.tolist()) == [0] * 4 + [1] * 4
    assert (validation, planned.score) == (None, None)
    assert attempt._label_encoding_.classes.tolist() == [0, 1]
    assert not hasattr(attempt, "net_")


def test_numbers_are_learned_by_squared_error(plan):
    planned, _ = plan(GraphAttentionRegressor, y=2.0 * Y + 5)
    assert planned.objective.criterion == "squared_error"
    np.testing.assert_allclose(planned.data[0].labels.y[:, 0], 2 * Y - 1)


def test_rows_held_out_validate_and_stay_context(plan):
    (training, validation) = plan(params={"early_stopping": 0.25})[0].data
    assert training.batch.structure is validation.batch.structure
    assert len(training.labels.y) == 6
    assert sorted(validation.labels.y.tolist()) == [0, 1]
    targets = [*training.batch.targets.tolist(), *validation.batch.targets.tolist()]
    assert sorted(targets) == list(range(8))


def test_targets_of_the_same_graph_validate_in_one_batch(plan):
    given = {"X": GRAPH[:6], "y": Y[:6], "X_val": GRAPH[[7, 6]], "y_val": Y[[7, 6]]}
    (training, validation) = plan(**given)[0].data
    assert training.batch.x is validation.batch.x
    assert validation.labels.y.tolist() == [1, 0]


def test_whole_graphs_come_in_batches(plan):
    planned, attempt = plan(X=[GRAPH] * 8)
    assert isinstance(planned.data[0], GraphBatches)
    assert attempt._context_.rows == "graphs"


def test_a_fanout_samples_the_training_rows_alone(plan):
    params = {"n_layers": 2, "fanout": (2, 1), "batch_size": 3, "early_stopping": 0.25}
    training, validation = plan(params=params)[0].data
    assert isinstance(training, SampledBatches)
    assert not isinstance(validation, SampledBatches)


@pytest.mark.parametrize(
    ("params", "patience"),
    [({"early_stopping": False}, None), ({"early_stopping": 0.25}, 50)],
)
def test_patience_belongs_to_early_stopping(plan, params, patience):
    assert plan(params=params)[0].patience == patience


def test_validation_rows_and_their_labels_need_each_other(plan):
    with pytest.raises(ValueError, match="need X_val"):
        plan(y_val=Y)
    with pytest.raises(ValueError, match="need X_val"):
        plan(sample_weight_val=np.ones(8))
    with pytest.raises(ValueError, match="X_val needs y_val"):
        plan(X_val=GRAPH)


def test_validation_rows_of_an_adjacency_are_refused(plan):
    with pytest.raises(ValueError, match="X_val must not be combined with adjacency="):
        plan(X=GRAPH.X, adjacency=GRAPH.adjacency, X_val=GRAPH.X, y_val=Y)
