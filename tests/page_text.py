"""The pages of the project as text: their code blocks, commands, links and paths."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "plugins" / "README.md",
        ROOT / "sweepgd" / "README.md",
        ROOT / "tests" / "README.md",
        *(page for page in sorted((ROOT / "sweeps").glob("*.md")) if page.name != "REFERENCE.md"),
    )
}
# The pages of the separately installed optimizers: their commands need an installation, and are not run.
PLUGIN_PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted((ROOT / "plugins").glob("*/README.md"))
}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str, pages: Mapping[str, str] = PAGES) -> list[tuple[str, str]]:
    """Return the code blocks in a language, as pairs of page and text, in the order of the pages."""
    return [(page, text) for page, whole in pages.items() for found, text in _FENCE.findall(whole) if found == language]


def prose(page: str) -> str:
    """Return the text of a page without its code blocks."""
    return _FENCE.sub("", (PAGES | PLUGIN_PAGES)[page])


def shell_commands(pages: Mapping[str, str] = PAGES) -> Iterator[list[str]]:
    """Yield the words of each command in the shell blocks, without comments; `a && b` is two commands."""
    for _, text in blocks("sh", pages):
        begun = ""
        for line in text.splitlines():
            begun += line
            if begun.endswith("\\"):
                begun = begun[:-1]
                continue
            try:
                words = shlex.split(begun, comments=True)
            except ValueError:  # a quotation that ends on a later line
                begun += "\n"
                continue
            begun = ""
            while "&&" in words:
                yield words[: words.index("&&")]
                words = words[words.index("&&") + 1 :]
            if words:
                yield words


def sweepgd_commands(pages: Mapping[str, str] = PAGES) -> list[tuple[str, ...]]:
    """Return the arguments of each different `sweepgd …` command in the shell blocks, in their order."""
    found = {}
    for words in shell_commands(pages):
        words = words[2:] if words[:2] == ["uv", "run"] else words
        if words[0] == "sweepgd":
            found[tuple(words[1:])] = None
    return list(found)


def inline(page: str) -> list[str]:
    """Return the texts between single backticks in the prose of a page."""
    return [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", prose(page))]
