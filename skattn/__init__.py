"""Graph attention networks with a scikit-learn API.

Public names are imported on first use, so ``import skattn`` does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skattn._training import shared_fits, use_precision
    from skattn.estimators import (
        AttentionEmbedder,
        AttentionGraphGenerator,
        AttentionLinkPredictor,
        AttentionLinkRegressor,
        AttentionReasoner,
        EncoderConfig,
        GraphAttentionClassifier,
        GraphAttentionRegressor,
        search_space,
    )
    from skattn.graph import Graph

__all__ = [
    "AttentionEmbedder",
    "AttentionGraphGenerator",
    "AttentionLinkPredictor",
    "AttentionLinkRegressor",
    "AttentionReasoner",
    "EncoderConfig",
    "Graph",
    "GraphAttentionClassifier",
    "GraphAttentionRegressor",
    "search_space",
    "shared_fits",
    "use_precision",
]

__version__ = "0.1.0.dev0"

_ROOM_OF = {
    "AttentionEmbedder": "skattn.estimators",
    "AttentionGraphGenerator": "skattn.estimators",
    "AttentionReasoner": "skattn.estimators",
    "AttentionLinkPredictor": "skattn.estimators",
    "AttentionLinkRegressor": "skattn.estimators",
    "EncoderConfig": "skattn.estimators",
    "Graph": "skattn.graph",
    "GraphAttentionClassifier": "skattn.estimators",
    "GraphAttentionRegressor": "skattn.estimators",
    "search_space": "skattn.estimators",
    "shared_fits": "skattn._training",
    "use_precision": "skattn._training",
}
_ROOMS = {
    "datasets",
    "estimators",
    "graph",
    "inspection",
    "metrics",
    "nn",
    "ops",
    "preprocessing",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"skattn.{name}")
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'skattn' has no attribute {name!r}")
    found = getattr(import_module(_ROOM_OF[name]), name)
    globals()[name] = found  # later uses do not call __getattr__
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS, "__version__"])
