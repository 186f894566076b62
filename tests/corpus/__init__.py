"""Bad input, built by code: what people's folders hold, and what no folder should."""
