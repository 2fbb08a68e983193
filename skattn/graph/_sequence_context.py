"""Context of a list of sequences."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skattn.graph._collection import GraphCollection
from skattn.graph._context import Check, RowKind, View
from skattn.graph._descriptors import Descriptors
from skattn.graph._graph_contexts import GraphContext
from skattn.graph._input_kind import InputKind, check_kind
from skattn.graph._patches import Patching, PatchOptions
from skattn.graph._schema import GraphSchema
from skattn.graph._sequence_arrays import (
    Sequences,
    read_sequences,
    warn_of_channels_first,
)
from skattn.graph._sequences import (
    check_complete_memory,
    graphs_of_steps,
    position_columns,
)


@dataclass(frozen=True, eq=False)
class SequencesContext(GraphContext):
    """Context of a list of sequences; each is a row, and its patches are nodes."""

    kind: ClassVar[InputKind] = "sequences"
    rows: ClassVar[RowKind] = "sequences"
    n_features: int
    """Number of features of the sequences."""
    patching: Patching
    """Division of a sequence into patches, and its segments."""

    @classmethod
    def of(cls, X: Any, options: PatchOptions, check: Check) -> "SequencesContext":
        """Create the context of a list of sequences."""
        sequences = read_sequences(X)
        n_steps = map(len, sequences.steps)
        patching = Patching.of(n_steps, sequences.n_features, options)
        view = _collection(sequences, patching, check)
        warn_of_channels_first(sequences)
        return cls(view, sequences.n_features, patching)

    def check_fitted(self, n_features: int, schema: GraphSchema) -> None:
        """Raise ValueError unless patches of sequences have the columns of `schema`."""
        if self.n_features != n_features:
            raise ValueError(f"it has sequences of {self.n_features} features")
        length, n_segments = self.patching.length, self.patching.n_segments
        n_positions = _positions(self.patching, 1).shape[1]
        columns = n_features * length + n_positions, n_features * n_segments
        if columns != (schema.n_features, schema.n_descriptors):
            raise ValueError(f"it has patches of {length} steps, {n_segments} segments")

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> View:
        """Return a collection of the sequences of X."""
        check_kind(self.kind, X, adjacency)
        sequences = read_sequences(X)
        if sequences.n_features != self.n_features:
            raise ValueError(
                f"Sequences must have {self.n_features} features, as at fit, got "
                f"{sequences.n_features}. Sequences are (n_steps, n_features); use "
                "skattn.preprocessing.SequenceGraph(axis=2) for (n_features, n_steps)."
            )
        return _collection(sequences, self.patching, check)


def _collection(
    sequences: Sequences, patching: Patching, check: Check
) -> GraphCollection:
    """Return graphs of patches with checked features and positional encoding."""
    check_complete_memory(patching.n_patches(len(each)) for each in sequences.steps)
    return graphs_of_patches(checked_steps(sequences, check), patching)


def checked_steps(sequences: Sequences, check: Check) -> list[NDArray[Any]]:
    """Return the checked steps of each sequence, (n_steps, n_features)."""
    ends = np.cumsum([len(steps) for steps in sequences.steps])
    return np.split(check(sequences.table), ends[:-1])


def graphs_of_patches(parts: list[NDArray[Any]], patching: Patching) -> GraphCollection:
    """Return graphs of the patches of checked steps, with positional encoding."""
    patches = Sequences([_nodes(patching, part) for part in parts], None)
    collection = GraphCollection.of(graphs_of_steps(patches))
    if not patching.n_segments:
        return collection
    means = np.stack([patching.segment_means(part) for part in parts])
    return replace(collection, descriptors=Descriptors(means, None))


def _nodes(patching: Patching, X: NDArray[Any]) -> NDArray[Any]:
    """Return the features of the nodes of a sequence, positions included."""
    patches = patching.patches(X)
    return np.hstack([patches, _positions(patching, len(patches))])


def _positions(patching: Patching, n_nodes: int) -> NDArray[np.float32]:
    """Return the positional encoding of nodes.

    Of patches it is one column, the position within the sequence between -1 and 1:
    several columns, of which some oscillate, let a network memorise few sequences.
    """
    if patching.length == 1:
        return position_columns(n_nodes)
    middle = (2 * np.arange(n_nodes) + 1) / n_nodes - 1
    return middle[:, None].astype(np.float32)
