"""A script as a plugin: it ends the process that imports it."""

import sys

sys.exit("usage: leaver FILE")
