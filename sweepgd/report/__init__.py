"""What people read: terminal tables and figures, made from the tables of `sweepgd.analysis`."""
