"""Parameters of the models that benchmarks of explanations fit."""

from skattn import EncoderConfig

ENCODER = {
    "activation": "elu",
    "input_dropout": 0.0,
    "jumping": None,
    "convolution": None,
    "gated_convolution": False,
    "degree_scaling": False,
    "n_feature_layers": 0,
}
SCALED = EncoderConfig(**ENCODER | {"degree_scaling": True})
"""For few features, as by default."""
LAYERS = {
    "attention": "gatv2",
    "n_heads": 4,
    "hidden_dim": 64,
    "residual": True,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "standardize": "auto",
    "early_stopping": False,
    "label_inputs": False,
    "encoder": EncoderConfig(**ENCODER),
}
"""All models; what follows is their own."""
MOTIFS = LAYERS | {
    "n_layers": 3, "norm": "batch", "learning_rate": 0.01, "weight_decay": 5e-4,
    "batch_size": 64, "max_epochs": 150,
}  # fmt: skip
PLANTED = LAYERS | {
    "n_layers": 2, "norm": None, "learning_rate": 0.005, "weight_decay": 5e-4,
    "batch_size": "auto", "max_epochs": 300, "encoder": SCALED,
}  # fmt: skip
MOLECULES = LAYERS | {
    "n_layers": 3, "norm": "batch", "readout": "attention", "learning_rate": 0.005,
    "weight_decay": 5e-4, "batch_size": 64, "max_epochs": 40,
}  # fmt: skip
SEQUENCES = MOLECULES | {"n_layers": 2, "batch_size": 32}
CORA = LAYERS | {
    "n_layers": 2, "norm": "layer", "dropout": 0.5, "learning_rate": 0.005,
    "weight_decay": 5e-4, "batch_size": "auto", "max_epochs": 60, "smoothing": 0,
}  # fmt: skip
SMOOTHED = CORA | {"smoothing": 2}
"""As the default, which averages predictions over neighbours."""
SHAPES = MOTIFS | {
    "norm": "layer", "batch_size": "auto", "max_epochs": 400, "smoothing": 0,
    "label_inputs": True, "encoder": SCALED,
}  # fmt: skip
