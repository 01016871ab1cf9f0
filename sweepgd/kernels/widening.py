"""Find the lines where a float32 kernel computes in float64, from the types that Numba infers.

An operation on a float32 and a float64 number has a float64 result. A loop over parameters must then convert to float64 and
back, and a vector of float64 holds only half of the numbers that a vector of float32 holds.
"""

import linecache
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numba
from numba.core import ir, types
from numba.core.analysis import compute_cfg_from_blocks
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.typed_passes import NopythonTypeInference

from sweepgd.kernels.compiling import FLAGS
from sweepgd.kernels.signatures import signatures

PACKAGE = Path(__file__).parents[1]


class WidenedLine(NamedTuple):
    """A line of a loop in which float32 numbers become float64."""

    file: str
    line: int

    @property
    def text(self) -> str:
        """The source text of the line."""
        return linecache.getline(self.file, self.line).strip()


class _TypesKnown(Exception):
    """Raised to end a compilation once the types are inferred."""


@register_pass(mutates_CFG=False, analysis_only=True)
class _EndAfterTypes(AnalysisPass):
    _name = "sweepgd_end_after_types"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        raise _TypesKnown(state.func_ir, state.typemap, state.calltypes)


class _TypesOnly(CompilerBase):
    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_EndAfterTypes, NopythonTypeInference)
        passes.finalize()
        return [passes]


def widened_lines(kind: str, function: Callable[..., Any]) -> list[WidenedLine]:
    """Return the lines of a float32 kernel that compute in float64, including lines of helpers that its loops call.

    `kind` is a key of `signatures`. Helpers of sweepgd itself are left out.
    """
    return sorted(set(_widened_lines(function, signatures("float32")[kind].numba, whole=False, seen=set())))


def _widened_lines(function: Callable[..., Any], signature: Any, *, whole: bool, seen: set[Any]) -> Iterator[WidenedLine]:
    """Yield the lines of one function. `whole` is True if the function is called in a loop, so that all its lines count."""
    key = (function, signature.args if hasattr(signature, "args") else signature, whole)
    if key in seen:
        return
    seen.add(key)
    try:
        numba.njit(signature, pipeline_class=_TypesOnly, **FLAGS)(function)
    except _TypesKnown as typed:
        program, kinds, calls = typed.args
    except Exception:  # Numba raises exceptions of many types. Another check reports kernels that do not compile.
        return
    graph = compute_cfg_from_blocks(program.blocks)
    looped = {label for loop in graph.loops().values() for label in loop.body}
    for label, block in program.blocks.items():
        inside = whole or label in looped
        for statement in block.find_insts(ir.Assign):
            value = statement.value
            if not isinstance(value, ir.Expr) or value not in calls:
                continue
            called = kinds[value.func.name] if value.op == "call" else None
            if isinstance(called, types.Dispatcher):
                if not Path(called.dispatcher.py_func.__code__.co_filename).is_relative_to(PACKAGE):
                    yield from _widened_lines(called.dispatcher.py_func, calls[value].args, whole=inside, seen=seen)
                continue
            operands = [kinds[variable.name] for variable in _operands(value)]
            result = kinds[statement.target.name]
            array = any(isinstance(kind, types.Array) for kind in operands)
            if (inside or array) and _widens(operands, result) and not _is_explicit(statement, program, kinds):
                yield WidenedLine(statement.loc.filename, statement.loc.line)


def _operands(value: Any) -> list[ir.Var]:
    if value.op in ("binop", "inplace_binop"):
        return [value.lhs, value.rhs]
    return list(value.args) if value.op == "call" and not value.kws else []


def _widens(operands: list[Any], result: Any) -> bool:
    """Return True if an operation has a float32 operand and a float64 result."""
    reals = [getattr(kind, "dtype", kind) for kind in operands]
    return len(reals) > 1 and types.float32 in reals and getattr(result, "dtype", result) == types.float64


def _is_explicit(statement: ir.Assign, program: Any, kinds: dict[str, Any]) -> bool:
    """Return True if float64 is intended: the result is a float64 sum, or np.float64 or float converts an operand."""
    for operand in _operands(statement.value):
        if kinds[operand.name] != types.float64:
            continue
        if any(operand.unversioned_name == target for target in _target_names(statement.target, program)):
            return True
        source = program.get_definition(operand) if len(program._definitions[operand.name]) == 1 else None
        if isinstance(source, ir.Expr) and source.op == "call" and isinstance(kinds[source.func.name], types.NumberClass):
            return True
    return False


def _target_names(target: ir.Var, program: Any) -> Iterator[str]:
    """Yield the name of a variable, and the names of variables to which it is copied."""
    yield target.unversioned_name
    for block in program.blocks.values():
        for statement in block.find_insts(ir.Assign):
            if isinstance(statement.value, ir.Var) and statement.value.name == target.name:
                yield statement.target.unversioned_name
