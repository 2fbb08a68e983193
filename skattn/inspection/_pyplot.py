"""Matplotlib, which is imported when a picture is drawn."""

from typing import Any

from skattn.inspection._node_colors import NodeColors


def pyplot() -> Any:
    """Return matplotlib.pyplot."""
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Pictures need matplotlib: pip install 'skattn[plot]'."
        ) from error
    return plt


def axes(ax: Any) -> Any:
    """Return the given axes, or those of a new figure."""
    plt = pyplot()
    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    return ax


def draw_legend(ax: Any, colors: NodeColors) -> None:
    """Draw the legend of colours at the right of the axes, if they have one."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="", marker="o", color=color, label=text)
        for text, color in colors.legend
    ]
    if handles:
        ax.legend(handles=handles, loc="center left", bbox_to_anchor=(1, 0.5))
