import pickle
import resource
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from skattn.graph import Graph, _record_file
from skattn.graph._array_file import MAGIC, read_arrays, write_arrays

ADJACENCY = [[0, 2, 0], [1, 1, 0], [0, 0, 0]]
TABLE = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def test_edges_weights_and_edge_features_are_restored(round_trip, mmap):
    entries = sp.coo_array(([2.0, 1, 3], ([0, 0, 2], [1, 1, 0])), (3, 3))
    graph = Graph(entries, edge_features=[[1, 2], [3, 4], [5, 6]])
    again = round_trip(graph, mmap=mmap)
    assert again.n_edges == 3  # parallel edges are kept
    for name in ("data", "indices", "indptr"):
        came, went = getattr(again.adjacency, name), getattr(graph.adjacency, name)
        assert came.dtype == went.dtype
        np.testing.assert_array_equal(came, went)
    np.testing.assert_array_equal(again.edge_features, graph.edge_features)
    assert again.X is None
    assert again.nodes is None
    assert not again.is_view


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i4", "u1", "?", ">f4", "c8"])
def test_array_features_keep_their_type(round_trip, mmap, dtype):
    X = np.asfortranarray(TABLE.astype(dtype))
    again = round_trip(Graph(ADJACENCY, X), mmap=mmap).X
    assert again.dtype == X.dtype
    np.testing.assert_array_equal(again, X)


@pytest.mark.parametrize("make", [sp.csr_array, sp.csr_matrix, sp.csc_array])
def test_sparse_features_are_restored_as_csr(round_trip, mmap, make):
    X = make(np.array([[0, 2], [0, 0], [3, 0]]))
    again = round_trip(Graph(ADJACENCY, X), mmap=mmap).X
    assert again.format == "csr"
    assert isinstance(again, sp.spmatrix) == isinstance(X, sp.spmatrix)
    assert again.dtype == X.dtype
    assert again.shape == (3, 2)
    np.testing.assert_array_equal(again.toarray(), X.toarray())


def test_sparse_duplicates_are_summed(round_trip):
    X = sp.csr_array(([1.0, 2.0, 4.0], [1, 0, 1], [0, 3, 3, 3]), shape=(3, 2))
    again = round_trip(Graph(ADJACENCY, X)).X
    assert again.has_canonical_format
    assert again.toarray().tolist() == [[2, 5], [0, 0], [0, 0]]
    assert X.nnz == 3


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(TABLE, columns=["a", "b"]),
        pd.DataFrame(TABLE.astype("i2"), index=[7, 8, 9], columns=[1, 0]),
        pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1, 2], "c": [True, False, True]}),
        pd.DataFrame([[1, 0.5]] * 3, columns=["same", "same"], index=list("xyz")),
        pd.DataFrame(index=pd.Index(list("xyz"), name="who")),
        pd.DataFrame({"a": [1.0, 2, 3]}, index=pd.date_range("2020", periods=3)),
    ],
    ids=["floats", "integers", "mixed", "names twice", "no columns", "dates"],
)
def test_tables_keep_columns_types_and_index(round_trip, mmap, table):
    again = round_trip(Graph(ADJACENCY, table), mmap=mmap).X
    pd.testing.assert_frame_equal(again, table, check_freq=False)


@pytest.mark.parametrize(
    "labels",
    [
        pd.Index(["a", "longer", "ü"], name="customer"),
        pd.Index(["a", "b", "c"], dtype=object),
        pd.Index([3, 1, 2], name=np.int64(7)),
        pd.RangeIndex(10, 40, 10, name="station"),
        pd.Index([0.5, 1.5, 2.5]),
        pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"]),
    ],
    ids=["text", "objects", "integers", "range", "floats", "dates"],
)
def test_labels_keep_values_type_and_name(round_trip, mmap, labels):
    again = round_trip(Graph(ADJACENCY, nodes=labels), mmap=mmap).nodes
    pd.testing.assert_index_equal(again, labels)


def test_a_view_keeps_its_targets(round_trip, mmap):
    again = round_trip(Graph(ADJACENCY, TABLE)[[2, 0, 2]], mmap=mmap)
    assert again.is_view
    assert again.targets.tolist() == [2, 0, 2]
    assert again.targets.dtype == np.int64
    assert again.base.shape == (3, 2)
    assert len(round_trip(again[[]], mmap=mmap)) == 0


@pytest.mark.parametrize("n_nodes", [0, 2])
def test_a_graph_without_edges_is_restored(round_trip, mmap, n_nodes):
    graph = Graph(sp.csr_array((n_nodes, n_nodes)), np.zeros((n_nodes, 0)))
    again = round_trip(graph, mmap=mmap)
    assert (again.n_nodes, again.n_edges, again.shape) == (n_nodes, 0, (n_nodes, 0))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (
            pd.DataFrame({"a": [1, 2, 3], "b": list("xyz")}),
            r"'b' \((str|object)\).*Encode",
        ),
        (pd.DataFrame({"a": pd.array([1, 2, None])}), r"'a' \(Int64\)"),
        (np.array([[None]] * 3), "ndarray of dtype object.*with_features"),
        (np.array([["x"]] * 3), "ndarray of dtype <U1"),
        (pd.DataFrame(TABLE, columns=["a", 1]), "columns of X must be labelled"),
        (pd.DataFrame(TABLE, index=[(0, 0), (0, 1), (1, 0)]), "index of X must be"),
    ],
    ids=["text", "nullable", "objects", "letters", "names", "pairs"],
)
def test_features_that_cannot_be_stored_are_refused(tmp_path, X, message):
    with pytest.raises(TypeError, match=message):
        Graph(ADJACENCY, X).save(tmp_path / "a.graph")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (pd.Index(["a", "b\0", "c"]), "nodes must be labelled by numbers, dates or"),
        (pd.Index(["a", 1, None]), "nodes must be labelled by numbers, dates or"),
        (pd.Index([1, 2, 3], name=("a", "b")), "name of nodes must be text or a num"),
    ],
)
def test_labels_that_cannot_be_stored_are_refused(tmp_path, labels, message):
    with pytest.raises(TypeError, match=message):
        Graph(ADJACENCY, nodes=labels).save(tmp_path / "a.graph")


# ---- invalid files ---------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"PK\3\4 a zip", pickle.dumps([1, 2]), MAGIC])
def test_a_foreign_file_is_refused(tmp_path, mmap, content):
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(ValueError, match=r"b' must be a file that Graph\.save wrote"):
        Graph.load(tmp_path / "b", mmap=mmap)


def test_an_array_file_without_a_graph_is_refused(tmp_path, mmap):
    write_arrays(tmp_path / "a", {"other": 1}, [np.arange(3)])
    with pytest.raises(ValueError, match=r"must be a file that Graph\.save wrote"):
        Graph.load(tmp_path / "a", mmap=mmap)


def test_a_file_of_another_version_is_refused(tmp_path, mmap, monkeypatch):
    monkeypatch.setattr(_record_file, "VERSION", 2)
    Graph(ADJACENCY).save(tmp_path / "a")
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"version 1 of the format, got version 2"):
        Graph.load(tmp_path / "a", mmap=mmap)


def test_a_truncated_file_is_refused(tmp_path, mmap):
    Graph(ADJACENCY, TABLE).save(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content[:-1])
    with pytest.raises(ValueError, match="damaged or something else: it has"):
        Graph.load(tmp_path / "a", mmap=mmap)


def test_an_invalid_path_is_a_type_error(mmap):
    with pytest.raises(TypeError, match="PathLike"):
        Graph.load(None, mmap=mmap)


def test_a_missing_file_is_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Graph.load(tmp_path / "nowhere")


PARTS = ["adjacency", "X", "edge_features", "nodes", "targets", "descriptors"]
PARTS += ["edge_types", "node_types"]


def change(path, **parts):
    """Write the file again with other parts."""
    head, arrays = read_arrays(path, mmap=False)
    packed = dict(zip(PARTS, head["state"]["tuple"], strict=True)) | parts
    head["state"]["tuple"] = list(packed.values())
    write_arrays(path, head, arrays)


def csr(*numbers, n_columns=3):
    arrays = [{"array": number} for number in numbers]
    return {"csr": [*arrays, n_columns, False]}


@pytest.mark.parametrize(
    "parts",
    [
        {"edge_features": {"array": 5}},
        {"edge_features": {"array": 2}},
        {"X": {"array": 1}},
        {"X": {"cube": []}},
        {"X": {"array": 9}},
        {"X": "text"},
        {"nodes": {"tuple": [None, {"tuple": [0, 5, 1]}]}},
        {"nodes": {"tuple": [None, {"array": 4}, False]}},
        {"targets": {"array": 4}},
        {"targets": {"array": 0}},
        {"descriptors": {"array": 3}},
        {"descriptors": {"tuple": [{"array": 0}, None]}},
        {"descriptors": {"tuple": [{"array": 3}, None]}},
        {"descriptors": {"tuple": [[1.0], None]}},
        {"descriptors": {"tuple": [None, None]}},
        {"adjacency": csr(0, 1, 2, n_columns=4)},
        {"adjacency": csr(1, 1, 2)},
        {"adjacency": csr(0, 1, 1)},
        {"adjacency": csr(0, 0, 2)},
        {"adjacency": csr(0, 9, 2)},
        {"adjacency": {"array": 0}},
        {"adjacency": None},
    ],
)
def test_inconsistent_parts_are_refused(tmp_path, mmap, parts):
    path = tmp_path / "a"
    Graph(ADJACENCY, TABLE[:, :1])[[0, 2]].save(path)
    head, arrays = read_arrays(path, mmap=False)
    write_arrays(path, head, [*arrays[:4], arrays[4] + 5, TABLE[:2]])
    change(path, targets=None)
    Graph.load(path, mmap=mmap)
    change(path, **parts)
    with pytest.raises(ValueError, match=r"must be a file that Graph\.save wrote"):
        Graph.load(path, mmap=mmap)


def forge(path, graph, position, values):
    """Save a graph with other values of an array, and valid checksums."""
    graph.save(path)
    head, arrays = read_arrays(path, mmap=False)
    arrays[position] = np.array(values, arrays[position].dtype)
    write_arrays(path, head, arrays)


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize(
    ("position", "values", "message"),
    [
        (0, [2, np.nan, 1], "weights that are not positive and finite"),
        (0, [2, -1, 1], "weights that are not positive and finite"),
        (0, [2, 0, 1], "weights that are not positive and finite"),
        (0, [2, np.inf, 1], "weights that are not positive and finite"),
        (1, [1, 0, 3], r"adjacency\.indices must lie in"),
        (1, [1, -1, 1], r"adjacency\.indices must lie in"),
        (1, [1, 1, 0], "edges that are not in order"),
        (1, [1, 1, 1], "edges that are not in order"),
        (2, [0, 1, 0, 3], r"adjacency\.indptr must"),
        (2, [1, 1, 3, 3], "values and 3 indices"),
        (4, [0, 9], r"adjacency\.indices must lie in"),
        (5, [0, 2, 1, 2], r"adjacency\.indptr must"),
        (6, [0, 3], "targets that are not in"),
        (6, [0, -1], "targets that are not in"),
    ],
)
def test_values_out_of_bounds_are_refused(
    tmp_path, mmap, verify, position, values, message
):
    X = sp.csr_array([[0, 1], [0, 0], [5.0, 0]])
    graph = Graph(ADJACENCY, X)[[0, 2]]
    forge(tmp_path / "a", graph, position, values)
    with pytest.raises(ValueError, match=message):
        Graph.load(tmp_path / "a", mmap=mmap, verify=verify)


def test_equal_labels_are_refused(tmp_path, mmap):
    forge(tmp_path / "a", Graph(ADJACENCY, nodes=[5, 6, 7]), 3, [5, 6, 5])
    with pytest.raises(ValueError, match="equal labels of nodes"):
        Graph.load(tmp_path / "a", mmap=mmap)


@pytest.mark.parametrize("dtype", ["S1", "i1", "M8[s]"])
def test_labels_that_only_a_forged_file_stores_as_objects_are_refused(
    tmp_path, mmap, dtype
):
    path = tmp_path / "a"
    Graph(ADJACENCY, nodes=list("abc")).save(path)
    head, arrays = read_arrays(path, mmap=False)
    write_arrays(path, head, [*arrays, np.arange(3).astype(dtype)])
    change(path, nodes={"tuple": [None, {"array": len(arrays)}, True]})
    with pytest.raises(ValueError, match="it has labels of dtype"):
        Graph.load(path, mmap=mmap)


def test_bytes_as_labels_are_refused(tmp_path, mmap):
    path = tmp_path / "a"
    Graph(ADJACENCY, nodes=list("abc")).save(path)
    head, arrays = read_arrays(path, mmap=False)
    write_arrays(path, head, [*arrays, np.array([b"a", b"b", b"c"])])
    change(path, nodes={"tuple": [None, {"array": len(arrays)}, False]})
    with pytest.raises(ValueError, match=r"it has labels of dtype \|S1"):
        Graph.load(path, mmap=mmap)


def test_a_table_of_more_columns_than_open_files_is_mapped(round_trip):
    columns = {k: np.arange(3, dtype=["f4", "i2"][k % 2]) for k in range(300)}
    table = pd.DataFrame(columns)
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 256), most))
    try:
        again = round_trip(Graph(ADJACENCY, table), mmap=True).X
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))
    pd.testing.assert_frame_equal(again, table)


def test_edge_features_that_are_not_finite_are_refused(tmp_path, mmap):
    graph = Graph(ADJACENCY, edge_features=[[1], [2], [3]])
    forge(tmp_path / "a", graph, 3, [[1], [2], [np.nan]])
    with pytest.raises(ValueError, match="features that are not finite"):
        Graph.load(tmp_path / "a", mmap=mmap)


def test_without_verify_only_values_of_features_may_be_damaged(tmp_path):
    path = tmp_path / "a"
    Graph(ADJACENCY, TABLE).save(path)
    content = bytearray(path.read_bytes())
    content[content.index(TABLE.tobytes())] ^= 1
    path.write_bytes(content)
    Graph.load(path, verify=False)
    for mmap in (True, False):
        with pytest.raises(ValueError, match="does not match its checksum"):
            Graph.load(path, mmap=mmap)


def test_a_frame_of_more_rows_than_the_file_holds_is_refused(tmp_path, mmap):
    path = tmp_path / "a"
    Graph(ADJACENCY, pd.DataFrame({"a": TABLE[:, 0]})).save(path)
    rows = {"tuple": [None, {"tuple": [0, 10**9, 1]}]}
    head, arrays = read_arrays(path, mmap=False)
    names = head["state"]["tuple"][1]["tuple"][1]
    write_arrays(path, head, [*arrays, np.array(7.0)])
    change(path, X={"tuple": [{"list": [{"array": len(arrays)}]}, names, rows]})
    tracemalloc.start()
    with pytest.raises(ValueError, match="it has a column of shape"):
        Graph.load(path, mmap=mmap)
    assert tracemalloc.get_traced_memory()[1] < 1 << 19
    tracemalloc.stop()


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "a"
    Graph(ADJACENCY, TABLE).save(path)
    with pytest.raises(TypeError):
        Graph(ADJACENCY, np.array([[None]] * 3)).save(path)
    assert Graph.load(path).X.tolist() == TABLE.tolist()
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
