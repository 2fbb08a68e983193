"""Objective of labelled pairs of nodes."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skattn._batch import GraphBatch, PairBatch
from skattn._training._labels import Labels
from skattn._training._objectives import LossAndOutputs, Supervised, encode
from skattn.nn import AttentionNetwork, PairNetwork

N_PAIRS = 1 << 16
"""Number of pairs whose codes are held at once in a prediction."""


@dataclass(frozen=True)
class SupervisedPairs(Supervised):
    """Objective of labelled pairs."""

    n_pair_features: int
    """Number of features of a pair: structural ones and those of its row."""
    ordered: bool
    """Whether the output for the reverse of a pair differs."""

    def module(self, n_features: int) -> PairNetwork:
        """Make the network for node features of this width."""
        return PairNetwork(
            n_features,
            self.n_pair_features,
            self.n_outputs,
            self.spec,
            ordered=self.ordered,
        )

    def loss(
        self,
        module: AttentionNetwork,
        batch: GraphBatch,
        labels: Labels,
        generator: Generator | None,
    ) -> LossAndOutputs:
        """Compute the mean loss of a batch's pairs."""
        assert isinstance(batch, PairBatch)
        codes = module.encode(**batch.inputs, generator=generator)
        outputs = module.head(batch.select(codes), batch.features, generator=generator)
        return self._mean_loss(outputs, labels), outputs

    def outputs(self, module: AttentionNetwork, batch: GraphBatch) -> Tensor:
        """Compute the outputs (n_pairs, n_outputs) in evaluation mode."""
        assert isinstance(batch, PairBatch)
        assert batch.features is not None
        codes = encode(module, batch)
        return decode(module, codes, batch.targets, batch.features)


def decode(
    module: AttentionNetwork, codes: Tensor, ends: Tensor, features: Tensor
) -> Tensor:
    """Compute the outputs of pairs (n_pairs, n_outputs) from the codes of all nodes."""
    parts = zip(ends.split(N_PAIRS), features.split(N_PAIRS), strict=True)
    return torch.cat([module.head(codes[of], found) for of, found in parts])
