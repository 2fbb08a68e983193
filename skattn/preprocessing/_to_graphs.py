"""Base class of transformers that return graphs."""

from sklearn.base import BaseEstimator, TransformerMixin

from skattn._compat_sklearn import DocumentedMixin


class ToGraphs(DocumentedMixin, TransformerMixin, BaseEstimator):
    """Base class of transformers that return a graph or a list of graphs."""

    def __init_subclass__(cls, **kwargs):
        # Graphs have no pandas or polars container.
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)

    def set_output(self, *, transform=None):
        """Return the transformer unchanged, since graphs have no other container.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Ignored.

        Returns
        -------
        self : object
            The transformer itself.
        """
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True  # checks of tables do not apply
        tags.input_tags.two_d_array = False
        return tags
