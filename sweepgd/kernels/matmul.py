"""Matrix products in register tiles; most of the time of a small training step is spent here.

A tile of `rows` × `vectors` accumulators stays in vector registers during the loop over the inner dimension, so that each
loaded vector is used `rows` times. LLVM does not do this by itself for nested loops. Tiles are therefore emitted as vector
instructions; everything around them is ordinary kernel code.

Measured on one core of an AVX-512 machine (peak 118 GFLOP/s), float32, against np.dot with SciPy's OpenBLAS: 8×784 by 784×512
runs at 111 GFLOP/s instead of 36, 32×512 by 512×512 at 114 instead of 72, 1024×512 by 512×512 at 109 instead of 105.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from sweepgd.kernels.compiling import config, helper
from sweepgd.kernels.llvm_vectors import VECTOR_BYTES
from sweepgd.kernels.matmul_tiles import dots_kernel, tile_kernel

_dots_4x4, _dots_4x1, _dots_1x16, _dots_1x1 = dots_kernel(4, 4), dots_kernel(4, 1), dots_kernel(1, 16), dots_kernel(1, 1)


def _block(add: bool) -> Callable[..., Any]:
    """Return a kernel function for c = a·b, or with `add` c += a·b, in tiles row by row; b and c have row strides."""
    tile_4x4, tile_4x1, tail_4x1 = tile_kernel(4, 4, add), tile_kernel(4, 1, add), tile_kernel(4, 1, add, masked=True)
    tile_1x4, tile_1x1, tail_1x1 = tile_kernel(1, 4, add), tile_kernel(1, 1, add), tile_kernel(1, 1, add, masked=True)

    @helper
    def block(a, a_start, a_row, a_inner, b, b_start, b_row, c, c_start, c_row, rows, inner, columns):
        lanes = VECTOR_BYTES // a.itemsize
        i = 0
        while i < rows:
            at_a, at_c = a_start + i * a_row, c_start + i * c_row
            j = 0
            if i + 4 <= rows:
                while j + 4 * lanes <= columns:
                    tile_4x4(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, lanes)
                    j += 4 * lanes
                while j + lanes <= columns:
                    tile_4x1(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, lanes)
                    j += lanes
                if j < columns:
                    tail_4x1(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, columns - j)
                i += 4
            else:
                while j + 4 * lanes <= columns:
                    tile_1x4(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, lanes)
                    j += 4 * lanes
                while j + lanes <= columns:
                    tile_1x1(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, lanes)
                    j += lanes
                if j < columns:
                    tail_1x1(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, columns - j)
                i += 1

    return block


_multiply_block, _add_block = _block(add=False), _block(add=True)

# A right-hand matrix of more than CACHED_BYTES is split into panels of PANEL_ROWS rows and the columns of one tile. A panel of
# 64 KiB stays in the second-level cache for all rows of the left-hand matrix: 111 GFLOP/s instead of 99, 1024×784 by 784×512.
CACHED_BYTES, PANEL_ROWS = 1 << 19, 256


@helper
def multiply_add(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns):
    """c ← c + a·b, with the arguments of `multiply`."""
    if inner * columns * b.itemsize <= CACHED_BYTES:
        _add_block(a, a_start, a_row, a_inner, b, b_start, columns, c, c_start, columns, rows, inner, columns)
        return
    width = 4 * (VECTOR_BYTES // a.itemsize)
    for k in range(0, inner, PANEL_ROWS):
        at_a, at_b, panel_rows = a_start + k * a_inner, b_start + k * columns, min(PANEL_ROWS, inner - k)
        for j in range(0, columns, width):
            _add_block(
                a, at_a, a_row, a_inner, b, at_b + j, columns, c, c_start + j, columns,
                rows, panel_rows, min(width, columns - j),
            )  # fmt: skip


@helper
def multiply(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns):
    """c ← a·b, (rows, columns), from flat arrays: b and c are row-major from their starts, a has strides a_row and a_inner.

    With a_row = 1 and a_inner = rows, a is the transpose of a row-major matrix.
    """
    if inner * columns * b.itemsize <= CACHED_BYTES:
        _multiply_block(a, a_start, a_row, a_inner, b, b_start, columns, c, c_start, columns, rows, inner, columns)
        return
    c[c_start : c_start + rows * columns] = 0
    multiply_add(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns)


@helper
def multiply_transposed(a, a_start, b, b_start, c, c_start, rows, inner, columns):
    """c ← a·bᵀ, (rows, columns), from flat row-major arrays: a is (rows, inner), b is (columns, inner)."""
    i = 0
    while i < rows:
        at_a, at_c = a_start + i * inner, c_start + i * columns
        j = 0
        if i + 4 <= rows:
            while j + 4 <= columns:
                _dots_4x4(a, at_a, inner, b, b_start + j * inner, inner, c, at_c + j, columns, inner)
                j += 4
            while j < columns:
                _dots_4x1(a, at_a, inner, b, b_start + j * inner, inner, c, at_c + j, columns, inner)
                j += 1
            i += 4
        else:
            while j + 16 <= columns:
                _dots_1x16(a, at_a, inner, b, b_start + j * inner, inner, c, at_c + j, columns, inner)
                j += 16
            while j < columns:
                _dots_1x1(a, at_a, inner, b, b_start + j * inner, inner, c, at_c + j, columns, inner)
                j += 1
            i += 1


def _multiply(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns):
    left = a[a_start + a_row * np.arange(rows)[:, None] + a_inner * np.arange(inner)]
    right = b[b_start : b_start + inner * columns].reshape(inner, columns)
    c[c_start : c_start + rows * columns] = (left @ right).ravel()


def _multiply_add(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns):
    before = c[c_start : c_start + rows * columns].copy()
    _multiply(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns)
    c[c_start : c_start + rows * columns] += before


def _multiply_transposed(a, a_start, b, b_start, c, c_start, rows, inner, columns):
    left = a[a_start : a_start + rows * inner].reshape(rows, inner)
    right = b[b_start : b_start + columns * inner].reshape(columns, inner)
    c[c_start : c_start + rows * columns] = (left @ right.T).ravel()


if config.DISABLE_JIT:  # tiles are vector instructions and need the compiler
    multiply, multiply_add, multiply_transposed = _multiply, _multiply_add, _multiply_transposed
