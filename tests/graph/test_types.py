import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone

from skattn import Graph, GraphAttentionClassifier
from skattn.graph._array_file import read_arrays, write_arrays
from skattn.graph._collection import GraphCollection
from skattn.graph._schema import GraphSchema
from skattn.graph._types import Types

TWICE = sp.coo_array(([1, 2, 3.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
PATH = [[0, 1, 1], [1, 0, 0], [0, 0, 0]]


def typed():
    return Graph(
        PATH, np.eye(3), edge_types=["b", "a", "b"], node_types=["x", "y", "x"]
    )


def test_parallel_edges_of_other_types_stay():
    graph = Graph(TWICE, edge_types=["cites", "uses", "cites"])
    assert graph.n_edges == 3
    assert graph.adjacency.data.tolist() == [1, 2, 3]
    assert graph.edge_types.tolist() == ["cites", "uses", "cites"]
    assert repr(graph) == "Graph(n_nodes=2, n_edges=3, n_features=0, n_edge_types=2)"


def test_types_follow_their_stored_entries():
    columns = sp.csc_array(np.array(PATH))  # entries by column: (1,0), (0,1), (0,2)
    graph = Graph(columns, edge_types=[7, 5, 6], edge_features=[[7], [5], [6]])
    assert graph.edge_types.tolist() == [5, 6, 7]
    assert graph.edge_features.ravel().tolist() == [5, 6, 7]


def test_slices_and_parts_keep_the_types_of_their_nodes_and_edges():
    graph = typed()
    view, part = graph[[1]], graph.subgraph([2, 0])
    assert view.edge_types.tolist() == ["b", "a", "b"]
    assert view.node_types.tolist() == ["x", "y", "x"]
    assert part.edge_types.tolist() == ["a"]
    assert part.node_types.tolist() == ["x", "x"]
    assert graph.subgraph([1, 0]).edge_types.tolist() == ["b", "b"]
    assert graph.with_features(None).node_types.tolist() == ["x", "y", "x"]


@pytest.mark.parametrize(
    "copied", [clone, copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))]
)
def test_copies_keep_types(copied):
    same = copied(typed())
    assert same.edge_types.tolist() == ["b", "a", "b"]
    assert same.node_types.tolist() == ["x", "y", "x"]


def test_a_union_has_the_types_of_all_graphs():
    other = typed().with_types(edge_types=["c", "b", "c"], node_types=["x"] * 3)
    union = Graph.union([typed(), other])
    assert union.edge_types.tolist() == ["b", "a", "b", "c", "b", "c"]
    assert union.n_edge_types == 3
    assert GraphCollection.of([typed(), other]).n_node_types == 2


def test_in_a_union_all_graphs_or_none_have_types():
    with pytest.raises(ValueError, match="no edge types where graph 0 has edge types"):
        Graph.union([typed(), typed().with_types(node_types=["x"] * 3)])
    with pytest.raises(ValueError, match="graph 1 has node types where graph 0 has no"):
        Graph.union([Graph(PATH), Graph(PATH, node_types=[1, 1, 1])])


def test_without_types_parallel_edges_are_summed():
    graph = Graph(TWICE, edge_types=["cites", "uses", "cites"])
    assert graph.with_types().adjacency.toarray().tolist() == [[0, 3], [3, 0]]
    assert graph.with_types().edge_types is None


def test_node_types_are_aligned_by_name():
    kinds = pd.Series(["first", "second"], index=["a", "b"])
    graph = Graph(np.eye(2), node_types=kinds, nodes=["b", "a"])
    assert graph.node_types.tolist() == ["second", "first"]


def test_tables_of_node_types_have_columns_of_their_own():
    papers, authors = np.ones((2, 2)), [[5.0]]
    graph = Graph(np.eye(3), {"paper": papers, "author": authors})
    assert graph.node_types.tolist() == ["paper", "paper", "author"]
    assert graph.X.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 5]]
    mixed = Graph(
        np.eye(3),
        {"paper": sp.csr_array(papers), "author": authors},
        node_types=["paper", "author", "paper"],
    )
    assert sp.issparse(mixed.X)
    assert mixed.X.toarray().tolist() == [[1, 1, 0], [0, 0, 5], [1, 1, 0]]


def test_tables_with_an_index_are_aligned_with_the_nodes_of_their_type():
    papers = pd.DataFrame({"year": [1.0, 2.0]}, index=["p2", "p1"])
    graph = Graph(
        np.eye(3),
        {"paper": papers, "author": np.ones((1, 1))},
        node_types=["paper", "author", "paper"],
        nodes=["p1", "ann", "p2"],
    )
    assert graph.X[:, 0].tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"edge_types": ["a"]}, ValueError, r"one type per stored entry .* \(3\)"),
        ({"edge_types": ["a", None, "b"]}, ValueError, "no missing.*position 1"),
        ({"edge_types": ["a", float("nan"), "b"]}, ValueError, "no missing types"),
        ({"edge_types": [1.5, 2, 3]}, TypeError, "all text or all whole numbers"),
        ({"edge_types": [0, -1, 2]}, ValueError, "from 0, got -1.*missing category"),
        ({"edge_types": ["a", 2, "b"]}, TypeError, "astype"),
        ({"node_types": ["a", "b"]}, ValueError, r"one type per node \(3\)"),
        ({"X": {"p": np.ones((2, 1))}}, ValueError, "one row per row of X"),
        (
            {"X": {"p": np.ones((2, 1))}, "node_types": ["p", "q", "p"]},
            ValueError,
            r"one table for each node type \('p', 'q'\), got tables for 'p'",
        ),
        (
            {"X": {"p": np.ones((1, 1))}, "node_types": ["p"] * 3},
            ValueError,
            r"one row per node of the type \(3\), got 1",
        ),
    ],
)
def test_wrong_types_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        Graph(PATH, **options)


def test_edge_tables_name_a_column_of_types():
    table = pd.DataFrame({"u": ["a", "b"], "v": ["b", "c"], "kind": ["k", "l"]})
    graph = Graph.from_edges(table, edge_types="kind", directed=False)
    assert graph.edge_types.tolist() == ["k", "k", "l", "l"]
    listed = Graph.from_edges([("a", "b"), ("a", "b")], edge_types=["k", "l"])
    assert listed.edge_types.tolist() == ["k", "l"]  # without a warning
    shuffled = table["kind"].iloc[::-1]
    again = Graph.from_edges(table[["u", "v"]], edge_types=shuffled)
    assert again.edge_types.tolist() == ["k", "l"]


def test_edge_tables_take_a_table_per_node_type():
    tables = {"paper": np.ones((2, 2)), "author": [[5.0]]}
    graph = Graph.from_edges([(0, 1), (0, 2)], tables)
    assert graph.X.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 5]]
    assert graph.node_types.tolist() == ["paper", "paper", "author"]
    named = Graph.from_triples(
        [("p", "by", "ann")],
        {"author": [[5.0]], "paper": [[1.0]]},
        nodes=["p", "ann"],
        node_types=["paper", "author"],
    )
    assert named.X.tolist() == [[0, 1], [5, 0]]


def test_triples_become_typed_edges_and_back():
    facts = [("ann", "knows", "bob"), ("bob", "likes", "ann"), ("ann", "likes", "bob")]
    graph = Graph.from_triples([*facts, facts[0]])
    assert graph.nodes.tolist() == ["ann", "bob"]
    assert sorted(graph.edge_types) == sorted(
        ["knows", "likes", "likes", "^knows", "^likes", "^likes"]
    )
    assert sorted(map(tuple, graph.to_triples())) == sorted(facts)
    assert Graph.from_triples(facts, inverses=False).n_edges == 3


def test_triples_may_be_numbers():
    graph = Graph.from_triples([(3, 1, 5)], inverses=False)
    assert graph.to_triples().tolist() == [[3, 1, 5]]
    assert graph.edge_types.dtype == np.int64


@pytest.mark.parametrize(
    ("triples", "message"),
    [
        ([("a", "^r", "b")], "must not begin with"),
        ([("a", "b")], "3 columns"),
        ([("a", None, "b")], "missing values .* got 1 without one"),
    ],
)
def test_wrong_triples_are_refused(triples, message):
    with pytest.raises(ValueError, match=message):
        Graph.from_triples(triples)


def test_a_graph_without_types_has_no_triples():
    with pytest.raises(ValueError, match=r"to_triples needs .*with_types"):
        Graph(PATH).to_triples()


def test_files_keep_types(round_trip, mmap):
    graph = round_trip(typed()[[1]], mmap=mmap)
    assert graph.edge_types.tolist() == ["b", "a", "b"]
    assert graph.node_types.tolist() == ["x", "y", "x"]
    parallel = round_trip(Graph(TWICE, edge_types=[0, 1, 0]), mmap=mmap)
    assert parallel.edge_types.tolist() == [0, 1, 0]
    assert pickle.loads(pickle.dumps(parallel)).edge_types.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (np.array([1, 0, 1], np.int32), np.array([1, 0, 2], np.int32)),
        (np.array([1, 0, 1], np.int32), np.array([1, 0, -1], np.int32)),
        (np.array([1, 0, 1], np.int32), np.array([1, 0], np.int32)),
        (np.array([1, 0, 1], np.int32), np.array([1.0, 0, 1])),
        (np.array(["a", "b"]), np.array(["b", "a"])),
        (np.array(["a", "b"]), np.array(["a", "a"])),
        (np.array(["a", "b"]), np.array([0.5, 1.5])),
        (np.array(["x", "y"]), np.array(["x"])),
    ],
)
def test_damaged_types_are_refused(tmp_path, mmap, old, new):
    path = tmp_path / "a"
    typed().save(path)
    head, arrays = read_arrays(path, mmap=False)
    changed = [new if np.array_equal(each, old) else each for each in arrays]
    write_arrays(path, head, changed)
    with pytest.raises(ValueError, match=r"must be a file that Graph\.save wrote"):
        Graph.load(path, mmap=mmap)


def test_codes_by_other_names():
    types = Types(np.array([0, 1, 1], np.int32), np.array(["a", "c"]))
    assert types.coded_by(("a", "b", "c")).tolist() == [0, 2, 2]
    assert types.coded_by(("c",)).tolist() == [-1, 0, 0]


def test_the_schema_has_the_types_that_occur():
    schema = GraphSchema.of(typed())
    assert (schema.edge_types, schema.node_types) == (("a", "b"), ("x", "y"))
    schema.check(typed().subgraph([0, 2]))  # lacks one type
    assert GraphSchema.of(typed().subgraph([0, 2])).edge_types == ("a",)


@pytest.mark.parametrize(
    ("fitted", "given", "message"),
    [
        (typed(), Graph(PATH, np.eye(3)), r"must have edge types, as at fit \('a'"),
        (Graph(PATH, np.eye(3)), typed(), "must have no edge types"),
        (
            typed(),
            typed().with_types(edge_types=["b", "z", "b"], node_types=["x"] * 3),
            r"edge types must be among those at fit \('a', 'b'\), got 'z'.*Fit with",
        ),
        (
            typed(),
            typed().with_types(edge_types=["b"] * 3, node_types=["x", "z", "x"]),
            "node types must be among those at fit",
        ),
    ],
)
def test_other_types_than_at_fit_are_refused(fitted, given, message):
    with pytest.raises(ValueError, match=message):
        GraphSchema.of(fitted).check(given)


def test_a_graph_of_types_is_a_parameter():
    clf = GraphAttentionClassifier(graph=typed())
    assert clone(clf).graph.edge_types.tolist() == ["b", "a", "b"]
