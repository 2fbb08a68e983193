import pytest


@pytest.fixture
def senders_of():
    """A function: the senders of every receiver, as lists."""

    def rows(edges):
        counts = edges.indptr.diff().tolist()
        return [row.tolist() for row in edges.senders.split(counts)]

    return rows
