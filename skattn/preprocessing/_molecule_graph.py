"""Transformer from SMILES to molecular graphs."""

from typing import ClassVar

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import StrOptions, _fit_context
from skattn.graph import (
    ATOM_FEATURES,
    ATOM_LABELS,
    graphs_from_smiles,
    smiles_from_graphs,
)
from skattn.graph._molecule_descriptors import descriptor_function
from skattn.graph._molecules import read_smiles
from skattn.preprocessing._to_graphs import ToGraphs


def _has_labels(transformer):
    """Return True, or raise AttributeError where molecules cannot be made again."""
    if transformer.derived:
        raise AttributeError(
            "inverse_transform needs MoleculeGraph(derived=False): derived features "
            "could contradict the atoms and bonds of a generated graph."
        )
    return True


class MoleculeGraph(ToGraphs):
    """Convert SMILES to molecular graphs.

    Nodes are heavy atoms, and bonds are edges in both directions, with one-hot and
    numeric features. The transformer is stateless and requires RDKit, ``pip install
    'skattn[chem]'``. Read more in the :doc:`user guide </guide/molecules>`.

    Parameters
    ----------
    on_invalid : {"raise", "nan"}, default="raise"
        Treatment of missing and invalid SMILES. "raise": raise ValueError with the row
        number. "nan": return a graph of one node with all features NaN, missing values
        that an estimator replaces by means; so are its descriptors.
    descriptors : "auto", list of str, callable or None, default="auto"
        Descriptors of each molecule, which estimators standardise and append to the
        readout: names in ``rdkit.Chem.Descriptors.descList``, or a function from an
        RDKit molecule to an array or a dict of numbers. "auto": "MolWt", "MolLogP",
        "TPSA", "NumHDonors", "NumHAcceptors", "NumRotatableBonds", "RingCount" and
        "FractionCSP3", but none with ``derived=False``. None: none.
    derived : bool, default=True
        Whether features include those that follow from others, such as hybridisation
        and aromaticity, which help a prediction. False: element, charge, hydrogens and
        the orders of the bonds alone, for generators of molecules;
        :meth:`inverse_transform` then makes SMILES again.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns, always 1.

    See Also
    --------
    skattn.graph.graphs_from_smiles : The corresponding function; lists the features.
    skattn.graph.smiles_from_graphs : The opposite direction.
    skattn.AttentionGraphGenerator : Generator of graphs, such as molecules.

    Examples
    --------
    >>> from skattn.preprocessing import MoleculeGraph
    >>> MoleculeGraph().fit_transform(["CCO", "c1ccccc1"])
    [Graph(n_nodes=3, n_edges=4, n_features=40, n_edge_features=11, n_descriptors=8),
     Graph(n_nodes=6, n_edges=12, n_features=40, n_edge_features=11, n_descriptors=8)]
    """

    _parameter_constraints: ClassVar[dict] = {
        "on_invalid": [StrOptions({"raise", "nan"})],
        "descriptors": [StrOptions({"auto"}), "array-like", callable, None],
        "derived": ["boolean"],
    }

    def __init__(self, on_invalid="raise", *, descriptors="auto", derived=True):
        self.on_invalid = on_invalid
        self.descriptors = descriptors
        self.derived = derived

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check that X is a column of text.

        Parameters
        ----------
        X : list of str, Series, array of shape (n,) or one column of shape (n, 1)
            SMILES.
        y : object, optional
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If a row is not text.
        ValueError
            If there is no row or more than one column, or RDKit has no descriptor of a
            name.
        """
        read_smiles(X)
        if self._descriptors is not None:
            descriptor_function(self._descriptors)
        self.n_features_in_ = 1
        return self

    @property
    def _descriptors(self):
        """Descriptors in effect: a graph to imitate has none by default."""
        is_auto = isinstance(self.descriptors, str) and self.descriptors == "auto"
        return None if is_auto and not self.derived else self.descriptors

    def transform(self, X):
        """Convert each SMILES to a graph.

        Parameters
        ----------
        X : list of str, Series, array of shape (n,) or one column of shape (n, 1)
            SMILES.

        Returns
        -------
        list of Graph
            One graph per row.

        Raises
        ------
        ImportError
            If RDKit is not installed.
        TypeError
            If a row is not text.
        ValueError
            If there is no row or more than one column, or if a SMILES is invalid and
            ``on_invalid="raise"``.
        """
        check_is_fitted(self)
        return graphs_from_smiles(
            X,
            on_invalid=self.on_invalid,
            descriptors=self._descriptors,
            derived=self.derived,
        )

    @available_if(_has_labels)
    def inverse_transform(self, X):
        """Convert graphs to SMILES; only with ``derived=False``.

        Parameters
        ----------
        X : list of Graph
            Graphs with the features of :meth:`transform`, such as samples of a
            generator.

        Returns
        -------
        list of str or None
            A canonical SMILES per graph without stereo marks; None where RDKit refuses
            the graph, which is not repaired.

        Raises
        ------
        ImportError
            If RDKit is not installed.
        TypeError
            If `X` is not a list of graphs.
        ValueError
            If a graph has other columns.
        """
        check_is_fitted(self)
        return smiles_from_graphs(X)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the atom features.

        Parameters
        ----------
        input_features : object, default=None
            Ignored.

        Returns
        -------
        ndarray of str
            ``skattn.graph.ATOM_FEATURES``, or ``ATOM_LABELS`` with ``derived=False``.
        """
        check_is_fitted(self)
        names = ATOM_FEATURES if self.derived else ATOM_LABELS
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags
