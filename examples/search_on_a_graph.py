"""Grid search on one graph with scikit-learn's GridSearchCV.

A slice of a Graph selects target nodes; the others remain context. The features are
scaled inside the pipeline, fold by fold.
"""

from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionClassifier
from skattn.datasets import make_communities
from skattn.preprocessing import NodeTransformer

graph, y = make_communities(
    300, 3, p_within=0.04, p_between=0.01, class_sep=0.5, random_state=0
)
G_train, G_test, y_train, y_test = train_test_split(
    graph, y, test_size=0.5, stratify=y, random_state=0
)

pipeline = make_pipeline(
    NodeTransformer(StandardScaler()),
    GraphAttentionClassifier(max_epochs=60, random_state=0),
)
grid = {
    "graphattentionclassifier__n_layers": [1, 2],
    "graphattentionclassifier__attention": ["gat", "gatv2"],
}
search = GridSearchCV(pipeline, grid, cv=3).fit(G_train, y_train)

print("chosen:", search.best_params_)
print(f"accuracy in cross-validation: {search.best_score_:.3f}")
print(f"accuracy on the other half:   {search.score(G_test, y_test):.3f}")
