"""The sizes of vectors and register tiles, by the registers of the processor for which kernels are compiled.

A tile keeps its sums in registers during the loop over the inner dimension. If they do not fit, each step stores and loads some
of them, and the product is 2 to 6 times as slow (tests/kernels/test_tile_spills.py reads the assembly of every tile).
"""

from typing import NamedTuple

from sweepgd.kernels import target


class TileShapes(NamedTuple):
    """The sizes for one kind of vector registers."""

    vector_bytes: int
    """The size of a vector: one register."""
    heights: tuple[int, ...]
    """Rows of product tiles of `vectors` vectors."""
    vectors: int
    """Vectors in a row of a product tile; a step loads them from b and multiplies them by one number of a for each row."""
    row_vectors: int
    """Vectors of a tile of a single row: enough sums to hide the latency of an addition, 4 cycles, at 2 additions a cycle."""
    dots: tuple[int, int]
    """Rows of a and rows of b of a tile of dot products; a step loads a vector of each."""


SHAPES = {
    # AVX-512: 24 sums, 4 vectors of b and 1 factor are 29 registers; 16 sums, 4 and 1 vectors of dot products.
    (512, 32): TileShapes(64, heights=(1, 2, 4), vectors=4, row_vectors=8, dots=(4, 4)),
    # AVX2: 12 sums, 2 vectors of b and 1 factor are 15 registers; 8 sums, 2 and 4 vectors of dot products.
    (256, 16): TileShapes(32, heights=(1, 2, 4, 6), vectors=2, row_vectors=8, dots=(4, 2)),
    # SSE multiplies and adds in two instructions, so that a product needs a register too: 8 sums, 2, 1 and up to 4 products.
    (128, 16): TileShapes(16, heights=(1, 2, 4), vectors=2, row_vectors=8, dots=(4, 2)),
    # NEON and others: as AVX-512, with vectors of 16 bytes.
    (128, 32): TileShapes(16, heights=(1, 2, 4), vectors=4, row_vectors=8, dots=(4, 4)),
}
TILES = SHAPES[target.vector_bits() or 128, target.vector_registers()]
