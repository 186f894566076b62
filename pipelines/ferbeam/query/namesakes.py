"""People of a video who bear one name are one person, who came and went: by `--corrections`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from fer_core.errors import FerWarning

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BEAR_ONE_NAME = """
CREATE TEMP TABLE namesakes AS
SELECT media, person_id, name, min(person_id) OVER alike AS same_as
FROM corrections WHERE name <> '' AND NOT excluded
WINDOW alike AS (PARTITION BY media, name) QUALIFY count(*) OVER alike > 1
"""
_SEEN_AT_ONCE = """
SELECT DISTINCT media, name FROM (
    FROM faces JOIN namesakes USING (media, person_id)
    SELECT media, name GROUP BY media, name, frame_index HAVING count(*) > 1
) ORDER BY ALL
"""
_APART = "DELETE FROM namesakes WHERE media = ? AND name = ?"

OF_ONE_NAME = """
SELECT faces.* REPLACE (coalesce(same_as, faces.person_id) AS person_id) FROM faces
LEFT JOIN (SELECT media, person_id AS bearer, same_as FROM namesakes) AS alike
    ON alike.media = faces.media AND bearer = faces.person_id
"""
"""The rows of `faces`, where namesakes have the `person_id` of the first of them."""


def find_namesakes(tables: DuckDBPyConnection) -> bool:
    """Fills the table `namesakes`, and tells whether there are any; warns of those who are two.

    A person has one face in a frame: who are seen at the same time are different people.
    """
    tables.execute(_BEAR_ONE_NAME)
    for media, name in tables.execute(_SEEN_AT_ONCE).fetchall():
        tables.execute(_APART, [media, name])
        told = (
            f"corrections: {name} of {media} is seen twice at the same time: these stay different"
        )
        warnings.warn(told, FerWarning, stacklevel=2)
    (count,) = tables.execute("SELECT count(*) FROM namesakes").fetchone() or (0,)
    return bool(count)
