"""The report: pages that show the tables of a finished run beside its annotated copies."""
