import numpy as np

from skattn.datasets import make_dictionary_lookup


def test_two_keys():
    graph, y = make_dictionary_lookup(2, 1, random_state=0)
    values = np.eye(2)[y]  # key 0 holds y[0], key 1 holds y[1]
    np.testing.assert_array_equal(
        graph.base.adjacency.toarray(),
        [[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]],
    )
    np.testing.assert_array_equal(
        graph.base.X,
        [[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, *values[0]], [0, 1, *values[1]]],
    )
    assert graph.targets.tolist() == [0, 1]


def test_every_query_finds_its_value_at_the_sender_with_its_number():
    n_keys = 5
    graph, y = make_dictionary_lookup(n_keys, 7, random_state=1)
    X, adjacency = graph.base.X, graph.base.adjacency
    for query, answer in zip(graph.targets, y, strict=True):
        senders = adjacency.indices[
            adjacency.indptr[query] : adjacency.indptr[query + 1]
        ]
        assert len(senders) == n_keys
        (key,) = senders[X[senders, :n_keys] @ X[query, :n_keys] == 1]
        assert X[key, n_keys + answer] == 1


def test_features_of_queries_do_not_contain_the_value():
    graph, _ = make_dictionary_lookup(4, 3, random_state=0)
    assert not graph.base.X[graph.targets, 4:].any()


def test_each_dictionary_uses_each_value_once():
    _, y = make_dictionary_lookup(6, 10, random_state=0)
    rows = y.reshape(10, 6)
    assert (np.sort(rows, axis=1) == np.arange(6)).all()
    assert len(np.unique(rows, axis=0)) > 1


def test_a_slice_of_dictionaries_has_their_queries():
    graph, y = make_dictionary_lookup(3, 4, random_state=0)
    first = graph[: 2 * 3]
    assert first.targets.tolist() == [0, 1, 2, 6, 7, 8]
    assert len(first) == len(y[: 2 * 3])


def test_same_seed_same_dictionaries():
    one, y_one = make_dictionary_lookup(random_state=3)
    two, y_two = make_dictionary_lookup(random_state=3)
    np.testing.assert_array_equal(y_one, y_two)
    np.testing.assert_array_equal(one.base.X, two.base.X)
