"""Smoothing: averages over a node and its neighbours, without weights to learn."""

from typing import cast

from torch import Generator, Tensor

from skattn.nn._chunks import in_chunks
from skattn.nn._convolution import Convolution, convolution_matrix, with_degree
from skattn.nn._operator import NodeOperator
from skattn.ops import GraphStructure, SparseMatrix, sparse_matmul

MAX_SMOOTHING = 100
"""Largest number of averages over the neighbours; all codes are then alike."""


class Propagation(NodeOperator[Tensor]):
    """Weighted sum of the senders' features: a graph convolution without a linear map.

    With self-loops, a step of the smoothing of SGC (Wu et al. 2019); the weights are
    those of :class:`~skattn.nn.GraphConvolution`, such as row sums of 1 ("mean").
    """

    def __init__(self, convolution: Convolution) -> None:
        super().__init__()
        self.convolution = convolution

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
        """Compute the sums over the senders."""
        matrix = convolution_matrix(structure, self.convolution, sent.dtype, receivers)
        return sparse_matmul(matrix, sent)


def smooth(
    codes: Tensor,
    structure: GraphStructure,
    n_times: int,
    *,
    first_layer: int,
    convolution: Convolution = "mean",
    max_edges: int | None = None,
) -> Tensor:
    """Replace codes by an average over each node's senders, some times.

    Before a linear head, up to its bias, outputs are averaged in the same way: the
    propagation of predictions of Gasteiger et al. 2019, "Predict then Propagate", and
    Huang et al. 2021, "Combining Label Propagation and Simple Models".

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
    convolution : {"mean", "gcn", "sum"}
        Weights of the senders, see :class:`~skattn.nn.GraphConvolution`.
    max_edges : int, optional
        Maximum number of edges of a chunk; None for no chunks.

    Returns
    -------
    Tensor of shape (n_nodes, width)
        The averages; for a sampled graph, of its last receivers.
    """
    step = Propagation(convolution)
    if n_times and max_edges is not None:
        structure = with_degree(structure)
    for number in range(first_layer, first_layer + n_times):
        layer = structure.layer(number)
        if max_edges is None:
            codes = step(codes, layer)
        else:
            codes = in_chunks(step, codes, layer, max_edges)
    return codes


def check_smoothing(smoothing: int) -> None:
    """Raise ValueError unless codes are averaged 0 to `MAX_SMOOTHING` times."""
    if not 0 <= smoothing <= MAX_SMOOTHING:
        raise ValueError(
            f"smoothing must be between 0 and {MAX_SMOOTHING}, got {smoothing}."
        )
