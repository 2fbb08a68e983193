"""A plain table: each row attends to its nearest training rows."""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionClassifier

X, y = load_breast_cancer(return_X_y=True)
for model in [GraphAttentionClassifier(random_state=0), KNeighborsClassifier()]:
    scores = cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=5)
    name = type(model).__name__
    print(f"{name:<26} accuracy {scores.mean():.3f} ± {scores.std():.3f}")
