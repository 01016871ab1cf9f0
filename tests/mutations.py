"""Sweep files with something wrong in them, as slips and adversaries make them: seeded mutations of the bundled ones."""

import random
import re

from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.data import DataSpec
from sweepgd.sweep import bundled
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.spec import SearchSpec, SpaceSpec

NUMBERS = (
    "0", "-1", "1", "2", "0.5", "-0.0", "7.0", "1e-320", "1e-9", "1e9", "1e308", "-1e308", "nan", "inf", "-inf",
    "1000000", "4294967295", "4294967296", "9223372036854775807", "-9223372036854775808", "1" + 30 * "0", 5000 * "7",
    "0x" + 5000 * "f", "1979-05-27", "07:32:00", "true", "false",
)  # fmt: skip
TEXTS = (
    '""', '"full"', '"search"', '"none"', '"adam"', '"cosine"', '"mlp"', '"linear"', '"digits"', '"tpe"', '"grid"', '"nsga2"',
    '"x"', '"\\u0000"', '"\\u001b[31m"', '"../up"', '"nowhere.csv"', '"/dev/null"', '"/dev/zero"', '"ünïcödé"', '"🦆"',
    '"' + 10_000 * "a" + '"',
)  # fmt: skip
NESTED = (
    "[]", "{}", "[[]]", "[{}]", "[1, 1]", '["sgd", "sgd"]', '[1, "a", true]', "{ low = 1, high = 0 }", "{ low = 1 }",
    "{ low = 0, high = 1, log = true }", "{ low = 1, high = 1e300, log = true, step = 1.0000001 }",
    "{ low = 1, high = 9223372036854775807, log = true }", "{ low = nan, high = 1 }",
    "{ low = 1e-300, high = 1e300, log = true }",
    "{ low = 0, high = 1, step = 1e-300 }", "{ a = { b = { c = 1 } } }", 900 * "[" + 900 * "]", 30 * "{ a = " + "1" + 30 * " }",
)  # fmt: skip
VALUES = NUMBERS + TEXTS + NESTED
# Of the right type, and as large or small as a number may be.
WHOLE = (
    "0",
    "1",
    "2",
    "3",
    "7",
    "32",
    "1000",
    "65536",
    "10000000",
    "999999999999",
    "1000000000000",
    "9223372036854775807",
    "-1",
)
REAL = ("0.0", "1e-320", "1e-300", "1e-12", "0.1", "0.5", "0.999", "1.0", "1.5", "10.0", "1e6", "1e12", "1e38", "1e300", "-0.5")
CHARACTERS = "=[]{}\"'#.,-_ \n\t\r\0\x1b\x7f0e9aé🦆\ufeff"
TABLES = (
    "data",
    "model",
    "budget",
    "space",
    "search",
    "measure",
    "optimizer.adam",
    "schedule.step",
    "optimizer.none",
    "[points]",
)
# By table, the keys that it has.
KEYS = {
    "data": tuple(DataSpec.model_fields),
    "model": ("name", "dtype", "hidden", "activation", "loss", "init", "scale", "steepness", "curvatures", "start"),
    "budget": tuple(Budget.model_fields),
    "space": tuple(SpaceSpec.model_fields),
    "search": tuple(SearchSpec.model_fields),
    "measure": tuple(MeasureSpec.model_fields),
    "optimizer.adam": ("learning_rate", "beta1", "beta2", "epsilon"),
    "optimizer.momentum": ("learning_rate", "beta"),
    "schedule.step": ("after", "every", "factor"),
    "schedule.cosine": ("floor", "restarts"),
    "batch_schedule.growth": ("after", "every", "factor", "limit"),
}


def _like(rng: random.Random, value: str) -> str:
    """Another value of the same type, where it has one."""
    if re.fullmatch(r"[-+]?\d+", value):
        return rng.choice(WHOLE)
    if re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", value):
        return rng.choice(REAL)
    return rng.choice(TEXTS if value.startswith('"') else VALUES)


def _value(rng: random.Random, lines: list[str]) -> None:
    """Another value for a key, or within a value."""
    number = rng.choice([index for index, line in enumerate(lines) if "=" in line] or [0])
    key, equals, value = lines[number].partition("=")
    atoms = list(re.finditer(r'"[^"]*"|[-+\w.]+', value))
    if rng.random() < 0.2 or not atoms:
        lines[number] = f"{key}{equals} {rng.choice(VALUES)}"
    else:
        atom = rng.choice(atoms)
        other = _like(rng, atom[0]) if rng.random() < 0.8 else rng.choice(VALUES)
        lines[number] = f"{key}{equals}{value[: atom.start()]}{other}{value[atom.end() :]}"


def _key(rng: random.Random, lines: list[str]) -> None:
    """One key more in a table that has it, or any other's."""
    heads = {line.strip("[]"): index for index, line in enumerate(lines) if line.startswith("[") and line.endswith("]")}
    table = rng.choice(list(KEYS))
    key = rng.choice(KEYS[rng.choice(list(KEYS))] if rng.random() < 0.1 else KEYS[table])
    value = rng.choice(rng.choice((WHOLE, REAL, TEXTS, NESTED, ("true", "false"))))
    if table not in heads:
        lines += ["", f"[{table}]"]
    at = heads.get(table, len(lines) - 1) + 1
    end = next((index for index in range(at, len(lines)) if lines[index].startswith("[")), len(lines))
    kept = [line for line in lines[at:end] if line.partition("=")[0].strip() != key]
    lines[at:end] = [f"{key} = {value}", *kept]


def _table(rng: random.Random, lines: list[str]) -> None:
    """Another table's heading, or one more."""
    heads = [index for index, line in enumerate(lines) if line.startswith("[")]
    head = f"[{rng.choice(TABLES)}]"
    if heads and rng.random() < 0.5:
        lines[rng.choice(heads)] = head
    else:
        lines.insert(rng.randrange(len(lines) + 1), head)


def _line(rng: random.Random, lines: list[str]) -> None:
    """A line that is gone, there twice, or elsewhere."""
    number, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(3):
        case 0:
            del lines[number]
        case 1:
            lines.insert(other, lines[number])
        case 2:
            lines[number], lines[other] = lines[other], lines[number]


def _characters(rng: random.Random, lines: list[str]) -> None:
    """Characters that are wrong, missing or too many, or a file that ends early."""
    text = "\n".join(lines)
    at = rng.randrange(len(text) + 1)
    match rng.randrange(4):
        case 0:
            text = text[:at] + rng.choice(CHARACTERS) + text[at:]
        case 1:
            text = text[:at] + text[at + rng.randrange(1, 4) :]
        case 2:
            text = text[:at] + rng.choice(CHARACTERS) + text[at + 1 :]
        case 3:
            text = text[:at]
    lines[:] = text.split("\n")


def mutation(number: int) -> str:
    """The text of a bundled sweep with one to three things changed: the same ones for the same number."""
    rng = random.Random(number)
    sweeps = bundled()
    lines = sweeps[sorted(sweeps)[number % len(sweeps)]].read_text(encoding="utf-8").splitlines()
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice((*[_value] * 5, *[_key] * 5, _table, _line, _characters))(rng, lines)
        lines = lines or [""]
    return "\n".join(lines) + "\n"
