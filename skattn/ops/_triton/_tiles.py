"""Sizes of the programs of the kernels, by direction.

A program reads one row and the rows of its edges, a tile of edges at a time. With one
warp per program, sums over a tile stay inside the warp. Tiles depend on widths only: a
row has the same result in every graph.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TILES", "Tile", "tile_options"]

_MAX_EDGES = 32  # of a tile: longer ones would be mostly empty
_MAX_WARPS = 8
_PER_WARP = 1024
"""Numbers of one row per warp at most: 32 registers of a thread."""


@dataclass(frozen=True)
class Tile:
    """Size of a program."""

    warps: int
    """Warps of a program; more where a row is wider than 1024 numbers."""
    numbers: int
    """Numbers gathered from one table at a time: edges times width."""


TILES = {
    "forward": Tile(1, 1024),
    "by_sender": Tile(1, 1024),
    "by_receiver": Tile(1, 1024),
    "by_sender_of_types": Tile(1, 512),  # of more rows per edge: 1024 spill registers
}
"""Sizes by direction; `python -m benchmarks.gpu tune` measures others."""


def tile_options(direction: str, width: int) -> dict[str, int]:
    """Return the edges of a tile and the warps for rows of a padded width."""
    tile = TILES[direction]
    edges = max(min(tile.numbers // width, _MAX_EDGES), 1)
    warps = max(min(width // _PER_WARP, _MAX_WARPS), tile.warps)
    return {"EDGES": edges, "num_warps": warps}
