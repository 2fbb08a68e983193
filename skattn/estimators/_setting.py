"""Facts of a fit on which defaults depend."""

from dataclasses import dataclass

from skattn.estimators._label_encoding import LabelKind
from skattn.graph._context import RowKind

EXAMPLES_PER_FEATURE = 20
"""Number of examples per feature from which features are narrow: a deeper network with
batch norm and a weak decay then generalises."""
HETEROPHILOUS = 0.2
"""Adjusted homophily below which wide features have a full residual gate and a gated
convolution, which separate a node from its neighbours."""


@dataclass(frozen=True)
class Setting:
    """Facts of a fit that select an entry of `DEFAULTS`."""

    rows: RowKind
    """Kind of the rows."""
    label_kind: LabelKind | None
    """Kind of the labels; None for the embedder."""
    pretrained: bool = False
    """Whether a fitted embedder initialises the encoder."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of a fit."""

    n_features: int
    """Width of the network's input."""
    n_edge_features: int
    """Width of the edge features."""
    n_nodes: int
    """Number of nodes of the training graph or graphs."""
    n_examples: int
    """Number of labelled rows, or of nodes to reconstruct."""
    homophily: float | None = None
    """Adjusted homophily of the labelled nodes of one graph; None if it is unknown."""
    n_descriptors: int = 0
    """Number of descriptors of a graph."""
    n_label_columns: int = 0
    """Number of columns of known labels of other rows; 0 if they are no inputs."""
    nearest_homophily: float | None = None
    """Adjusted homophily of the nearest rows of a table with classes; None: unknown."""
    n_edge_types: int = 0
    """Number of edge types, without that of added self-loops; 0 without any."""

    @property
    def noise(self) -> float | None:
        """Error of the nearest neighbour, 1 for chance; None if it is unknown."""
        return None if self.nearest_homophily is None else 1 - self.nearest_homophily

    @property
    def wide(self) -> bool:
        """Whether features outnumber examples."""
        return self.n_features > self.n_examples

    @property
    def narrow(self) -> bool:
        """Whether there are many examples per feature."""
        return self.n_examples >= EXAMPLES_PER_FEATURE * self.n_features

    @property
    def heterophilous(self) -> bool:
        """Whether neighbours are known to share few labels."""
        return self.homophily is not None and self.homophily < HETEROPHILOUS
