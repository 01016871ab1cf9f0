"""One HTML page of a study, or of several, that opens offline, with figures, tables and trials. Nothing here is computed.

Everything from a sweep file, a plugin or a data set goes through `escaping`. The functions are imported at their first use,
because the page of a running search begins without figures.
"""

from typing import TYPE_CHECKING

from sweepgd.core.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from sweepgd.report.page.page import study_page
    from sweepgd.report.page.page_file import write_html
    from sweepgd.report.page.several_studies import comparison_page
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "sweepgd.report.page.several_studies": ["comparison_page"],
            "sweepgd.report.page.page": ["study_page"],
            "sweepgd.report.page.page_file": ["write_html"],
        },
    )

__all__ = ["comparison_page", "study_page", "write_html"]
