"""Matrix products in register tiles. A small training step spends most of its time in this module. A tile holds rows × vectors
sums, which stay in vector registers during the loop over the inner dimension. Each loaded vector is then used once for each
row. Tiles are emitted as vector instructions. The code around the tiles is ordinary kernel code.

Speeds were measured in float32 on one core with a peak of 118 GFLOP/s. The numbers are GFLOP/s with AVX-512 and then with AVX2,
and in brackets the speed of np.dot (SciPy's OpenBLAS). 128×64 by 64×64 runs at 116 (106) and 113 (91), 8×784 by 784×512 at 111
(46) and 74 (67), 128×512 by 512×512 at 113 (101) and 104 (106), 1024×512 by 512×512 at 104 (97) and 102 (102). No product uses
np.dot, because it is at most a fifth faster at any shape of a step.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from sweepgd.kernels.compiling import config, helper
from sweepgd.kernels.matmul_tiles import dots_tile, product_tile
from sweepgd.kernels.packing import PANEL_ROWS, pack, pack_transposed, panel_like
from sweepgd.kernels.tile_shapes import NARROW_HEIGHTS, TILES
from sweepgd.kernels.views import block

VECTOR_BYTES, WIDE, ROW = TILES.vector_bytes, TILES.vectors, TILES.row_vectors
TALL, BROAD = TILES.dots
_dots_tile, _dots_row, _dot = dots_tile(TALL, BROAD), dots_tile(1, ROW), dots_tile(1, 1)

# A right-hand matrix of more than CACHED_BYTES is split into panels of PANEL_ROWS rows. For PACKED_ROWS rows or more, panels of
# a tile's width are first copied to contiguous memory. With AVX2, 128×512 by 512×512 then runs at 104 GFLOP/s instead of 89.
# For few rows, the copy costs more than it saves. With AVX-512, 8×784 by 784×512 would run at 68 GFLOP/s instead of 111.
CACHED_BYTES, PACKED_ROWS = 1 << 17, 128

# For fewer than DOTS_ROWS rows and an inner length of DOTS_INNER or more, a·bᵀ is computed as dot products along the rows of b.
# 8×512 by 512×512 then takes 39 µs instead of 61. Otherwise panels of b are transposed. 32×10 by 10×64 then takes 0.6 µs
# instead of 1.7.
DOTS_ROWS, DOTS_INNER = 32, 64


def _columns(
    heights: tuple[int, ...], vectors: int, masked: bool = False, vector_bytes: int = VECTOR_BYTES
) -> Callable[..., Any]:
    """Return a kernel function that computes all rows of the product, in the columns of one tile."""
    tile, tallest, descending = product_tile(heights, vectors, masked, vector_bytes), heights[-1], heights[::-1]

    @helper
    def compute(a, a_start, a_row, a_inner, b, b_start, b_row, c, c_start, c_row, rows, inner, columns, add):
        while rows > 0:
            # Rows for more than one tile but fewer than two of the tallest are split in half, because a low tile waits for its
            # additions, which take 4 cycles each. With AVX2, 8×64 by 64×64 takes 0.60 µs in tiles of 4 + 4 rows and 0.65 in 6 +
            # 2; with AVX-512, 9 rows take 0.61 µs in 4 + 2 + 2 + 1 rows and 0.72 in 4 + 4 + 1.
            fitting = (rows + 1) // 2 if tallest < rows < 2 * tallest else rows
            height = 1
            for candidate in descending:
                if candidate <= fitting:
                    height = candidate
                    break
            tile(height, a, a_start, a_row, a_inner, b, b_start, b_row, c, c_start, c_row, inner, columns, add)
            a_start += height * a_row
            c_start += height * c_row
            rows -= height

    return compute


_row, _wide, _narrow = _columns((1,), ROW), _columns(TILES.heights, WIDE), _columns(NARROW_HEIGHTS, 1, masked=True)
_double = _wide if WIDE == 2 else _columns(TILES.heights, 2)
# Some processors with AVX-512 begin two products of 32 bytes in a cycle, but only one of 64. On them, 784×25 by 25×6 takes 3.0
# µs in vectors of 32 bytes instead of 5.6.
HALF_BYTES = 32
_half = _columns(NARROW_HEIGHTS, 1, masked=True, vector_bytes=HALF_BYTES) if VECTOR_BYTES > HALF_BYTES else _narrow


@helper
def _block(a, a_start, a_row, a_inner, b, b_start, b_row, c, c_start, c_row, rows, inner, columns, add):
    """c ← a·b, or with `add` c ← c + a·b, in columns of tiles. b and c may have row strides."""
    lanes = VECTOR_BYTES // a.itemsize
    j = 0
    while j < columns:
        left = columns - j
        if rows == 1 and left >= ROW * lanes:
            width = ROW * lanes
            _row(a, a_start, a_row, a_inner, b, b_start + j, b_row, c, c_start + j, c_row, rows, inner, width, add)
        elif left >= WIDE * lanes:
            width = WIDE * lanes
            _wide(a, a_start, a_row, a_inner, b, b_start + j, b_row, c, c_start + j, c_row, rows, inner, width, add)
        elif left > lanes:
            width = min(left, 2 * lanes)
            _double(a, a_start, a_row, a_inner, b, b_start + j, b_row, c, c_start + j, c_row, rows, inner, width, add)
        elif left * a.itemsize <= HALF_BYTES:
            width = left
            _half(a, a_start, a_row, a_inner, b, b_start + j, b_row, c, c_start + j, c_row, rows, inner, width, add)
        else:
            width = left
            _narrow(a, a_start, a_row, a_inner, b, b_start + j, b_row, c, c_start + j, c_row, rows, inner, width, add)
        j += width


@helper
def _outer(a, a_start, a_row, b, b_start, c, c_start, rows, columns):
    """c ← the outer product of a column and a row. Without sums, no tile is needed, and 64×64 takes 0.15 µs instead of 0.4."""
    row, products = block(b, b_start, 1, columns), block(c, c_start, rows, columns)
    for i in range(rows):
        factor = a[a_start + i * a_row]
        for j in range(columns):
            products[i, j] = factor * row[0, j]


@helper
def _panels(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns, add):
    """c ← a·b, or with `add` c ← c + a·b, in panels of a large b. If there are many rows, the panels are packed."""
    packed = rows >= PACKED_ROWS
    panel_columns = WIDE * (VECTOR_BYTES // a.itemsize) if packed else columns
    panel = panel_like(c)
    for k in range(0, inner, PANEL_ROWS):
        at_a, at_b, used_rows = a_start + k * a_inner, b_start + k * columns, min(PANEL_ROWS, inner - k)
        for j in range(0, columns, panel_columns):
            source, at, stride, used = b, at_b + j, columns, min(panel_columns, columns - j)
            if packed:
                pack(b, at, columns, used_rows, used, panel)
                source, at, stride = panel, np.int64(0), used
            _block(
                a, at_a, a_row, a_inner, source, at, stride, c, c_start + j, columns,
                rows, used_rows, used, add or k > 0,
            )  # fmt: skip


@helper
def multiply(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns, add):
    """c ← a·b, (rows, columns), or with `add` c ← c + a·b, from flat arrays.

    b and c are row-major from their starts. a has the strides a_row and a_inner. With a_row = 1 and a_inner = rows, a is the
    transpose of a row-major matrix.
    """
    # otherwise Numba would compile the rest again for each constant among the arguments
    row_stride, inner_stride, adding = np.int64(a_row), np.int64(a_inner), np.bool_(add)
    if inner == 1 and not adding and columns >= VECTOR_BYTES // a.itemsize:
        _outer(a, a_start, row_stride, b, b_start, c, c_start, rows, columns)
    elif inner * columns * b.itemsize <= CACHED_BYTES:
        _block(
            a, a_start, row_stride, inner_stride, b, b_start, columns, c, c_start, columns,
            rows, inner, columns, adding,
        )  # fmt: skip
    else:
        _panels(a, a_start, row_stride, inner_stride, b, b_start, c, c_start, rows, inner, columns, adding)


@helper
def _dots(a, a_start, b, b_start, c, c_start, rows, inner, columns, add):
    i = 0
    while i < rows:
        height, width = (TALL, BROAD) if rows - i >= TALL else (1, ROW)
        at_a, at_c, j = a_start + i * inner, c_start + i * columns, 0
        while j + width <= columns:
            at_b = b_start + j * inner
            if height == 1:
                _dots_row(a, at_a, inner, b, at_b, inner, c, at_c + j, columns, inner, add)
            else:
                _dots_tile(a, at_a, inner, b, at_b, inner, c, at_c + j, columns, inner, add)
            j += width
        for row in range(height):
            for column in range(j, columns):
                at_b = b_start + column * inner
                _dot(a, at_a + row * inner, inner, b, at_b, inner, c, at_c + row * columns + column, columns, inner, add)
        i += height


@helper
def _transposed_panels(a, a_start, b, b_start, c, c_start, rows, inner, columns, add):
    width = WIDE * (VECTOR_BYTES // a.itemsize)
    panel = panel_like(c)
    for k in range(0, inner, PANEL_ROWS):
        used_rows = min(PANEL_ROWS, inner - k)
        for j in range(0, columns, width):
            used = min(width, columns - j)
            pack_transposed(b, b_start + j * inner + k, inner, used, used_rows, panel, width)
            _block(
                a, a_start + k, inner, np.int64(1), panel, np.int64(0), width, c, c_start + j, columns,
                rows, used_rows, used, add or k > 0,
            )  # fmt: skip


@helper
def multiply_transposed(a, a_start, b, b_start, c, c_start, rows, inner, columns, add):
    """c ← a·bᵀ, (rows, columns), or with `add` c ← c + a·bᵀ, from flat row-major a, (rows, inner), and b, (columns, inner)."""
    adding = np.bool_(add)
    if rows == 1 or (rows < DOTS_ROWS and inner >= DOTS_INNER):
        _dots(a, a_start, b, b_start, c, c_start, rows, inner, columns, adding)
    else:
        _transposed_panels(a, a_start, b, b_start, c, c_start, rows, inner, columns, adding)


def _multiply(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns, add):
    left = a[a_start + a_row * np.arange(rows)[:, None] + a_inner * np.arange(inner)]
    product = (left @ b[b_start : b_start + inner * columns].reshape(inner, columns)).ravel()
    _write(product, c[c_start : c_start + rows * columns], add)


def _multiply_transposed(a, a_start, b, b_start, c, c_start, rows, inner, columns, add):
    left = a[a_start : a_start + rows * inner].reshape(rows, inner)
    product = (left @ b[b_start : b_start + columns * inner].reshape(columns, inner).T).ravel()
    _write(product, c[c_start : c_start + rows * columns], add)


def _write(product, out, add):
    out[:] = out + product if add else product


if config.DISABLE_JIT:  # tiles are vector instructions and need the compiler
    multiply, multiply_transposed = _multiply, _multiply_transposed
