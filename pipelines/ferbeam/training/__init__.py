"""The jobs about models: `prepare`, `train` and `evaluate`."""
