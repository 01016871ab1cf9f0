"""The lookup of plugins: installed ones by entry point, and those of single files.

`registry`, `single_file` and `containment` import `core` alone. `scaffold` and `checks` (offered as `sweepgd.testing`) may
import whatever a plugin meets.
"""
