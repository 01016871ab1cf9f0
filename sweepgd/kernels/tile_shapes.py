"""The sizes of vectors and register tiles.

They depend on the vector registers of the processor for which kernels are compiled. A tile keeps its sums in registers during
the loop over the inner dimension. If the sums do not fit, each step stores and loads some of them. On AVX2, with a peak of 118
GFLOP/s, vectors of 64 bytes in tiles of 4 × 4 ran at 52 GFLOP/s, and the tiles below at 110.
`tests/kernels/test_tile_spills.py` reads the assembly of the tiles for every row of the table.
"""

from typing import NamedTuple

from sweepgd.kernels import target


class TileShapes(NamedTuple):
    """The sizes for one kind of vector registers."""

    vector_bytes: int
    """The size of a vector, which is that of a register."""
    vectors: int
    """The number of vectors in a row of the widest product tile. A step loads these vectors from b, and for each row a factor
    from a.
    """
    heights: tuple[int, ...]
    """The numbers of rows for which there are product tiles, of `vectors` vectors and of two."""
    row_vectors: int
    """The number of sums of a tile with a single row. There are 8, because a sum can be added to once in 4 cycles, and 2
    additions begin in a cycle.
    """
    dots: tuple[int, int]
    """The rows of a and the rows of b of a tile of dot products. A step loads a vector of each row."""


# The numbers of rows of product tiles that are one vector wide.
NARROW_HEIGHTS = (1, 2, 4, 8)

# Tile shapes by bits and number of registers.
TABLE = {
    # AVX-512: 16 sums, 4 vectors of b and 1 factor; 16 sums and 8 vectors of dot products. 24 sums were not faster.
    (512, 32): TileShapes(64, vectors=4, heights=(1, 2, 4), row_vectors=8, dots=(4, 4)),
    # AVX2: 12 sums, 2 vectors of b and 1 factor; 8 sums and 6 vectors of dot products (2 × 4 ran at 75 GFLOP/s, 4 × 2 at 91).
    (256, 16): TileShapes(32, vectors=2, heights=(1, 2, 4, 6), row_vectors=8, dots=(4, 2)),
    # SSE: 8 sums, because SSE multiplies and adds in two instructions, so that each sum also needs a register for a product.
    (128, 16): TileShapes(16, vectors=2, heights=(1, 2, 4), row_vectors=8, dots=(4, 2)),
    # NEON and others with 32 registers: the same as AVX-512.
    (128, 32): TileShapes(16, vectors=4, heights=(1, 2, 4), row_vectors=8, dots=(4, 4)),
}

TILES = TABLE[target.vector_bits() or 128, target.vector_registers()]
