"""One HTML page of a study, or of several, that opens offline, with figures, tables and trials. Nothing here is computed.

Everything from a sweep file, a plugin or a data set goes through `escaping`.
"""

from sweepgd.report.page.comparison_page import comparison_page
from sweepgd.report.page.page import study_page, write_html, write_page

__all__ = ["comparison_page", "study_page", "write_html", "write_page"]
