"""Fits of one process among several; each case returns its findings for JSON."""

import hashlib
import json
import os
import signal
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

from skattn import (
    AttentionEmbedder,
    AttentionLinkPredictor,
    AttentionReasoner,
    GraphAttentionClassifier,
    shared_fits,
)
from skattn._training import _objectives, _work
from skattn._training._sharing import Ranges
from skattn.datasets import make_communities
from skattn.preprocessing import NodeTransformer

N_GRAPHS = 64


def graphs():
    """Small graphs of one or two communities."""
    made = [make_communities(6, 1 + k % 2, random_state=k)[0] for k in range(N_GRAPHS)]
    return made, np.arange(N_GRAPHS) % 2


def classifier(**params):
    small = {"max_epochs": 3, "hidden_dim": 4, "n_layers": 1, "batch_size": 48}
    return GraphAttentionClassifier(**small | {"random_state": 0} | params)


def digest(model, *arrays):
    """Digest of the weights, the loss curves and some arrays."""
    weights = [w.numpy() for w in model.net_.module_.state_dict().values()]
    found = hashlib.sha256(repr((model.loss_curve_, model.validation_curve_)).encode())
    for array in (*weights, *arrays):
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def outcome(call):
    """Error of a call, and its seconds; an empty text without one."""
    start = time.monotonic()
    try:
        call()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
        return [f"{type(error).__name__}: {error}", time.monotonic() - start]
    return ["", time.monotonic() - start]


def in_groups(rank, fit):
    """Results of a fit alone, and in groups of 1, 2, 3 and 4 processes."""
    members = [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]
    groups = [dist.new_group(ranks, backend="gloo") for ranks in members]
    found = {"alone": fit()} if rank == 0 else {}
    for ranks, group in zip(members, groups, strict=True):
        if rank in ranks:
            with shared_fits(group):
                found[str(len(ranks))] = fit()
    return found


def batch_norm(rank):
    """Fit as in `lists`, with batch normalisation."""
    return lists(rank, norm="batch")


def lists(rank, norm="layer"):
    """Fit graphs, with validation and dropout, and predict all of them."""
    G, y = graphs()
    parts = []

    class Look(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            if training:
                parts.append(len(getattr(batch[0], "numbers", [0])))

    def fit():
        params = {"dropout": 0.2, "norm": norm}
        model = classifier(**params, net_params={"callbacks": [Look()]})
        model.fit(G[:60], y[:60], X_val=G[60:], y_val=y[60:])
        model.set_params(batch_size=8)  # batches of a prediction
        return digest(model, model.predict_proba(G))

    return in_groups(rank, fit) | {"parts": sorted(set(parts))}


def sampled(rank):
    """Fit nodes with sampled neighbours in batches of three microbatches."""
    graph, y = make_communities(900, 3, random_state=0)

    def fit():
        model = classifier(batch_size=800, fanout=(3,), dropout=0.2, max_epochs=2)
        return digest(model.fit(graph, y))

    return in_groups(rank, fit)


def replicated(rank):
    """Fit undivided batches: nodes of a graph, embeddings, links, triples."""
    graph, y = make_communities(40, 2, random_state=0)
    small = {"max_epochs": 2, "hidden_dim": 8, "random_state": 0}
    facts = [("a", "r"), ("b", "r"), ("c", "s"), ("a", "s")], ["b", "c", "a", "c"]

    def fit():
        reasoner = AttentionReasoner(**small | {"random_state": None}, n_layers=2)
        return [
            digest(GraphAttentionClassifier(**small).fit(graph, y)),
            digest(AttentionEmbedder(**small).fit(graph)),
            digest(AttentionLinkPredictor(**small).fit(graph)),
            reasoner.fit(*facts).n_iter_,
        ]

    alone = fit() if rank == 0 else []
    with shared_fits():
        return [alone, fit()]


def ranges(rank):
    """Validate and predict one graph by ranges of receivers; then fail in process 1."""
    graph, y = make_communities(60, 2, random_state=0)
    whole, _objectives.MAX_EDGES = _objectives.MAX_EDGES, 40  # edges of a chunk
    shares, own = [], Ranges.own

    def note(self, n_chunks):
        shares.append([len(own(self, n_chunks)), n_chunks])
        return own(self, n_chunks)

    def fit():
        model = classifier(n_layers=2, batch_size="auto").fit(graph[:40], y[:40])
        return model, digest(model, model.predict_proba(graph))

    Ranges.own = note
    alone = fit()[1] if rank == 0 else ""
    with shared_fits():
        model, shared = fit()
        network, right = model.net_.module_, model.net_.module_.takes_chunks
        if rank == 1:
            network.encoder.blocks[1].receive = None
        error, _ = outcome(lambda: model.predict(graph))
        again = fit()[1]
    _objectives.MAX_EDGES, Ranges.own = whole, own
    return [alone, shared, again, error, shares, right]


def search(rank):
    """Search in a pipeline, with folds of a fixed order, and predict."""
    graph, y = make_communities(60, 2, random_state=0)
    steps = make_pipeline(
        NodeTransformer(StandardScaler()), classifier(batch_size="auto")
    )
    grid = {"graphattentionclassifier__n_heads": [1, 2]}
    found = GridSearchCV(steps, grid, cv=KFold(2))

    def fit():
        found.fit(graph, y)
        scores = found.cv_results_["mean_test_score"]
        return digest(found.best_estimator_[-1], scores, found.predict(graph))

    alone = fit() if rank == 0 else ""
    with shared_fits():
        return [alone, fit()]


def seed(rank):
    """Fit without random_state where numpy's generators differ."""
    G, y = graphs()
    np.random.seed(rank)  # noqa: NPY002
    with shared_fits():
        return digest(classifier(random_state=None).fit(G, y))


def stop(rank):
    """Stop by callbacks after 2 epochs in process 1, after 3 in process 0."""
    G, y = graphs()

    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 3 - rank:
                raise KeyboardInterrupt

    with shared_fits():
        params = {"max_epochs": 9, "net_params": {"callbacks": [Stop()]}}
        return classifier(**params).fit(G, y).n_iter_


def stop_in_batch(rank):
    """Stop by a callback of process 1 alone, within an epoch."""
    G, y = graphs()

    class Stop(Callback):
        def on_batch_end(self, net, training, **kwargs):
            if rank == 1 and training and len(net.history) == 3:
                raise KeyboardInterrupt

    with shared_fits():
        params = {"max_epochs": 9, "net_params": {"callbacks": [Stop()]}}
        model = classifier(**params).fit(G, y)
        return [model.n_iter_, digest(model)]


def parameters(rank):
    """Fit with another hidden_dim in process 1; then with the same."""
    G, y = graphs()
    with shared_fits():
        model = classifier(hidden_dim=8 if rank else 4)
        error, _ = outcome(lambda: model.fit(G, y))
        return [error, hasattr(model, "net_"), digest(classifier().fit(G, y))]


def data(rank):
    """Fit with another order of the labels in process 1, and with other features."""
    G, y = graphs()
    other = [graph.with_features(graph.X + 1) for graph in G] if rank else G
    with shared_fits():
        return [
            outcome(lambda: classifier().fit(G, y[::-1] if rank else y))[0],
            outcome(lambda: classifier().fit(other, y))[0],
        ]


def other_calls(rank):
    """Predict in process 0 while process 1 fits, then leave one process behind."""
    G, y = graphs()
    with shared_fits():
        model = classifier(batch_size=8).fit(G, y)
        call = model.predict if rank == 0 else lambda X: model.fit(X, y)
        errors = [outcome(lambda: call(G))[0]]
        if rank == 0:
            errors.append(outcome(lambda: model.fit(G, y))[0])
    return errors


def failure(rank):
    """Fail in a callback, a batch and the data of process 1; keep the earlier fit."""
    G, y = graphs()

    class Fail(Callback):
        def on_epoch_end(self, net, **kwargs):
            if rank == 1 and len(net.history) == 2:
                raise ZeroDivisionError("in a callback")

    class Break(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if rank == 1 and len(net.history) == 2:
                net.module_.head = None

    with shared_fits():
        model = classifier().fit(G, y)
        before, errors = digest(model), []
        for callback in (Fail(), Break()):
            model.set_params(net_params={"callbacks": [callback]})
            errors.append(outcome(lambda: model.fit(G, y)))
        model.set_params(net_params=None)
        errors.append(outcome(lambda: model.fit([] if rank else G, y)))
        kept = digest(model) == before
        return [errors, kept, digest(model.fit(G, y)) == before]


def interrupt(rank):
    """Interrupt process 1 in the third epoch, and then within the data."""
    G, y = graphs()

    class Interrupt(Callback):
        def on_batch_end(self, net, **kwargs):
            if rank == 1 and len(net.history) == 3:
                os.kill(os.getpid(), signal.SIGINT)

    with shared_fits():
        params = {"max_epochs": 500, "net_params": {"callbacks": [Interrupt()]}}
        model = classifier(**params)
        error, seconds = outcome(lambda: model.fit(G, y))
        return [error, seconds, model.n_iter_, digest(model)]


def killed(rank):
    """Kill the last process in the third epoch."""
    G, y = graphs()
    last = dist.get_world_size() - 1
    at = {}

    class Kill(Callback):
        def on_batch_begin(self, net, training, **kwargs):
            if len(net.history) == 3 and training:
                at["start"] = time.monotonic()
                if rank == last:
                    os.kill(os.getpid(), signal.SIGKILL)

    with shared_fits():
        params = {"max_epochs": 500, "net_params": {"callbacks": [Kill()]}}
        model = classifier(**params)
        error, _ = outcome(lambda: model.fit(G, y))
        seconds = time.monotonic() - at["start"]
        again, _ = outcome(lambda: model.fit(G, y))
    return [error, seconds, again, hasattr(model, "net_")]


def main(names, rank, count, folder):
    """Write the results of cases by name, in one process of a new group."""
    warnings.simplefilter("ignore")
    # a shell ignores interrupts in what it runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux":
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"  # no network
    torch.set_num_threads(1)
    _work.WORK_PER_PART, _work.MIN_ROWS_PER_COLUMN = 100, 1  # several microbatches
    store = dist.FileStore(f"{folder}/store", count)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=count)
    found = {name: globals()[name](rank) for name in names}
    Path(f"{folder}/{rank}.json").write_text(json.dumps(found))


if "ARGUMENTS" in globals():
    main(*globals()["ARGUMENTS"])
