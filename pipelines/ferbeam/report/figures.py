"""How the report writes shares, counts and times."""

from __future__ import annotations

NARROW = "\N{NARROW NO-BREAK SPACE}"


def show_share(share: float) -> str:
    """Returns a share from 0 to 1 as whole per cent; what is not quite none or all stays so."""
    percent = round(100 * share)
    if percent == 0 and share > 0:
        return f"<{NARROW}1{NARROW}%"
    if percent == 100 and share < 1:
        return f">{NARROW}99{NARROW}%"
    return f"{percent}{NARROW}%"


def show_percent(share: float | None) -> str:
    """Returns a share or a difference of two as whole per cent without their sign."""
    if share is None:
        return "–"
    percent = round(100 * share)
    return f"{percent}".replace("-", "\N{MINUS SIGN}")


def show_count(count: int, lang: str) -> str:
    """Returns a whole number with its thousands set apart."""
    return f"{count:,}".replace(",", NARROW if lang == "fr" else ",")


def show_time(ms: int) -> str:
    """Returns a time as a player shows it: `m:ss`, or `h:mm:ss` from an hour on."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def show_moment(ms: int, lang: str) -> str:
    """Returns a time with its tenths where it is no whole second: `m:ss.t`, in French `m:ss,t`."""
    tenth = ms // 100 % 10
    return show_time(ms) + (f"{',' if lang == 'fr' else '.'}{tenth}" if tenth else "")


def show_date(started: str, lang: str) -> str:
    """Returns the day of an ISO time in words."""
    year, month, day = started[:10].split("-")
    names = MONTHS[lang][int(month) - 1]
    return f"{'1er' if lang == 'fr' and day == '01' else int(day)} {names} {year}"


MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
}
