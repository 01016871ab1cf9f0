"""The page of a running search: it shows the progress and reloads itself; the last page does not."""

import os
import re

import pytest
from study_files import written

from sweepgd.report.page import fresh_page

RELOAD = '<meta http-equiv="refresh" content="5">'
NAME = '<p id="running" role="status"></p>'


@pytest.mark.usefixtures("without_vega")
def test_pages_show_the_progress_until_the_search_ends(tmp_path, monkeypatch):
    written(tmp_path / "out", f"name = '{NAME}'\n")
    reader, writer = os.pipe()
    pages, write = [], fresh_page.write_html

    def kept(page, file):
        write(page, file)
        pages.append(file.read_text(encoding="utf-8"))
        monkeypatch.setattr(fresh_page, "SHARE", 1e9 if len(pages) == 1 else 0.0)
        if len(pages) < 3:
            os.write(writer, b"2/4 trials\n3/4 trials, <best>\n")
        elif len(pages) == 3:
            os.close(writer)

    monkeypatch.setattr(fresh_page, "write_html", kept)
    monkeypatch.setattr(fresh_page, "SHARE", 0.0)  # the figures are made once, for the second page
    os.write(writer, b"1/4 trials\n")
    fresh_page.keep_fresh(tmp_path / "out", reader, 5)
    os.close(reader)
    told = [re.findall(r'<p id="running" role="status">(.*)</p>', page) for page in pages]
    shown = "The figures and tables show 0 trials."
    assert told == [
        ["The search is running: 1/4 trials. The figures and tables follow, at the latest when the search ends."],
        [f"The search is running: 3/4 trials, &lt;best&gt;. {shown}"],
        [f"The search is running: 3/4 trials, &lt;best&gt;. {shown}"],
        [],
    ]
    assert [RELOAD in page for page in pages] == [True, True, True, False]
    assert [len(page) > 10_000 for page in pages] == [False, True, True, True]
    last = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "The search is running" not in last
    assert 'http-equiv="refresh"' not in last
