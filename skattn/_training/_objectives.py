"""Training objectives: module, loss and outputs."""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Generator, Tensor, nn

from skattn._batch import GraphBatch
from skattn._training._labels import Labels
from skattn._training._losses import CRITERIA, Loss
from skattn._training._sharing import shared_ranges
from skattn.nn import (
    AttentionNetwork,
    MaskedAutoencoder,
    NetworkSpec,
)
from skattn.nn._chunks import MAX_EDGES
from skattn.nn._smoothing import check_smoothing

LossAndOutputs = tuple[Tensor, Tensor]
"""Loss (a scalar), and the outputs that it was computed from."""


class Objective(Protocol):
    """Training objective: a frozen dataclass of plain values, which files can store.

    Methods take a module made by :meth:`module`. An objective with labels also has
    ``validate(module, batch, labels)``, which returns loss, score (greater is better)
    and outputs.
    """

    @property
    def spec(self) -> Any:
        """The shape of the network or encoder, with its number of layers."""

    @property
    def hops(self) -> tuple[int, ...]:
        """Hops of each layer between features and outputs."""

    def module(self, n_features: int) -> nn.Module:
        """Make the module for node features of this width."""

    def loss(
        self,
        module: Any,
        batch: Any,
        labels: Any,
        generator: Generator | None,
    ) -> LossAndOutputs:
        """Compute the training loss of a batch."""

    def outputs(self, module: Any, batch: Any) -> Tensor:
        """Compute the outputs in evaluation mode, one row per target.

        Without gradients, large graphs are evaluated in chunks.
        """


@dataclass(frozen=True)
class Supervised:
    """Objective of labelled nodes or graphs."""

    spec: NetworkSpec
    """Sizes of the network."""
    n_outputs: int
    """Width of the network's output."""
    criterion: Loss
    """Name of the loss, a key of `CRITERIA`."""

    def __post_init__(self) -> None:
        if self.criterion not in CRITERIA:
            raise ValueError(
                f"criterion must be one of {list(CRITERIA)}, got {self.criterion!r}."
            )

    @property
    def hops(self) -> tuple[int, ...]:
        """Hops of each layer."""
        return self.spec.hops

    def module(self, n_features: int) -> AttentionNetwork:
        """Make the network for node features of this width."""
        return AttentionNetwork(n_features, self.n_outputs, self.spec)

    def loss(
        self,
        module: AttentionNetwork,
        batch: GraphBatch,
        labels: Labels,
        generator: Generator | None,
    ) -> LossAndOutputs:
        """Compute the weighted mean loss of a batch's labels."""
        codes = module.encode(**batch.inputs, generator=generator)
        outputs = module.head(batch.select(codes), generator=generator)
        return self._mean_loss(outputs, labels), outputs

    def outputs(self, module: AttentionNetwork, batch: GraphBatch) -> Tensor:
        """Compute the outputs (n_targets, n_outputs) in evaluation mode."""
        outputs: Tensor = module.head(batch.select(encode(module, batch)))
        return outputs

    def validate(
        self, module: AttentionNetwork, batch: GraphBatch, labels: Labels
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Compute loss, score and outputs of a validation batch."""
        outputs = self.outputs(module, batch)
        score = CRITERIA[self.criterion].score(outputs, labels.y)
        return self._mean_loss(outputs, labels), labels.mean(score), outputs

    def _mean_loss(self, outputs: Tensor, labels: Labels) -> Tensor:
        return labels.mean(CRITERIA[self.criterion].loss(outputs, labels.y))


@dataclass(frozen=True)
class MaskedReconstruction:
    """Objective of masked reconstruction of node features (GraphMAE)."""

    spec: NetworkSpec
    """Sizes of the encoder."""
    n_components: int
    """Width of the embedding."""
    mask_fraction: float
    """Fraction of the nodes that are masked in a training step."""
    smoothing: int = 0
    """Number of times that codes are averaged over neighbours."""
    unit_norm: bool = False
    """Whether embeddings have norm 1."""

    def __post_init__(self) -> None:
        check_smoothing(self.smoothing)

    @property
    def n_outputs(self) -> int:
        """Width of an embedding."""
        return self.n_components

    @property
    def hops(self) -> tuple[int, ...]:
        """Hops of each layer and of the smoothing."""
        return self.spec.hops + (1,) * self.smoothing

    def module(self, n_features: int) -> MaskedAutoencoder:
        """Make the autoencoder for node features of this width."""
        return MaskedAutoencoder(
            n_features,
            self.spec,
            n_components=self.n_components,
            mask_fraction=self.mask_fraction,
            smoothing=self.smoothing,
            unit_norm=self.unit_norm,
        )

    def loss(
        self,
        module: MaskedAutoencoder,
        batch: GraphBatch,
        labels: Labels | None,
        generator: Generator | None,
    ) -> LossAndOutputs:
        """Compute the mean error of masked nodes, 0 without any."""
        errors = module(**batch.inputs, generator=generator)
        return errors.mean() if len(errors) else errors.sum(), errors

    def outputs(self, module: MaskedAutoencoder, batch: GraphBatch) -> Tensor:
        """Compute the embeddings (n_targets, n_components) in evaluation mode."""
        return batch.select(encode(module, batch))


def encode(module: AttentionNetwork | MaskedAutoencoder, batch: GraphBatch) -> Tensor:
    """Compute codes of all nodes or graphs, of many edges in chunks if without grad."""
    is_large = batch.structure.edges.n_edges > MAX_EDGES
    if is_large and module.takes_chunks and not torch.is_grad_enabled():
        with shared_ranges(batch.structure):
            return module.encode_in_chunks(**batch.inputs, max_edges=MAX_EDGES)
    return module.encode(**batch.inputs)
