"""Estimators on a device: fits beside the CPU, epochs, and counts of launches."""

# ruff: noqa: PLC0415  (sections load only their own libraries)

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks._gpu_measure import Device, line, section

_EPOCHS = 5
_COUNTED = ("cudaLaunchKernel", "cudaMemcpyAsync", "Synchronize")
"""Parts of names of calls that a profile counts; Triton's launches are others."""


def _cases() -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Return estimators and their data by name."""
    import scipy.sparse as sp

    from skattn import (
        AttentionEmbedder,
        EncoderConfig,
        Graph,
        GraphAttentionClassifier,
        GraphAttentionRegressor,
    )
    from skattn.datasets import make_communities

    def classifier(encoder: Any = None, **options: Any) -> Any:
        few = {"max_epochs": _EPOCHS, "random_state": 0}
        return GraphAttentionClassifier(encoder=encoder, **few, **options)

    graph, y = make_communities(1500, 5, random_state=0)
    words = Graph(graph.adjacency, sp.csr_array(graph.X))
    rng = np.random.default_rng(0)
    graphs = [make_communities(30, 3, random_state=k)[0] for k in range(300)]
    kinds = rng.integers(0, 2, 300)
    steps = [rng.normal(size=(40, 3)).astype(np.float32) for _ in range(120)]
    table = rng.normal(size=(800, 8))
    target = table[:, 0] + rng.normal(size=800) / 4
    few = {"max_epochs": _EPOCHS, "random_state": 0}
    periodic = EncoderConfig(feature_embedding="periodic")
    gcn = EncoderConfig(convolution="gcn", gated_convolution=True)
    sampled = {"batch_size": 256, "fanout": (5, 5, 5), "n_layers": 3}
    many = graphs, kinds
    return {
        "one graph": (classifier(), (graph, y)),
        "one graph gat": (
            classifier(attention="gat", attention_dropout=0.3),
            (graph, y),
        ),
        "one graph dot": (classifier(attention="dot"), (graph, y)),
        "sparse features": (classifier(), (words, y)),
        "sampled": (classifier(**sampled), (graph, y)),
        "graphs": (classifier(), many),
        "graphs global": (classifier(EncoderConfig(global_attention=True)), many),
        "graphs hops": (classifier(EncoderConfig(hops=(1, 2))), many),
        "graphs convolution": (classifier(gcn), many),
        "graphs hierarchical": (classifier(readout="hierarchical"), many),
        "graphs mean": (classifier(readout="mean"), many),
        "sequences": (classifier(), (steps, kinds[:120])),
        "table": (GraphAttentionRegressor(**few), (table, target)),
        "periodic": (GraphAttentionRegressor(encoder=periodic, **few), (table, target)),
        "embedder": (AttentionEmbedder(n_components=8, **few), (graph,)),
        "embedder graphs": (AttentionEmbedder(n_components=8, **few), (graphs,)),
    }


def _answers(model: Any, X: Any) -> np.ndarray:
    for name in ("transform", "predict_proba", "predict"):
        if hasattr(model, name):
            return np.asarray(getattr(model, name)(X), dtype=np.float64)
    raise TypeError(f"{type(model).__name__} does not predict")


def estimators(device: Device, share: tuple[int, int] = (0, 1)) -> None:
    """Print, for every estimator, the differences of fits here and on the CPU.

    Of ``share = (k, n)``, one case in n, beginning with the k-th.
    """
    from sklearn.base import clone

    for number, (name, (model, data)) in enumerate(_cases().items()):
        if number % share[1] != share[0]:
            continue
        with section(f"estimators {name}"):
            fits: list[Any] = []
            for where in ("cpu", device.name, device.name):
                fitted = clone(model).set_params(device=where)
                seconds = device.seconds(partial(fitted.fit, *data))
                fits.append((seconds, fitted, _answers(fitted, data[0])))
            (cpu_seconds, on_cpu, cpu_answers), *here = fits
            curves = np.asarray(on_cpu.loss_curve_), np.asarray(here[0][1].loss_curve_)
            repeats = bool((here[0][2] == here[1][2]).all())
            line(
                f"estimators {name}: answers differ by "
                f"{np.abs(cpu_answers - here[0][2]).max():.1e} of "
                f"{np.abs(cpu_answers).max():.1e}, first losses "
                f"{abs(curves[0][0] - curves[1][0]):.1e}, last "
                f"{abs(curves[0][-1] - curves[1][-1]):.1e}; repeats {repeats}; "
                f"{cpu_seconds:.2f} s on the CPU, {here[1][0]:.2f} s here"
            )


def epoch(device: Device) -> None:
    """Print the seconds of an epoch over many graphs, beside PyG's."""
    from benchmarks import graphs

    data = graphs.make_graphs()
    for name, make in (("ours", graphs.ours), ("PyG", graphs.pyg)):
        with section(f"epoch {name}"):
            epochs = make(*data, device.torch)
            epochs()
            seconds = device.seconds(epochs) / graphs.N_EPOCHS
            line(f"epoch of many graphs, {name}: {seconds:.3f} s")


def costs(device: Device) -> None:
    """Print launches, copies and waits of an epoch, as a profile counts them."""
    cases = _cases()
    for name in ("one graph", "sampled", "graphs"):
        model, data = cases[name]
        with section(f"costs {name}"):
            model.set_params(device=device.name, early_stopping=False)
            model.fit(*data)
            few, many = (_profile(device, model, data, n) for n in (2, 12))
            per_epoch = {key: (many[key] - few[key]) / 10 for key in many}
            found = ", ".join(f"{key} {n:.1f}" for key, n in per_epoch.items())
            line(f"costs {name}, per epoch: {found}")


def _profile(device: Device, model: Any, data: Any, n_epochs: int) -> dict[str, float]:
    """Return counts of calls and the milliseconds of a fit under the profiler."""
    from torch.profiler import ProfilerActivity, profile

    model.set_params(max_epochs=n_epochs)
    kinds = [ProfilerActivity.CPU]
    kinds += [ProfilerActivity.CUDA] if device.is_cuda else []
    with profile(activities=kinds) as found:
        seconds = device.seconds(lambda: model.fit(*data))
    counts = dict.fromkeys((*_COUNTED, "cuLaunchKernel"), 0)
    for event in found.key_averages():
        for key in counts:
            counts[key] += event.count if key in event.key else 0
    return {**counts, "ms": 1e3 * seconds}
