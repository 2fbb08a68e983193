"""Smoothing: means over a node and its neighbours, without weights."""

from typing import cast

from torch import Generator, Tensor

from skattn.nn._chunks import in_chunks
from skattn.nn._convolution import convolution_matrix, with_degree
from skattn.nn._operator import NodeOperator
from skattn.ops import GraphStructure, SparseMatrix, sparse_matmul


class NeighborMean(NodeOperator[Tensor]):
    """Mean of the senders' features, weighted by the edge weights.

    With self-loops, a step of the smoothing of SGC (Wu et al. 2019), by row sums.
    """

    def send(self, x: Tensor | SparseMatrix, _generator: Generator | None, /) -> Tensor:
        """Return the features, (n_nodes, n_features)."""
        return cast("Tensor", x)

    def receive(
        self,
        _x: Tensor | SparseMatrix,
        receivers: slice,
        sent: Tensor,
        structure: GraphStructure,
        _generator: Generator | None,
        /,
    ) -> Tensor:
        """Compute the means over the senders."""
        matrix = convolution_matrix(structure, "mean", sent.dtype, receivers)
        return sparse_matmul(matrix, sent)


def smooth(
    codes: Tensor,
    structure: GraphStructure,
    n_times: int,
    *,
    first_layer: int,
    max_edges: int | None = None,
) -> Tensor:
    """Replace codes by the mean over each node's senders, some times.

    Parameters
    ----------
    codes : Tensor of shape (n_nodes, width)
        Codes of the nodes.
    structure : GraphStructure
        Edges and edge weights. A sampled graph needs a hop per time.
    n_times : int
        Number of times.
    first_layer : int
        Number of layers that a sampled graph has before.
    max_edges : int, optional
        Maximum number of edges of a chunk; None for no chunks.

    Returns
    -------
    Tensor of shape (n_nodes, width)
        The means; for a sampled graph, of its last receivers.
    """
    mean = NeighborMean()
    if n_times and max_edges is not None:
        structure = with_degree(structure)
    for number in range(first_layer, first_layer + n_times):
        layer = structure.layer(number)
        if max_edges is None:
            codes = mean(codes, layer)
        else:
            codes = in_chunks(mean, codes, layer, max_edges)
    return codes
