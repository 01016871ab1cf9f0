"""The sections of single trials: lines across all hyperparameters, and a table. The page's script fills both sections."""

from typing import Any

from sweepgd.report.page.section import Section


def parallel_section(trials: dict[str, Any]) -> Section | None:
    """Return the parallel coordinates, if at least two hyperparameters vary and a trial has an objective."""
    names = {column["name"] for column in trials["columns"]}
    if len(trials["axes"]) < 2 or "objective" not in names:
        return None
    body = (
        "<p>Drag along an axis to keep the trials in that range; click the axis to let go. The same filter is in the field"
        ' above the <a href="#trials">table of trials</a>, where it can be typed.</p>\n'
        '<div class="scroll" tabindex="0" role="region" aria-label="Lines of trials"><div id="parallel-lines"></div></div>\n'
        '<p class="legend">a line is a trial; <span class="key best"></span> the best tenth, <span class="key other"></span>'
        ' others, <span class="key without"></span> without an objective (diverged, pruned or failed), at the top;'
        " a line runs above an axis if the trial does not have that setting;"
        ' <span id="parallel-count"></span></p>'
    )
    return Section("parallel", "Trials across all hyperparameters", body)


def trials_section(trials: dict[str, Any]) -> Section:
    """Return the frame of the sortable and filterable table of trials, and of the details of a trial."""
    count, shown = trials["trials"], len(trials["columns"][0]["values"])
    if not count:
        return Section("trials", "Trials", "<p>No trial is recorded.</p>")
    part = (
        ""
        if shown == count
        else f"<p>The table has the best of {count:,} trials and an even sample of the others, {shown:,} in all.</p>"
    )
    body = f"""{part}
<div class="controls"><label for="filter">Filter</label>
<input id="filter" type="search" autocomplete="off" spellcheck="false" aria-describedby="filter-help">
<button type="button" id="clear">Clear</button> <output id="count" for="filter"></output></div>
<p class="legend" id="filter-help">Words, such as <code>adam diverged</code>, and conditions, such as
<code>batch_size&gt;=64 learning_rate&lt;0.1 optimizer=sgd|adam</code>; a heading shows the column's name when the pointer rests
on it. Click a heading to sort, and a trial for its details.</p>
<div class="scroll tall" tabindex="0" role="region" aria-label="Table of trials"><table id="trial-table"><thead></thead>
<tbody></tbody></table></div>
<p><button type="button" id="more" hidden>Show more</button></p>
<noscript><p>The table needs the scripts of this page.</p></noscript>
<dialog id="details" aria-labelledby="details-title"><div class="bar"><h3 id="details-title"></h3>
<button type="button" id="close">Close</button></div><div id="details-curve" class="chart" role="img"
aria-label="Loss of the first replicate"></div><dl id="details-values"></dl></dialog>"""
    return Section("trials", "Trials", body)
