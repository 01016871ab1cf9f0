"""Pages: their length, and that links, anchors, paths, options and settings named on them exist."""

import inspect
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from page_text import PAGES, PLUGIN_PAGES, ROOT, blocks, inline, prose, shell_commands, sweepgd_commands

import sweepgd
from sweepgd.cli.main import app
from sweepgd.data import DataSpec
from sweepgd.sweep import reference

MOST_LINES = 150
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def parse(arguments):
    """Parse a command line as `sweepgd` would, without running it; return the name of the command.

    A name without arguments refers to the command, so its required arguments may be missing.
    """
    command, names = typer.main.get_command(app), []
    context = command.make_context("sweepgd", [], resilient_parsing=True)
    while hasattr(command, "resolve_command"):
        named, *_ = arguments
        name, command, arguments = command.resolve_command(context, list(arguments))
        assert command is not None, f"unknown command {named}"
        names.append(name)
        more = hasattr(command, "resolve_command")
        begun = [] if more else arguments
        context = command.make_context(name, begun, parent=context, resilient_parsing=not begun)
    assert not context.args, context.args
    return " ".join(names)


def test_the_readme_is_short():
    assert len(PAGES["README.md"].splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", PAGES | PLUGIN_PAGES)
def test_links_lead_to_files_and_headings(page):
    folder = (ROOT / page).parent
    for link in LINK.findall(prose(page)):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (folder / name).resolve() if name else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_every_page_is_reached_from_the_readme():
    linked = set(LINK.findall(PAGES["README.md"]))
    assert {page for page in PAGES if page != "README.md"} <= linked


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_in_a_sentence_parses(page):
    for text in inline(page):
        if text.startswith("sweepgd ") and "COMMAND" not in text:
            parse(shlex.split(text)[1:])


def test_a_command_or_option_that_does_not_exist_is_noticed():
    for wrong in (("serach",), ("search", "--shards", "3/20"), ("measure", "results/mine", "--workers", "many")):
        with pytest.raises(Exception, match=r"serach|--shards|valid integer"):
            parse(wrong)


def test_every_command_of_a_shell_block_parses():
    commands = [tuple(word.replace("$SLURM_ARRAY_TASK_ID", "3") for word in words) for words in sweepgd_commands()]
    names = {parse(arguments) for arguments in commands}
    assert {
        "search",
        "init",
        "train",
        "list",
        "analyze",
        "measure",
        "landscape",
        "merge",
        "plugin new",
        "plugin check",
    } <= names


@pytest.mark.parametrize("page", PLUGIN_PAGES)
def test_commands_and_hyperparameters_on_the_pages_of_plugins_exist(page):
    """The commands parse, install this package and search its rules; the tables name hyperparameters that the rules have."""
    package = Path(page).parent
    (installed,) = (words for words in shell_commands({page: PLUGIN_PAGES[page]}) if words[0] == "uv")
    assert installed == ["uv", "pip", "install", f"./{package}"]
    (arguments,) = sweepgd_commands({page: PLUGIN_PAGES[page]})
    assert parse(arguments) == "search"
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / package / "src").rglob("*.py")))
    entries = tomllib.loads((ROOT / package / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    rules = set(entries["sweepgd.optimizers"])
    chosen = {word.split(".")[1] for word in arguments if word.startswith("optimizer.")}
    assert chosen == rules
    named = re.findall(r"^\|(?: `\w+` \|| \|)? `(\w+)`[^|]*\| [\d.e-]+ \|", PLUGIN_PAGES[page], flags=re.MULTILINE)
    assert "learning_rate" in named
    for name in named:
        declared = name in ("learning_rate", "beta1", "beta2", "epsilon", "epsilon_root") or f'"{name}"' in sources
        assert declared, name


def test_every_option_named_in_a_sentence_is_one_of_a_command():
    root = typer.main.get_command(app)
    groups = [root, *(command for command in root.commands.values() if hasattr(command, "commands"))]
    commands = [root, *(command for group in groups for command in group.commands.values())]
    known = {option for command in commands for parameter in command.params for option in parameter.opts} | {"--help"}
    for page in ("README.md", "plugins/README.md", *(page for page in PAGES if page.startswith("sweeps/"))):
        for text in inline(page):
            if re.fullmatch(r"--[a-z-]+", text):
                assert text in known, (page, text)


@pytest.mark.parametrize("page", PAGES)
def test_the_python_functions_named_in_a_sentence_take_these_arguments(page):
    for text in inline(page):
        called = re.fullmatch(r"sweepgd\.(\w+)\((.*)\)", text)
        if called and called[1] in sweepgd.__all__ and "…" not in text:
            function = getattr(sweepgd, called[1])
            keywords = dict.fromkeys(re.findall(r"(\w+)=", called[2]))
            positional = [part for part in called[2].split(", ") if part and "=" not in part and not part.endswith(")")]
            inspect.signature(function).bind(*positional, **keywords)


def test_the_keys_on_the_page_of_data_exist():
    page = PAGES["sweeps/DATA.md"]
    settings = [text for text in inline("sweeps/DATA.md") if re.match(r"\w+ = ", text)]
    keys = {key for text in settings for key in tomllib.loads(text)}
    assert len(keys) == 18
    assert keys <= set(DataSpec.model_fields)
    for name in ("path", "test_path", "inputs", "target", "test_inputs", "test_target"):
        assert f"`{name}`" in page
        assert name in DataSpec.model_fields


def test_the_settings_of_sweep_files_named_on_pages_are_in_the_reference():
    text = reference.reference()
    for key in ("schedule_after_warmup", "eval_every", "patience", "stop_at", "objective", "every", "points"):
        assert any(key in page for page in PAGES.values())
        assert f"`{key}`" in text or f"[{key}]" in text, key


def test_every_toml_block_can_be_read():
    assert [page for page, _ in blocks("toml")] == [
        *("plugins/README.md", "sweeps/ANALYSIS.md"), *["sweeps/README.md"] * 2
    ]  # fmt: skip
    for _, text in blocks("toml"):
        assert tomllib.loads(text)


@pytest.mark.parametrize("page", PAGES | PLUGIN_PAGES)
def test_every_path_that_a_page_names_exists(page):
    paths = [text for text in inline(page) if re.fullmatch(r"(sweepgd|tests|sweeps|plugins)/[\w./-]*|\.ci/run|\w+\.toml", text)]
    missing = [
        path
        for path in paths
        if "NAME" not in path and not (ROOT / path).exists() and not (ROOT / page).parent.joinpath(path).exists()
    ]
    assert missing == []


def test_every_package_is_on_the_page_of_the_architecture():
    packages = {f"sweepgd/{path.parent.name}/" for path in (ROOT / "sweepgd").glob("*/__init__.py")}
    table = re.findall(r"^\| (.+?) \|", PAGES["sweepgd/README.md"], flags=re.MULTILINE)
    assert set(re.findall(r"sweepgd/\w+/", " ".join(table))) == packages


def test_uv_and_pytest_commands_name_groups_markers_and_folders_that_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    seen = set()
    for words in shell_commands():
        if words[:2] != ["uv", "run"] or "sweepgd" in words:
            continue
        if "--group" in words:
            assert words[words.index("--group") + 1] in project["dependency-groups"]
        for word in words:
            if word.startswith("tests/"):
                assert (ROOT / word).is_dir()
        seen.update(words)
    assert {"pytest", "--slow", "--all-groups", "tests.bench", "bench"} <= seen
    assert any(marker.startswith("numerics:") for marker in project["tool"]["pytest"]["ini_options"]["markers"])


def test_names_given_for_a_file_in_the_recipes_of_contributing_occur_in_it():
    """In a numbered step, such as "`sweepgd/curvature/measurer.py`: its name in `MEASURE_FUNCTIONS`"."""
    steps = re.findall(r"^\d\. `([\w./-]+)`: (.+(?:\n   .+)*)", PAGES["CONTRIBUTING.md"], flags=re.MULTILINE)
    found = {}
    for path, text in steps:
        if (ROOT / path).is_file() and path != "sweeps/REFERENCE.md":
            names = re.findall(r"`([A-Z]\w+|\[.+?\])`", text)
            found[path] = [name for name in names if name in (ROOT / path).read_text(encoding="utf-8")]
            assert found[path] == [name for name in names if name != "NAME"], path
    assert found["sweepgd/curvature/measurer.py"] == ["MEASURE_FUNCTIONS"]
    assert found["pyproject.toml"] == ['[project.entry-points."sweepgd.optimizers"]']
    assert found["sweepgd/curvature/catalogue.py"] == ["Measure"]
