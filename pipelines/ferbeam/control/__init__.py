"""The command's side of one analysis: ask, claim, estimate, run, finish."""
