"""Pictures of people, cut out of the contact sheets by what these say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from fer_core.drawing.sheet import read_places
from fer_core.errors import MediaError
from ferbeam.output.checked_files import leads_out
from ferbeam.output.folder import Output
from ferbeam.stores.sources import open_source


@dataclass(frozen=True)
class Portrait:
    """A square of a contact sheet.

    Attributes:
        url: of the sheet.
        width: of the whole sheet, in pixels.
        height: likewise.
        x: of the square.
        y: likewise.
        side: likewise.
    """

    url: str
    width: int
    height: int
    x: int
    y: int
    side: int


def find_portraits(output: Output, sheet: str | None, url: str | None) -> dict[int, Portrait]:
    """Finds the pictures of the people of a video: the middle of each tile, where the face is.

    Args:
        output: where the sheet lies.
        sheet: its path below OUTPUT, None without one.
        url: of it, as seen from the page.

    Returns:
        By person; nothing where the sheet is not there, or not as ferbeam makes it.
    """
    if sheet is None or url is None or leads_out(output, sheet):
        return {}
    try:
        with open_source(output.path(sheet)) as source:
            places = read_places(source)
    except (MediaError, FileNotFoundError):
        return {}
    if places is None:
        return {}
    found = {}
    for person, tile in places.people.items():
        side = min(tile.width, tile.height)
        x, y = tile.x + (tile.width - side) // 2, tile.y + (tile.height - side) // 2
        found[person] = Portrait(url, places.width, places.height, x, y, side)
    return found
