"""Graph attention on three real graphs, compared with standard methods.

Prints a table and saves demo.png. All methods get the same labels; those without graph
support get the features alone. Every number is a mean over draws of the labelled nodes
(or over folds) with its standard deviation.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from scipy.sparse.csgraph import shortest_path
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import MDS, TSNE
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import KFold, StratifiedShuffleSplit
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading

from skattn import Graph, GraphAttentionClassifier, GraphAttentionRegressor
from skattn.datasets import load_karate_club, load_weather_stations
from skattn.graph import knn_graph
from skattn.preprocessing import NodeTransformer


def digits(ax):
    """Handwritten digits as a k-NN graph, 5 % of the 1797 nodes labelled."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    graph = knn_graph(X, n_neighbors=8)
    draws = StratifiedShuffleSplit(n_splits=3, train_size=0.05, random_state=0)
    scores = {"skattn": [], "LogisticRegression": [], "LabelSpreading": []}
    for train, test in draws.split(X, y):
        ours = GraphAttentionClassifier(random_state=0).fit(graph[train], y[train])
        rows = LogisticRegression(max_iter=1000).fit(X[train], y[train])
        spread = LabelSpreading(kernel="knn").fit(X, only(y, train))
        predictions = {
            "skattn": ours.predict(graph[test]),
            "LogisticRegression": rows.predict(X[test]),
            "LabelSpreading": spread.transduction_[test],
        }
        for method, predicted in predictions.items():
            scores[method].append(accuracy_score(y[test], predicted))
    predicted = ours.predict(graph)
    place = TSNE(init="pca", random_state=0).fit_transform(X)
    ax.scatter(*place.T, c=predicted, cmap="tab10", s=4)
    wrong = predicted != y
    ax.scatter(*place[wrong].T, s=22, facecolors="none", edgecolors="black", lw=0.6)
    ax.scatter(*place[train].T, s=22, marker="*", color="black")
    ax.set(title=f"digits: predicted from {len(train)} labels (stars),\nerrors ringed")
    ax.set_axis_off()
    return "digits, 5 % labelled", "accuracy", scores


def karate_club(ax):
    """Zachary's karate club, two members of each club labelled."""
    club = load_karate_club()
    graph = Graph(club.graph.adjacency, np.eye(club.graph.n_nodes, dtype=np.float32))
    friends = club.graph.adjacency.toarray()
    y = club.target
    draws = StratifiedShuffleSplit(n_splits=10, train_size=4, random_state=0)
    scores = {"skattn": [], "LogisticRegression": [], "LabelSpreading": []}
    for train, test in draws.split(friends, y):
        ours = GraphAttentionClassifier(random_state=0).fit(graph[train], y[train])
        rows = LogisticRegression().fit(friends[train], y[train])
        spread = LabelSpreading(kernel=lambda edges, _: edges)
        spread.fit(friends, only(y, train))
        predictions = {
            "skattn": ours.predict(graph[test]),
            "LogisticRegression": rows.predict(friends[test]),
            "LabelSpreading": spread.transduction_[test],
        }
        for method, predicted in predictions.items():
            scores[method].append(accuracy_score(y[test], predicted))
    steps = shortest_path(club.graph.adjacency, unweighted=True)
    place = MDS(metric="precomputed", init="random", n_init=4, random_state=0)
    place = place.fit_transform(steps)
    draw_edges(ax, graph, place)
    officer = ours.predict_proba(graph)[:, 1]
    ax.scatter(*place.T, c=officer, cmap="coolwarm", vmin=0, vmax=1, s=60, zorder=2)
    ax.scatter(*place[train].T, marker="*", color="black", s=30, zorder=3)
    ax.set(
        title="karate club: probability of the officers' club,\nfrom 4 labels (stars)"
    )
    ax.set_axis_off()
    return "karate club, 4 labelled", "accuracy", scores


def weather_stations(ax):
    """Winter and summer temperatures of 144 weather stations, 5-fold."""
    weather = load_weather_stations()
    graph, X, y = weather.graph, weather.graph.X, weather.target
    methods = {
        "skattn": make_pipeline(
            NodeTransformer(StandardScaler()), GraphAttentionRegressor(random_state=0)
        ),
        "KNeighborsRegressor": make_pipeline(StandardScaler(), KNeighborsRegressor()),
        "RandomForestRegressor": RandomForestRegressor(random_state=0),
    }
    scores = {method: [] for method in methods}
    held_out = np.empty_like(y)
    for train, test in KFold(shuffle=True, random_state=0).split(X):
        for method, model in methods.items():
            rows = graph if method == "skattn" else X
            predicted = model.fit(rows[train], y[train]).predict(rows[test])
            scores[method].append(r2_score(y[test], predicted))
            if method == "skattn":
                held_out[test] = predicted
    place = X[:, :2]
    draw_edges(ax, graph, place)
    dots = ax.scatter(*place.T, c=held_out[:, 0], cmap="coolwarm", s=40, zorder=2)
    ax.figure.colorbar(
        dots, ax=ax, shrink=0.6, label="°C in January, predicted held out"
    )
    ax.set(title="weather stations", xlabel="longitude", ylabel="latitude", aspect=1.25)
    return "weather stations, 5-fold", "R²", scores


def only(y, labelled):
    """Return y with -1 for all but the labelled nodes."""
    known = np.full_like(y, -1)
    known[labelled] = y[labelled]
    return known


def draw_edges(ax, graph, place):
    """Draw every edge of a graph as a thin line."""
    edges = graph.adjacency.tocoo()
    lines = np.stack([place[edges.row], place[edges.col]], axis=1)
    ax.add_collection(LineCollection(lines, colors="lightgrey", linewidths=0.7))


def main():
    figure, axes = plt.subplots(1, 3, figsize=(14, 4.6), layout="constrained")
    print(f"{'data':<26}{'method':<24}{'score':<24}{'seconds':>8}")
    for job, ax in zip([digits, karate_club, weather_stations], axes, strict=True):
        start = time.perf_counter()
        data, measure, scores = job(ax)
        seconds = f"{time.perf_counter() - start:.1f}"
        for method, values in scores.items():
            score = f"{measure} {np.mean(values):.3f} ± {np.std(values):.3f}"
            print(f"{data:<26}{method:<24}{score:<24}{seconds:>8}")
            data = seconds = ""
    figure.savefig("demo.png", dpi=110)
    print("The picture is in demo.png")


if __name__ == "__main__":
    main()
