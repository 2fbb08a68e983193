"""Training of networks with skorch: objectives, batch sources, losses."""

from skattn._training._available import available_bytes
from skattn._training._batch_source import BatchSource, TrainingData
from skattn._training._callbacks import TaskReport
from skattn._training._device import named_device, resolve_device
from skattn._training._factorization import train_factorization
from skattn._training._feature_mean import feature_mean
from skattn._training._finite import check_attention
from skattn._training._full_graph import FullGraph
from skattn._training._graph_batches import GraphBatches
from skattn._training._growth import Growth, GrowthBatches, clip_gradients
from skattn._training._growth_sampling import Grower
from skattn._training._growth_scores import draw_starts, log_p_bound
from skattn._training._growth_trace import GrowthTrace, trace_growth
from skattn._training._labels import Labels
from skattn._training._losses import Loss
from skattn._training._memory import check_memory, estimate_step_bytes
from skattn._training._net import RESERVED, AttentionNet
from skattn._training._net_params import is_callback
from skattn._training._objectives import MaskedReconstruction, Objective, Supervised
from skattn._training._pair_batches import Negatives, PairBatches
from skattn._training._pair_objective import SupervisedPairs
from skattn._training._pair_prediction import PairPrediction, pair_outputs
from skattn._training._path_reasoning import PathReasoning, QuestionBatches
from skattn._training._precision import use_precision
from skattn._training._sampled_batches import SampledBatches
from skattn._training._shared_fits import shared_fits, shared_work
from skattn._training._sharing import agreed_seed, check_same_fit, confirm_end
from skattn._training._stored import net_from_state, net_state
from skattn._training._torch_state import default_modes
from skattn._training._train import Training, predict, train

__all__ = [
    "RESERVED",
    "AttentionNet",
    "BatchSource",
    "FullGraph",
    "GraphBatches",
    "Grower",
    "Growth",
    "GrowthBatches",
    "GrowthTrace",
    "Labels",
    "Loss",
    "MaskedReconstruction",
    "Negatives",
    "Objective",
    "PairBatches",
    "PairPrediction",
    "PathReasoning",
    "QuestionBatches",
    "SampledBatches",
    "Supervised",
    "SupervisedPairs",
    "TaskReport",
    "Training",
    "TrainingData",
    "agreed_seed",
    "available_bytes",
    "check_attention",
    "check_memory",
    "check_same_fit",
    "clip_gradients",
    "confirm_end",
    "default_modes",
    "draw_starts",
    "estimate_step_bytes",
    "feature_mean",
    "is_callback",
    "log_p_bound",
    "named_device",
    "net_from_state",
    "net_state",
    "pair_outputs",
    "predict",
    "resolve_device",
    "shared_fits",
    "shared_work",
    "trace_growth",
    "train",
    "train_factorization",
    "use_precision",
]
