"""The sizes of vectors and register tiles.

The sizes depend on the vector registers of the processor for which kernels are compiled. A tile keeps its sums in registers
during the loop over the inner dimension. If there are too few registers, each step stores and loads some of the sums. On AVX2,
with a peak of 118 GFLOP/s, tiles of 4 × 4 vectors of 64 bytes ran at 52 GFLOP/s, and the tiles of this table at 110.
`tests/kernels/test_tile_spills.py` reads the assembly of the tiles for every row of the table.
"""

from typing import NamedTuple

from sweepgd.kernels import target


class TileShapes(NamedTuple):
    """The sizes for one kind of vector register."""

    vector_bytes: int
    """The number of bytes of a vector, which fills a register."""
    vectors: int
    """The number of vectors in a row of the widest product tile. A step loads these vectors from b. For each row, the step also
    loads a factor from a.
    """
    heights: tuple[int, ...]
    """The numbers of rows for which product tiles exist. Each of these tiles exists with `vectors` vectors and with two vectors
    in a row.
    """
    row_vectors: int
    """The number of sums of a tile with a single row. Eight sums keep the processor busy, because 2 additions begin in each
    cycle and an addition takes 4 cycles.
    """
    dots: tuple[int, int]
    """The number of rows of a, and of rows of b, in a tile of dot products. A step loads a vector of each row."""


# The numbers of rows of product tiles that are one vector wide.
NARROW_HEIGHTS = (1, 2, 4, 8)

# Tile shapes by the number of bits of a vector register and the number of registers.
TABLE = {
    # AVX-512: product tiles need 16 sums, 4 vectors of b and 1 factor. Dot products need 16 sums and 8 vectors. 24 sums were
    # not faster.
    (512, 32): TileShapes(64, vectors=4, heights=(1, 2, 4), row_vectors=8, dots=(4, 4)),
    # AVX2: product tiles need 12 sums, 2 vectors of b and 1 factor. Dot products need 8 sums and 6 vectors (2 × 4 rows ran at
    # 75 GFLOP/s, 4 × 2 rows at 91).
    (256, 16): TileShapes(32, vectors=2, heights=(1, 2, 4, 6), row_vectors=8, dots=(4, 2)),
    # SSE: 8 sums, because SSE multiplies and adds in two instructions, so that a sum also needs a register for its product.
    (128, 16): TileShapes(16, vectors=2, heights=(1, 2, 4), row_vectors=8, dots=(4, 2)),
    # NEON and other processors with 32 registers: the same shapes as AVX-512.
    (128, 32): TileShapes(16, vectors=4, heights=(1, 2, 4), row_vectors=8, dots=(4, 4)),
}

TILES = TABLE[target.vector_bits() or 128, target.vector_registers()]
