"""Width of one head."""


def head_dim_of(name: str, width: int, n_heads: int) -> int:
    """Return ``width // n_heads``; raise ValueError, with ``name``, on a remainder."""
    if width % n_heads:
        raise ValueError(
            f"{name} is the total width of all heads and must be divisible by "
            f"n_heads={n_heads}, got {width}."
        )
    return width // n_heads
