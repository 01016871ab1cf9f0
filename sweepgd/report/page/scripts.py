"""The scripts of the page: Vega-Embed with all that it needs, and our own files. The page's policy names their digests."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from sweepgd.core import disk_cache

ASSETS = Path(__file__).parent / "assets"
OWN = ("theme.js", "charts.js", "filter.js", "trials.js", "parallel.js")


def asset(name: str) -> str:
    """Return the text of a file in `assets`."""
    return (ASSETS / name).read_text(encoding="utf-8")


@cache
def own_script() -> str:
    """Return the files of OWN as one script in strict mode. Names that it defines are not visible outside."""
    return '"use strict";\n(() => {\n' + "\n".join(map(asset, OWN)) + "})();\n"


@cache
def vega_bundle() -> str:
    """Return Vega-Embed, with Vega and Vega-Lite in it, as one script. The script is kept on disk, because building it takes
    seconds.
    """
    key = {"kind": "vega bundle"} | disk_cache.versions("vl-convert-python")
    kept = disk_cache.recall(key, lambda folder: (folder / "bundle.js").read_text(encoding="utf-8"))
    if kept is not None:
        return kept
    import vl_convert

    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # An HTML parser would end the script at these.
    bundle = bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    disk_cache.keep(key, len(bundle), lambda folder: _write(folder / "bundle.js", bundle))
    return bundle


def digest(script: str) -> str:
    """Return the SHA-256 of a script, in the form in which a Content-Security-Policy allows the script: 'sha256-…'."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")
