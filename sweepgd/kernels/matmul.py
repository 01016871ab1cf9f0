"""Matrix products in register tiles; most of the time of a small training step is spent here.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from sweepgd.kernels.compiling import config, helper
from sweepgd.kernels.matmul_tiles import dots_kernel, product_tile
from sweepgd.kernels.packing import PANEL_ROWS, pack, pack_transposed, panel_like
from sweepgd.kernels.tile_shapes import TILES
from sweepgd.kernels.views import block

ROW, (TALL, BROAD) = TILES.row_vectors, TILES.dots
_dots_tile, _dots_row, _dot = dots_kernel(TALL, BROAD), dots_kernel(1, ROW), dots_kernel(1, 1)
VECTOR_BYTES = TILES.vector_bytes
WIDE = TILES.vectors


def _column(heights: tuple[int, ...], vectors: int, masked: bool = False) -> Callable[..., Any]:
    """Return a kernel function for the columns of one tile."""
    tile, most, descending = product_tile(heights, vectors, masked), heights[-1], heights[::-1]

    @helper
    def column(a, a_start, a_row, a_inner, b, b_start, b_row, c, c_start, c_row, rows, inner, width, add):
        while rows > 0:
            # The last rows are split into two tiles of about equal height.
            fitting = (rows + 1) // 2 if most < rows < 2 * most else rows
            height = 1
            for each in descending:
                if each <= fitting:
                    height = each
                    break
            tile(height, a, a_start, a_row, a_inner, b, b_start, b_row, c, c_start, c_row, inner, width, add)
            a_start += height * a_row
            c_start += height * c_row
            rows -= height

    return column

FEW = (1, 2, 4, 8)
_row = _column((1,), ROW)
_wide = _column(TILES.heights, WIDE)
_double = _wide if WIDE == 2 else _column(TILES.heights, 2)
_part = _column(FEW, 1, masked=True)

@helper
def _block(a, a_start, a_row, a_inner, b, b_start, b_row, c, c_start, c_row, rows, inner, columns, add):
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
        else:
            width = left
            _part(a, a_start, a_row, a_inner, b, b_start + j, b_row, c, c_start + j, c_row, rows, inner, width, add)
        j += width

@helper
def _outer(a, a_start, a_row, b, b_start, c, c_start, rows, columns):
    row, products = block(b, b_start, 1, columns), block(c, c_start, rows, columns)
    for i in range(rows):
        factor = a[a_start + i * a_row]
        for j in range(columns):
            products[i, j] = factor * row[0, j]


CACHED_BYTES = 1 << 19
PACKED = 64

@helper
def _product(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns, add):
    if inner * columns * b.itemsize <= CACHED_BYTES:
        _block(a, a_start, a_row, a_inner, b, b_start, columns, c, c_start, columns, rows, inner, columns, add)
        return
    if rows < PACKED:
        for k in range(0, inner, PANEL_ROWS):
            at_a, at_b, panel_rows = a_start + k * a_inner, b_start + k * columns, min(PANEL_ROWS, inner - k)
            _block(
                    a, at_a, a_row, a_inner, b, at_b, columns, c, c_start, columns,
                    rows, panel_rows, columns, add or k > 0
                )  # fmt: skip
        return
    width = WIDE * (VECTOR_BYTES // a.itemsize)
    panel = panel_like(c)
    for k in range(0, inner, PANEL_ROWS):
        at_a, panel_rows = a_start + k * a_inner, min(PANEL_ROWS, inner - k)
        for j in range(0, columns, width):
            used = min(width, columns - j)
            pack(b, b_start + k * columns + j, columns, panel_rows, used, panel)
            _block(
                a, at_a, a_row, a_inner, panel, np.int64(0), used, c, c_start + j, columns,
                rows, panel_rows, used, add or k > 0
            )  # fmt: skip

@helper
def multiply(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns, add):
    """c ← a·b, (rows, columns), or with `add` c ← c + a·b, from flat arrays.

    b and c are row-major from their starts; a has strides a_row and a_inner: with a_row = 1 and a_inner = rows, a is the
    transpose of a row-major matrix.
    """
    # Numba would compile all of it anew for each constant among the arguments.
    row_stride, inner_stride, adding = np.int64(a_row), np.int64(a_inner), np.bool_(add)
    if inner == 1 and not adding:
        _outer(a, a_start, row_stride, b, b_start, c, c_start, rows, columns)
    else:
        _product(a, a_start, row_stride, inner_stride, b, b_start, c, c_start, rows, inner, columns, adding)


@helper
def _dots(a, a_start, b, b_start, c, c_start, rows, inner, columns, add):
    i = 0
    while i < rows:
        height, width, j = (TALL, BROAD, 0) if rows - i >= TALL else (1, ROW, 0)
        while j < columns:
            at_b, at_c = b_start + j * inner, c_start + i * columns + j
            if columns - j < width:
                for row in range(i, i + height):
                    _dot(a, a_start + row * inner, inner, b, at_b, inner, c, c_start + row * columns + j, columns, inner, add)
                j += 1
            else:
                if height == 1:
                    _dots_row(a, a_start + i * inner, inner, b, at_b, inner, c, at_c, columns, inner, add)
                else:
                    _dots_tile(a, a_start + i * inner, inner, b, at_b, inner, c, at_c, columns, inner, add)
                j += width
        i += height


@helper
def _transposed_product(a, a_start, b, b_start, c, c_start, rows, inner, columns, add):
    if rows == 1 or (rows < 32 and inner >= 64):
        _dots(a, a_start, b, b_start, c, c_start, rows, inner, columns, add)
        return
    width = WIDE * (VECTOR_BYTES // a.itemsize)
    panel = panel_like(c)
    for k in range(0, inner, PANEL_ROWS):
        panel_rows = min(PANEL_ROWS, inner - k)
        for j in range(0, columns, width):
            used = min(width, columns - j)
            pack_transposed(b, b_start + j * inner + k, inner, used, panel_rows, panel, width)
            _block(
                a, a_start + k, inner, np.int64(1), panel, np.int64(0), width, c, c_start + j, columns,
                rows, panel_rows, used, add or k > 0
            )  # fmt: skip


@helper
def multiply_transposed(a, a_start, b, b_start, c, c_start, rows, inner, columns, add):
    """c ← a·bᵀ, (rows, columns), or with `add` c ← c + a·bᵀ, from flat row-major arrays: a is (rows, inner), b (columns, inner)."""
    _transposed_product(a, a_start, b, b_start, c, c_start, rows, inner, columns, np.bool_(add))


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
