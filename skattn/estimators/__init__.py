"""What the user fits."""

import skattn.estimators._dask  # noqa: F401  (joblib's backend, mended)
from skattn.estimators._classifier import GraphAttentionClassifier
from skattn.estimators._embedder import AttentionEmbedder
from skattn.estimators._encoder import Encoder
from skattn.estimators._regressor import GraphAttentionRegressor

__all__ = [
    "AttentionEmbedder",
    "Encoder",
    "GraphAttentionClassifier",
    "GraphAttentionRegressor",
]
