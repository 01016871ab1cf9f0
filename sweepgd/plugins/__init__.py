"""Find plugins. Installed plugins have entry points, and other plugins come from single files.

The modules `registry`, `single_file` and `containment` import only `sweepgd.core`. The packages `scaffold` and `checks` may
import everything that runs a plugin. `checks` is public as `sweepgd.testing`.
"""
