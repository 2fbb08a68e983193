"""Descriptors of molecules, computed by RDKit or by a function."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

import numpy as np

from skattn.graph._descriptors import Descriptors, as_descriptors
from skattn.graph._rdkit import rdkit

AUTO_DESCRIPTORS = (
    "MolWt",
    "MolLogP",
    "TPSA",
    "NumHDonors",
    "NumHAcceptors",
    "NumRotatableBonds",
    "RingCount",
    "FractionCSP3",
)
"""Descriptors for "auto": those of usual rules of absorption (Lipinski et al. 1997,
Veber et al. 2002), rings and saturation, finite for every molecule."""


def descriptor_function(wanted: Any) -> Callable[[Any], Any]:
    """Return a function from an RDKit molecule to its descriptors.

    `wanted` is such a function, a list of names in ``rdkit.Chem.Descriptors`` or
    "auto", `AUTO_DESCRIPTORS`. Raises TypeError for other objects, ValueError for
    unknown names.
    """
    if isinstance(wanted, str) and wanted == "auto":
        wanted = AUTO_DESCRIPTORS
    if callable(wanted):
        checked: Callable[[Any], Any] = wanted
        return checked
    if isinstance(wanted, str) or not isinstance(wanted, Iterable):
        raise TypeError(
            'descriptors must be a list of names, a function of a molecule, "auto" or '
            f"None, got {wanted!r}. Use a list: ['MolWt']."
        )
    names = list(wanted)
    rdkit()  # raises ImportError with the remedy
    from rdkit.Chem.Descriptors import descList

    functions = dict(descList)
    for name in names:
        if name not in functions:
            close = get_close_matches(str(name), functions, n=3)
            raise ValueError(
                "descriptors must be names in rdkit.Chem.Descriptors.descList, got "
                f"{name!r}. "
                + (f"Did you mean {' or '.join(close)}?" if close else "Remove it.")
            )
    return lambda molecule: {name: functions[name](molecule) for name in names}


def describe(
    texts: list[str | None], molecules: list[Any], wanted: Any, methane: Any
) -> list[Descriptors]:
    """Return the descriptors of molecules; NaN for None.

    `methane` is described for their number where all molecules are None.
    """
    function = descriptor_function(wanted)
    found = [
        None if molecule is None else _describe(function, molecule, row, text)
        for row, (text, molecule) in enumerate(zip(texts, molecules, strict=True))
    ]
    known = (each for each in found if each is not None)
    example = next(known, None) or _describe(function, methane, 0, "C")
    missing = Descriptors(np.full_like(example.values, np.nan), example.names)
    return [missing if each is None else each for each in found]


def _describe(
    function: Callable[[Any], Any], molecule: Any, row: int, text: str | None
) -> Descriptors:
    try:
        descriptors = as_descriptors(function(molecule))
    except Exception as error:
        error.add_note(f"in descriptors of the molecule {text!r} in row {row}")
        raise
    if descriptors is None:
        raise TypeError(
            "The function descriptors= must return an array or a dict of numbers, got "
            f"None for {text!r} in row {row}."
        )
    return descriptors
