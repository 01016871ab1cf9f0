"""No inner loop of a register tile loads or stores a stack slot, on any kind of processor: read from LLVM's assembly.

LLVM emits assembly for processors that are not here, so that NEON is guarded on machines without it.
"""

import re
from functools import partial

import pytest
from llvmlite import binding, ir
from numba.core import types

from sweepgd.kernels.llvm_vectors import INT64, Emitter
from sweepgd.kernels.matmul_tiles import emit_dots, emit_products
from sweepgd.kernels.tile_shapes import NARROW_HEIGHTS, TABLE

# LLVM's triple and name of a processor, bits and number of its vector registers, and its instruction for a sum of a tile.
TARGETS = {
    "x86-64-v2": ("x86_64-unknown-linux-gnu", "x86-64-v2", (128, 16), r"\baddp[sd]\b"),
    "x86-64-v3": ("x86_64-unknown-linux-gnu", "x86-64-v3", (256, 16), r"\bvfmadd\w+\b"),
    "x86-64-v4": ("x86_64-unknown-linux-gnu", "x86-64-v4", (512, 32), r"\bvfmadd\w+\b"),
    "aarch64": ("aarch64-unknown-linux-gnu", "generic", (128, 32), r"\bfmla\b"),
}
STACK = re.compile(r"\(%rsp\b|\[sp\b")
REALS = {"float32": types.float32, "float64": types.float64}


@pytest.fixture(scope="module", autouse=True)
def all_targets():
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()


def function_of(emit_body, arguments: int, dtype: str, vector_bytes: int) -> ir.Module:
    """A module with one function of three arrays and a number of integers, whose body `emit_body` emits."""
    module = ir.Module()
    real = ir.FloatType() if dtype == "float32" else ir.DoubleType()
    pointers = [real.as_pointer()] * 3
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [*pointers, *[INT64] * arguments, ir.IntType(1)]), "tile")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    emit_body(Emitter(builder, REALS[dtype], vector_bytes), *function.args)
    builder.ret_void()
    return module


def product(heights, vectors, masked, dtype, vector_bytes) -> ir.Module:
    def emit_body(emit, a, b, c, rows, a_row, a_inner, b_inner, c_row, inner, columns, add):
        emit_products(emit, heights, vectors, masked, rows, a, a_row, a_inner, b, b_inner, c, c_row, inner, columns, add)

    return function_of(emit_body, 7, dtype, vector_bytes)


def dots(rows, columns, dtype, vector_bytes) -> ir.Module:
    def emit_body(emit, a, b, c, a_row, b_row, c_row, inner, add):
        emit_dots(emit, rows, columns, a, a_row, b, b_row, c, c_row, inner, add)

    return function_of(emit_body, 4, dtype, vector_bytes)


def assembly(module: ir.Module, triple: str, processor: str) -> str:
    parsed = binding.parse_assembly(str(module))
    machine = binding.Target.from_triple(triple).create_target_machine(cpu=processor, opt=3)
    parsed.triple, parsed.data_layout = triple, str(machine.target_data)
    passes = binding.create_pass_builder(machine, binding.PipelineTuningOptions(speed_level=3))
    passes.getModulePassManager().run(parsed, passes)
    return machine.emit_assembly(parsed)


def inner_loops(text: str, sum_of_tile: str) -> list[list[str]]:
    """Return the instructions of each loop of one block that adds to a tile's sums."""
    lines = [line.split("#")[0].split("//")[0].strip() for line in text.splitlines()]
    bodies, label, start = [], None, 0
    for number, line in enumerate(lines):
        if re.fullmatch(r"\.L\w+:", line):
            label, start = line[:-1], number
        elif label is not None and re.match(rf"(j\w+|b\.\w+|cbn?z\s+\w+,)\s+{re.escape(label)}$", line):
            bodies.append(lines[start : number + 1])
    return [body for body in bodies if any(re.search(sum_of_tile, line) for line in body)]


def tiles(shapes):
    """Yield each kind of tile: its name, its number of loops, and a function of dtype that returns its module."""
    size, wide = shapes.vector_bytes, shapes.vectors
    products = {(shapes.heights, wide, False), (shapes.heights, 2, False), ((1,), shapes.row_vectors, False)}
    if size > 16:  # without AVX, masked loads are branches for each lane
        products.add((NARROW_HEIGHTS, 1, True))
    for heights, vectors, masked in sorted(products):
        module = partial(product, heights, vectors, masked, vector_bytes=size)
        yield f"product {heights} x {vectors}", len(heights), module
    for rows, columns in (shapes.dots, (1, shapes.row_vectors), (1, 1)):
        yield f"dots {rows} x {columns}", 1, partial(dots, rows, columns, vector_bytes=size)


@pytest.mark.parametrize("dtype", REALS)
@pytest.mark.parametrize("name", TARGETS)
def test_no_inner_loop_of_a_tile_spills(name, dtype):
    triple, processor, registers, sum_of_tile = TARGETS[name]
    for tile, count, module_of in tiles(TABLE[registers]):
        loops = inner_loops(assembly(module_of(dtype=dtype), triple, processor), sum_of_tile)
        assert len(loops) >= count, f"{tile}: only {len(loops)} of {count} loops found"
        for loop in loops:
            spilled = [line for line in loop if STACK.search(line)]
            assert not spilled, f"{tile}: {spilled}"


def test_tiles_with_more_sums_than_registers_are_found_out():
    """The tiles of 4 × 4 vectors of 64 bytes that AVX2 cannot hold."""
    triple, processor, _, sum_of_tile = TARGETS["x86-64-v3"]
    (loop,) = inner_loops(assembly(product((4,), 4, False, "float32", 64), triple, processor), sum_of_tile)
    assert any(STACK.search(line) for line in loop)
