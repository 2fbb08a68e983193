import pytest

from skattn.graph import Graph


@pytest.fixture
def there_and_back(tmp_path):
    """A function: the graph that is loaded from the file of a graph, ``a.graph``."""

    def reopened(graph, **options):
        graph.save(tmp_path / "a.graph")
        return Graph.load(tmp_path / "a.graph", **options)

    return reopened


@pytest.fixture(params=[True, False], ids=["mapped", "read"])
def mmap(request):
    """Whether a file is mapped."""
    return request.param
