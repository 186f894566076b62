"""How well a run agrees with people who watched the same videos: `agree`."""
