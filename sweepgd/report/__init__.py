"""Terminal tables and figures, made from the tables of `sweepgd.analysis`."""
