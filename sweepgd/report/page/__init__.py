"""One HTML page of a study that opens offline. It holds the figures, tables and trials of the record; nothing here is computed.

Everything from a sweep file, a plugin or a data set goes through `escaping`.
"""

from sweepgd.report.page.page import study_page, write_page

__all__ = ["study_page", "write_page"]
