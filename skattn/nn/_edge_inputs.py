"""Edge arguments of an attention layer."""

from typing import TypedDict

from torch import Tensor

from skattn.ops import Edges, GraphStructure


class EdgeInputs(TypedDict):
    """The arguments of an attention's ``forward`` that lie on the edges."""

    edges: Edges
    log_weight: Tensor | None
    edge_features: Tensor | None


def edge_inputs(structure: GraphStructure) -> EdgeInputs:
    """Take the edge arguments of an attention from a structure."""
    return EdgeInputs(
        edges=structure.edges,
        log_weight=structure.edge_data.log_weight,
        edge_features=structure.edge_data.features,
    )


def check_edge_inputs(given: EdgeInputs, n_edge_features: int) -> None:
    """Raise ValueError unless edge weights and features fit the edges."""
    edges, log_weight = given["edges"], given["log_weight"]
    if edges.n_receivers > edges.n_senders:
        raise ValueError(
            "the receivers of edges must be its senders or the first of them, got "
            f"{edges.n_receivers} and {edges.n_senders} of them. For two kinds of "
            "nodes use ops.edge_attention."
        )
    if log_weight is not None and log_weight.shape != (edges.n_edges,):
        raise ValueError(
            "log_weight must have one number per edge, of shape "
            f"({edges.n_edges},), got {tuple(log_weight.shape)}."
        )
    needed = (edges.n_edges, n_edge_features) if n_edge_features else None
    features = given["edge_features"]
    came = None if features is None else tuple(features.shape)
    if came != needed:
        raise ValueError(
            f"edge_features must have the shape {needed}, one row per edge, as the "
            f"module was made with n_edge_features={n_edge_features}; got {came}."
        )
