import pytest


@pytest.fixture
def senders_of():
    """Return a function that lists the senders of each receiver."""

    def rows(edges):
        counts = edges.indptr.diff().tolist()
        return [row.tolist() for row in edges.senders.split(counts)]

    return rows
