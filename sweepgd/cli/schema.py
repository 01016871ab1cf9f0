"""`sweepgd schema`: the JSON schema of sweep files."""

from sweepgd.cli.options import Plugin


def schema(plugin_: Plugin = []) -> None:  # noqa: B006 (typer copies it)
    """Print the JSON schema of sweep files, with the settings of all installed plugins, for editors."""
    from sweepgd.plugins import single_file
    from sweepgd.study.sweep_schema import schema_text

    with single_file.registered(plugin_):
        print(schema_text(), end="")
