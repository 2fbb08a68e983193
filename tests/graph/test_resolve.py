import numpy as np
import pandas as pd
import pytest

from skattn.graph import Graph
from skattn.graph._resolve import CONTEXTS, resolve

LINE = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
PATH = np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
NAMED = Graph(PATH, nodes=pd.Index([10, 20, 30, 40, 50], name="id"))
FRAME = pd.DataFrame({"x": [40, 10, 20]}, index=pd.Index([40, 10, 20], name="id"))
WAYS = {
    "table": lambda check: resolve(LINE, n_neighbors=2, check=check),
    "adjacency": lambda check: resolve(LINE, adjacency=PATH, check=check),
    "graph": lambda check: resolve(Graph(PATH, LINE), check=check),
    "named": lambda check: resolve(FRAME, graph=NAMED, check=check),
    "graphs": lambda check: resolve([Graph(PATH, LINE)], check=check),
    "sequences": lambda check: resolve([LINE], check=check),
}
LATER = {
    "table": {"X": LINE},
    "adjacency": {"X": LINE, "adjacency": PATH},
    "graph": {"X": Graph(PATH, LINE)},
    "graphs": {"X": [Graph(PATH, LINE)]},
    "sequences": {"X": [LINE]},
}


OTHER_KINDS = [
    (fitted, later)
    for fitted in WAYS
    for later in LATER
    if later != ("table" if fitted == "named" else fitted)
]


def test_adjacency_is_checked_before_the_features(check):
    with pytest.raises(ValueError, match=r"row of X \(5\), got \(4, 4\)"):
        resolve(LINE, adjacency=np.eye(4), check=check)
    assert check.seen == []


@pytest.mark.parametrize(("fitted", "later"), OTHER_KINDS)
def test_another_kind_of_input_is_refused_at_prediction(fitted, later, check):
    context = WAYS[fitted](check).fitted()
    with pytest.raises(ValueError, match=r"was fitted on a .*Pass a"):
        context.join(**LATER[later], check=check)


@pytest.mark.parametrize("wrong", ["karate", {"a": "b"}, PATH])
def test_graph_parameter_is_a_graph(wrong, check):
    with pytest.raises(TypeError, match=r"graph must be a Graph or None, got"):
        resolve(LINE, graph=wrong, check=check)


def test_a_graph_as_x_and_graph_are_refused(check):
    with pytest.raises(ValueError, match=r"X is a Graph and graph= is set"):
        resolve(Graph(PATH, LINE), graph=NAMED, check=check)


@pytest.mark.parametrize("other", [{"X": Graph(PATH, LINE)}, {"graph": NAMED}])
def test_adjacency_goes_with_a_table_alone(other, check):
    with pytest.raises(ValueError, match=r"adjacency= goes with a table alone"):
        resolve(**{"X": FRAME, "adjacency": PATH, **other}, check=check)


def test_a_graph_as_adjacency_is_refused(check):
    with pytest.raises(TypeError, match=r"Pass the graph itself as X"):
        resolve(LINE, adjacency=Graph(PATH), check=check)


def test_files_find_the_right_class():
    for number, context in enumerate(CONTEXTS):
        assert not any(issubclass(later, context) for later in CONTEXTS[number + 1 :])
    assert len({context.kind for context in CONTEXTS}) == len(CONTEXTS) == 6
