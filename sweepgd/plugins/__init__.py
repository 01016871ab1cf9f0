"""Find plugins: installed ones by entry point, and those of single files.

`registry`, `single_file` and `containment` import only `core`. `scaffold` and `checks` (offered as `sweepgd.testing`) may
import everything that runs a plugin.
"""
