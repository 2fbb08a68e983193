import copy
import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from joblib import Parallel, delayed

from skattn.graph import Graph

ADJACENCY = [[0, 2, 0], [1, 1, 0], [0, 0, 0]]
TABLE = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


# ---- memory mapping --------------------------------------------------------------


def is_mapped(array):
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap) and array.mode == "r":
            return True
        array = array.base
    return False


def arrays_of(graph):
    csr, X = graph.adjacency, graph.X
    features = [X.data, X.indices, X.indptr] if sp.issparse(X) else [np.asarray(X)]
    return [csr.data, csr.indices, csr.indptr, *features]


@pytest.mark.parametrize(
    "X",
    [TABLE, sp.csr_array(TABLE), pd.DataFrame(TABLE, columns=["a", "b"])],
    ids=["array", "sparse", "table"],
)
def test_slices_and_other_features_of_a_mapped_graph_stay_mapped(round_trip, X):
    graph = Graph(ADJACENCY, X, edge_features=[[1], [2], [3]])
    mapped = round_trip(graph)
    for same in (mapped, mapped[[0, 1]][:1], copy.deepcopy(mapped)):
        assert all(is_mapped(array) for array in arrays_of(same))
        assert is_mapped(same.edge_features)
        with pytest.raises(ValueError, match="read-only"):
            same.adjacency.data[0] = 5
    other = mapped.with_features(np.eye(3))
    assert other.adjacency is mapped.adjacency


def test_columns_of_several_types_stay_mapped(round_trip):
    table = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1, 2]})
    again = round_trip(Graph(ADJACENCY, table)).X
    assert all(is_mapped(again[name].to_numpy()) for name in "ab")


def test_a_mapped_graph_equals_the_one_in_memory(round_trip):
    graph = Graph(ADJACENCY, TABLE, edge_features=[[1], [2], [3]], nodes=list("abc"))
    mapped = round_trip(graph)
    assert repr(mapped) == repr(graph)
    assert mapped.is_weighted
    cut = mapped.subgraph([1, 0])
    assert cut.adjacency.toarray().tolist() == [[1, 1], [2, 0]]
    assert cut.nodes.tolist() == ["b", "a"]
    assert Graph.union([mapped, cut.subgraph([])]).n_edges == 3


def resident():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_mapping_reads_little_of_the_file(tmp_path):
    senders = np.tile(np.arange(2000, dtype=np.int32), 2000)
    parts = (np.ones(len(senders), np.float32), senders, np.arange(2001) * 2000)
    Graph(sp.csr_array(parts, shape=(2000, 2000))).save(tmp_path / "a.graph")
    start = resident()
    mapped = Graph.load(tmp_path / "a.graph")
    view = mapped[:10]
    assert resident() - start < 4e6
    assert view.is_weighted is False  # reads the weights, 16 MB
    assert resident() - start > 12e6


# ---- pickles and workers ---------------------------------------------------------


def test_a_mapped_graph_is_pickled_as_the_name_of_its_file(round_trip):
    mapped = round_trip(Graph(ADJACENCY, np.zeros((3, 1000))))
    message = pickle.dumps(mapped[[2, 0]])
    assert len(message) < 500
    again = pickle.loads(message)
    assert again.targets.tolist() == [2, 0]
    assert all(is_mapped(array) for array in arrays_of(again))
    assert not pickle.loads(pickle.dumps(mapped)).is_view


def test_a_pickle_of_a_file_that_was_replaced_is_refused(round_trip, tmp_path):
    mapped = round_trip(Graph(ADJACENCY, TABLE))
    message = pickle.dumps(mapped)
    mapped.save(tmp_path / "a.graph")
    with pytest.raises(ValueError, match=r"a\.graph' must still be the file"):
        pickle.loads(message)
    assert mapped.X.tolist() == TABLE.tolist()  # the pages of the replaced file


def test_a_file_is_checked_again_only_if_it_has_changed(round_trip, tmp_path):
    message = pickle.dumps(round_trip(Graph(ADJACENCY, TABLE)))
    path = tmp_path / "a.graph"
    content, times = path.read_bytes(), path.stat()
    path.write_bytes(content.replace(TABLE.tobytes(), (TABLE + 1).tobytes()))
    with pytest.raises(ValueError, match="does not match its checksum"):
        pickle.loads(message)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert pickle.loads(message).X.tolist() == (TABLE + 1).tolist()  # not read
    path.write_bytes(content)
    assert pickle.loads(message).X.tolist() == TABLE.tolist()


def test_pickles_of_other_graphs_hold_the_arrays(round_trip, tmp_path):
    read = round_trip(Graph(ADJACENCY, TABLE), mmap=False)
    derived = Graph.load(tmp_path / "a.graph").with_features(np.eye(3))
    messages = pickle.dumps(read[[1]]), pickle.dumps(derived)
    (tmp_path / "a.graph").unlink()
    view, other = map(pickle.loads, messages)
    assert view.targets.tolist() == [1]
    assert view.base.X.tolist() == TABLE.tolist()
    assert other.adjacency.toarray().tolist() == ADJACENCY
    assert other.X.tolist() == np.eye(3).tolist()


@pytest.mark.parametrize("mapped", [True, False])
def test_workers_share_the_arrays_of_a_large_graph(round_trip, mapped):
    ring = sp.eye_array(150_000, k=1, dtype=np.float32, format="csr")
    graph = Graph(ring + sp.eye_array(150_000), np.ones((150_000, 2), np.float32))
    if mapped:
        graph = round_trip(graph)
    assert min(graph.X.nbytes, graph.adjacency.data.nbytes) > 1e6  # joblib's limit

    def look(view):  # a local function is pickled by value
        csr = view.adjacency
        files = [getattr(a, "filename", None) for a in (csr.data, csr.indices, view.X)]
        return os.getpid(), files, view.n_edges, len(view)

    with Parallel(n_jobs=2) as workers:
        seen = workers(delayed(look)(graph[part::4]) for part in range(4))
    assert os.getpid() not in {pid for pid, *_ in seen}
    for _, files, n_edges, n_targets in seen:
        assert None not in files
        assert files == seen[0][1]  # the same pages
        assert (n_edges, n_targets) == (299_999, 37_500)
