"""The reasons of failures in French: what ferbeam says itself; what libraries say stays."""

from __future__ import annotations

import re
from functools import cache

BEFORE_MARKS, NO_BREAK = re.compile(r" (?=[:;?!])"), "\N{NO-BREAK SPACE}"
"""French sets a space before these marks, at which no line may break."""

FRENCH: tuple[tuple[str, str], ...] = (
    # (English, French); `{}` stands for what differs, in the same order in both.
    (
        "its index (moov) is missing: the recording or copy was not finished, copy it again",
        "son index (moov) manque : l’enregistrement ou la copie n’a pas été terminé, recopiez-le",
    ),
    (
        "is no video in a known format: convert it, or copy it again",
        "n’est pas une vidéo d’un format connu : convertissez-la ou recopiez-la",
    ),
    (
        "is no picture in a known format ({}): convert it",
        "n’est pas une image d’un format connu ({}) : convertissez-la",
    ),
    (
        "its pixels cannot be decoded: copy it again, or convert it",
        "ses pixels sont indéchiffrables : recopiez-la ou convertissez-la",
    ),
    ("its pixels cannot be decoded", "ses pixels sont indéchiffrables"),
    (
        "is cut short or damaged, copy it again: {}",
        "est tronqué ou abîmé, recopiez-le : {}",
    ),
    (
        "its tiles have {} pixels, more than it has itself: convert it",
        "ses tuiles ont {} pixels, plus que l’image elle-même : convertissez-la",
    ),
    (
        "holds too many pixels to be decoded, scale it down: {}",
        "contient trop de pixels pour être décodé, réduisez-le : {}",
    ),
    ("is damaged, copy it again: {}", "est abîmé, recopiez-le : {}"),
    (
        "{} pictures of {} x {} pixels, more than {} in all: split it",
        "{} images de {} x {} pixels, plus de {} en tout : divisez-le",
    ),
    ("cannot be listed: there is no such object", "impossible à lister : cet objet n’existe pas"),
    ("its header cannot be read: {}", "son en-tête est illisible : {}"),
    ("cannot be written as {}: {}", "ne peut pas être écrit en {} : {}"),
    ("cannot be read: {}", "est illisible : {}"),
    (
        "is empty (0 bytes), a picture or video was expected",
        "est vide (0 octet), une image ou une vidéo était attendue",
    ),
    (
        "its header gives no size ({} x {}): copy it again",
        "son en-tête ne donne pas de taille ({} x {}) : recopiez-le",
    ),
    (
        "{} x {} pixels, more than the limit of {}: scale it down, or raise the limit "
        "(--max-pixels)",
        "{} x {} pixels, plus que la limite de {} : réduisez-le, ou relevez la limite "
        "(--max-pixels)",
    ),
    ("holds {} of its {} frames, it is cut short", "n’a que {} de ses {} images, il est tronqué"),
    ("holds only sound, a video was expected", "ne contient que du son, pas de vidéo"),
    ("holds no video stream, a video was expected", "ne contient aucun flux vidéo"),
    ("holds {}, a video was expected", "contient {}, une vidéo était attendue"),
    (
        "its video codec is not known: convert it, to H.264 for example",
        "son codec vidéo est inconnu : convertissez-la, en H.264 par exemple",
    ),
    (
        "frame of {} cannot be turned to yuv420p",
        "image en {} impossible à convertir en yuv420p",
    ),
    (
        "{} pixels, H.264 holds {} each way: scale it down",
        "{} pixels, H.264 en tient {} de chaque côté : réduisez-la",
    ),
    (
        "its header claims {} samples, {} are the limit: it is damaged, copy it again, or cut it "
        "into parts",
        "son en-tête annonce {} échantillons, la limite est de {} : il est abîmé, recopiez-le, ou "
        "coupez-le en parties",
    ),
    (
        "holds no complete frame: it is cut short, copy it again",
        "ne contient aucune image complète : il est tronqué, recopiez-le",
    ),
    (
        "its frames are {} years apart, {} are the limit: its header is damaged, copy it again or "
        "convert it",
        "ses images sont à {} ans d’écart, la limite est de {} : son en-tête est abîmé, "
        "recopiez-le ou convertissez-le",
    ),
    (
        "has more than {} frames; cut it into parts",
        "a plus de {} images ; coupez-le en parties",
    ),
    ("none of its frames could be decoded", "aucune de ses images n’a pu être décodée"),
    ("none of its frames can be decoded", "aucune de ses images ne peut être décodée"),
    ("was encoded with other settings", "a été encodé avec d’autres réglages"),
    (
        "{} faces in a frame; the {} largest were kept",
        "{} visages dans une image ; les {} plus grands ont été gardés",
    ),
    ("the frame cannot be decoded", "l’image ne peut pas être décodée"),
    ("frame {}: cannot be turned to grey: {}", "image {} : conversion en gris impossible : {}"),
    (
        "frame {} at {} ms: the decoder gave no picture for it, the file is damaged there",
        "image {} à {} ms : le décodeur n’en a rien tiré, le fichier y est abîmé",
    ),
    (
        "sound track {}: more than {} hours of silence lie before or between its sounds, it ends "
        "there",
        "piste sonore {} : plus de {} heures de silence avant ou entre ses sons, elle finit là",
    ),
    ("it has no annotated copy: {}", "il n’a pas de copie annotée : {}"),
    ("its annotated copy is not complete: {}", "sa copie annotée est incomplète : {}"),
    ("{} of {} frames could not be decoded", "{} images sur {} n’ont pas pu être décodées"),
    (
        "sound track {}: its codec is not known, it is left out",
        "piste sonore {} : son codec est inconnu, elle est omise",
    ),
    (
        "sound track {}: no {} packet could be decoded",
        "piste sonore {} : aucun paquet {} n’a pu être décodé",
    ),
    (
        "changed while it was read, or still grows: run again once it is complete",
        "a changé pendant la lecture, ou grandit encore : relancez quand il sera complet",
    ),
    (
        "it takes more memory than there is: convert it, or leave it out",
        "il demande plus de mémoire qu’il n’y en a : convertissez-le, ou laissez-le de côté",
    ),
    (
        "it cannot be analysed ({}): convert it, or leave it out",
        "il ne peut pas être analysé ({}) : convertissez-le, ou laissez-le de côté",
    ),
    (
        "it cannot be read, and others can ({}): copy it again, check the disk",
        "il est illisible, et d’autres non ({}) : recopiez-le, vérifiez le disque",
    ),
    ("its decoder hung for {} s", "son décodeur est resté bloqué {} s"),
    ("its decoder crashed with {}", "son décodeur a planté avec {}"),
    ("its decoder ended its process with {}", "son décodeur a quitté avec le code {}"),
    (
        "reading it was killed twice, perhaps because memory ran out",
        "sa lecture a été tuée deux fois, peut-être faute de mémoire",
    ),
    (
        "reading it took more than {} GB of memory (FERBEAM_MEMORY_GB)",
        "sa lecture a pris plus de {} Go de mémoire (FERBEAM_MEMORY_GB)",
    ),
    (
        "a link that leads back to {}: listed there",
        "un lien qui ramène à {} : listé là-bas",
    ),
    (
        "lies more than {} folders deep: move it up, or name it as INPUT",
        "est à plus de {} dossiers de profondeur : remontez-le, ou donnez-le comme INPUT",
    ),
    (
        "a part of its path is empty, `.` or `..`: rename it, or name its folder as INPUT",
        "une partie de son chemin est vide, `.` ou `..` : renommez-le, ou donnez son dossier "
        "comme INPUT",
    ),
    (
        "a part of its name is empty: a//b; rename it",
        "une partie de son nom est vide : a//b ; renommez-le",
    ),
    (
        "would be named {}, as another file is: rename one",
        "s’appellerait {}, comme un autre fichier : renommez-en un",
    ),
    (
        "is no file but a device, pipe, socket or folder",
        "n’est pas un fichier mais un périphérique, un tube, un socket ou un dossier",
    ),
    (
        "the disk refuses the name of its file ({}); rename it",
        "le disque refuse le nom de son fichier ({}) ; renommez-le",
    ),
    ("No such file or directory", "fichier ou dossier inexistant"),
    ("Permission denied", "accès refusé"),
    ("Input/output error", "erreur d’entrée-sortie"),
)


def in_french(medium: str, message: str) -> str:
    """Returns the reason of a failure in French; what is not known stays as it is.

    Args:
        medium: its name, which the reason may begin with.
        message: as in the table `failures`.
    """
    start = f"{medium}: "
    if message.startswith(start):
        return f"{medium}{NO_BREAK}: {in_french('', message[len(start) :])}"
    for pattern, french in _patterns():
        if found := pattern.fullmatch(message):
            return french.format(*(in_french("", part) for part in found.groups()))
    return message


def break_not(french: str) -> str:
    """Returns French words whose lines do not break before a mark."""
    return BEFORE_MARKS.sub(NO_BREAK, french)


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(re.escape(english).replace(r"\{\}", "(.+?)"), re.DOTALL), break_not(french))
        for english, french in FRENCH
    ]
