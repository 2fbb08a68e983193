"""Estimators: classifier, regressor, embedder, reasoner and generator."""

import skattn.estimators._dask  # noqa: F401  (registers joblib's Dask backend)
from skattn.estimators._classifier import GraphAttentionClassifier
from skattn.estimators._embedder import AttentionEmbedder
from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._generator import AttentionGraphGenerator
from skattn.estimators._link_predictor import AttentionLinkPredictor
from skattn.estimators._link_regressor import AttentionLinkRegressor
from skattn.estimators._reasoner import AttentionReasoner
from skattn.estimators._regressor import GraphAttentionRegressor
from skattn.estimators._search_space import search_space

__all__ = [
    "AttentionEmbedder",
    "AttentionGraphGenerator",
    "AttentionLinkPredictor",
    "AttentionLinkRegressor",
    "AttentionReasoner",
    "EncoderConfig",
    "GraphAttentionClassifier",
    "GraphAttentionRegressor",
    "search_space",
]
