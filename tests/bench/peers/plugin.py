"""This project with a plugin's rule in place of the built-in Adam."""

from pathlib import Path

from sweepgd.plugins import single_file

from ..work import Case
from . import sweepgd

RULE = Path(__file__).with_name("plugin_rule.py")
single_file.register([RULE])


class Peer(sweepgd.Peer):
    def _rule(self, case: Case) -> str:
        return f"{case.optimizer}_of_a_plugin"
