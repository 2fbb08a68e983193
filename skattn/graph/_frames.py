"""DataFrames of pandas and polars: names of columns, concatenation."""

from typing import Any

from numpy.typing import NDArray


def is_frame(table: Any) -> bool:
    """Return whether a table is a DataFrame of pandas, polars or the like."""
    return hasattr(table, "columns") and hasattr(table, "shape")


def column_names(table: Any) -> list[Any] | None:
    """Return the columns of a DataFrame, None for arrays."""
    return list(table.columns) if is_frame(table) else None


def library_of(table: Any) -> str:
    """Return the name of the library that a table is from, such as "polars"."""
    return type(table).__module__.partition(".")[0]


def import_pandas(use: str, otherwise: str) -> Any:
    """Import pandas; raise ImportError that names its use and a remedy."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            f"{use} needs pandas: pip install 'skattn[pandas]'. {otherwise}"
        ) from error
    return pd


def named_table(array: NDArray[Any], frame: Any) -> Any:
    """Return an array with the column names of a DataFrame, or itself without one."""
    if frame is None:
        return array
    if library_of(frame) == "polars":
        return type(frame)(array, schema=list(frame.columns))
    import pandas as pd

    return pd.DataFrame(array, columns=frame.columns, copy=False)


def stacked_frames(frames: list[Any]) -> Any:
    """Concatenate DataFrames of one library with the same columns by rows."""
    if library_of(frames[0]) == "polars":
        return _stacked_polars(frames)
    import pandas as pd

    return pd.concat(frames)


def _stacked_polars(frames: list[Any]) -> Any:
    import polars as pl

    for number, frame in enumerate(frames):
        for label in frame.columns:
            here, there = frame[label].dtype, frames[0][label].dtype
            if here != there and not (_is_number(here) and _is_number(there)):
                raise ValueError(
                    "Graphs must agree in the dtypes of their features: column "
                    f"{label!r} is {here} in graph {number} and {there} in graph 0. "
                    "Cast it to one dtype."
                )
    return pl.concat(frames, how="vertical_relaxed")


def _is_number(dtype: Any) -> bool:
    """Return whether columns of a polars dtype can be cast to floats."""
    return bool(dtype.is_numeric()) or str(dtype) in ("Boolean", "Null")
