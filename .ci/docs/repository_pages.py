"""A hook of MkDocs: the pages beside the folders at their own paths, and a reference of the commands."""

import re
from pathlib import Path
from posixpath import dirname, join, normpath

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from typer.cli import get_docs_for_click

from sweepgd.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = ("*.md", "sweeps/*.md", "plugins/*.md", "plugins/*/README.md", "sweepgd/README.md", "tests/README.md")
# Files that pages show or link to.
FILES = ("LICENSE", "CITATION.cff", "sweeps/figures/*", "sweeps/notebooks/*")
LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and files of the repository, and the reference of commands."""
    for pattern in (*PAGES, *FILES):
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix == ".md":
                files.append(File.generated(config, name, content=_with_file_links(path.read_text(encoding="utf-8"), name)))
            else:
                files.append(File.generated(config, name, abs_src_path=str(path)))
    files.append(File.generated(config, "reference/commands.md", content=_commands()))
    return files


def _with_file_links(text: str, page: str) -> str:
    """Return the text of a page with links to the pages of folders instead of links to folders."""

    def target(found: re.Match[str]) -> str:
        linked = ROOT / normpath(join(dirname(page), found[1]))
        return f"{found[1].rstrip('/')}/README.md" if linked.is_dir() else found[1]

    return LINK.sub(target, text)


def _commands() -> str:
    """Return the help of all commands."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command, info_name="sweepgd"), name="sweepgd", title="Commands")
    # Outside code, "<" would begin an element, such as in results/<sweep name>.
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(text.split("`")))
