"""Panels of matrices, copied or transposed into contiguous memory for register tiles."""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.llvm_vectors import INT32, Emitter, call, element, number
from sweepgd.kernels.tile_shapes import TILES

# A panel of this many rows and a tile's width takes 16 KiB with AVX2 and 64 KiB with AVX-512, and stays in the L2 cache.
PANEL_ROWS = 256
PANEL_BYTES = PANEL_ROWS * TILES.vectors * TILES.vector_bytes


@intrinsic
def _panel_like(typing, array):
    kind = types.Array(array.dtype, 1, "C")

    def codegen(context, builder, signature, arguments):
        with builder.goto_entry_block():  # `alloca_once` would fill the panel with zeros
            memory = builder.alloca(ir.ArrayType(ir.IntType(8), PANEL_BYTES))
        memory.align = 64
        view = make_array(kind)(context, builder)
        step = array.dtype.bitwidth // 8
        size, step = number(PANEL_BYTES // step), number(step)
        data = builder.bitcast(memory, view.data.type)
        populate_array(view, data=data, shape=[size], strides=[step], itemsize=step, meminfo=None)
        return view._getvalue()

    return kind(array), codegen


panel_like: Any = _panel_like
"""`panel_like(array)`: return an uninitialised array of PANEL_BYTES on the stack, with numbers of the type of `array`."""


def _transposed(emit: Emitter, rows: list[Any]) -> list[Any]:
    """Return the transpose of a square of vectors, in log₂(lanes) stages that swap larger and larger blocks."""
    size, lanes = 1, emit.lanes
    while size < lanes:
        for i in (i for i in range(lanes) if not i & size):
            x, y = rows[i], rows[i + size]
            rows[i] = emit.shuffle(x, y, [lanes + lane - size if lane & size else lane for lane in range(lanes)])
            rows[i + size] = emit.shuffle(x, y, [lanes + lane if lane & size else lane + size for lane in range(lanes)])
        size *= 2
    return rows


def _transpose_tile(masked: bool) -> Any:
    """Return a kernel function that takes a square block of b, made of vectors, and writes its transpose to a panel.

    `masked` is for the edge of b, where fewer rows or columns are left than a block has.
    """

    @intrinsic
    def tile(typing, b, b_start, b_row, rows, columns, panel, start, stride):
        def codegen(context, builder, signature, arguments):
            b, b_start, b_row, rows, columns, panel, start, stride = arguments
            emit = Emitter(builder, signature.args[0].dtype)
            source = element(context, builder, signature.args[0], b, b_start)
            target = element(context, builder, signature.args[5], panel, start)
            inside = emit.below(columns) if masked else None
            loaded = []
            for i in range(emit.lanes):
                mask = None
                if inside is not None:
                    used = builder.icmp_signed("<", number(i), rows)
                    mask = builder.select(used, inside, ir.Constant(inside.type, None))
                loaded.append(emit.load(source, builder.mul(b_row, number(i)), mask))
            for i, vector in enumerate(_transposed(emit, loaded)):
                emit.store(vector, target, builder.mul(stride, number(i)))
            return context.get_dummy_value()

        return types.void(b, b_start, b_row, rows, columns, panel, start, stride), codegen

    return tile


_whole, _partial = _transpose_tile(False), _transpose_tile(True)


@helper
def pack_transposed(b, b_start, b_row, rows, columns, panel, stride):
    """Write the transpose of a (rows, columns) part of b to `panel`, with rows `stride` apart."""
    lanes = TILES.vector_bytes // b.itemsize
    for j in range(0, rows, lanes):
        for k in range(0, columns, lanes):
            at = b_start + j * b_row + k
            if j + lanes <= rows and k + lanes <= columns:
                _whole(b, at, b_row, lanes, lanes, panel, k * stride + j, stride)
            else:
                _partial(b, at, b_row, rows - j, columns - k, panel, k * stride + j, stride)


@intrinsic
def _copied_row(typing, b, b_at, panel, at):
    """Copy one row of a panel, and load the row of the next panel to its right into the cache."""

    def codegen(context, builder, signature, arguments):
        b, b_at, panel, at = arguments
        emit = Emitter(builder, signature.args[0].dtype)
        source = element(context, builder, signature.args[0], b, b_at)
        target = element(context, builder, signature.args[2], panel, at)
        for v in range(TILES.vectors):
            emit.store(emit.load(source, number(v * emit.lanes)), target, number(v * emit.lanes))
        after = TILES.vectors * emit.lanes
        for line in range(0, TILES.vectors * TILES.vector_bytes, 64):
            address = builder.bitcast(builder.gep(source, [number(after + line // emit.bytes)]), ir.IntType(8).as_pointer())
            read, near, data = (ir.Constant(INT32, value) for value in (0, 2, 1))
            call(builder, "llvm.prefetch.p0", ir.VoidType(), address, read, near, data)
        return context.get_dummy_value()

    return types.void(b, b_at, panel, at), codegen


_copy_row: Any = _copied_row


@helper
def pack(b, b_start, b_row, rows, columns, panel):
    """Copy a (rows, columns) part of b to `panel`."""
    if columns == TILES.vectors * (TILES.vector_bytes // b.itemsize):
        for k in range(rows):
            _copy_row(b, b_start + k * b_row, panel, k * columns)
        return
    for k in range(rows):
        for j in range(columns):
            panel[k * columns + j] = b[b_start + k * b_row + j]
