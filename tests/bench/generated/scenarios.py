"""What the generated clips show."""

from __future__ import annotations

from dataclasses import dataclass, replace

SIZES = {"": (640, 360), "_720p": (1280, 720), "_1080p": (1920, 1080)}
"""Width and height of a frame, by the ending of a scenario's name."""


@dataclass(frozen=True)
class Motion:
    """How heads move. They sway around their places and rest in between, as in an interview.

    Attributes:
        reach: how far a head sways to each side, in widths of the face.
        period_s: how long one sway takes.
        rest: share of the time in which a head is nearly still.
        jump_s: mean time between sudden moves, 0 for none.
        tilt: most degrees that a head leans to a side.
        tilt_period_s: time from one lean to the next, 0 where leaning goes with the sway.
    """

    reach: float = 0.35
    period_s: float = 5.0
    rest: float = 0.6
    jump_s: float = 0.0
    tilt: float = 8.0
    tilt_period_s: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """What a clip shows.

    Attributes:
        name: part of what the clip follows from, beside the seed.
        size: width and height of a frame in pixels.
        people: least and most faces of a scene.
        face: least and most width of a face, as a share of the frame's height.
        motion: how heads move.
        entering: whether people come and go.
        scenes: how many scenes the clip cuts between; 1 for no cut.
        backdrop: `room`, `textured` or `face_like`.
        decoys: things that look like faces and move.
        blur: most blur of a face, as the Gaussian's deviation in widths of the face.
        light: `even`, `changing`, `side` or `dark`.
        noise: deviation of the sensor's noise, of 255.
        encounter: what people do together, see `encounters`; empty for nothing.
    """

    name: str
    size: tuple[int, int] = SIZES[""]
    people: tuple[int, int] = (1, 1)
    face: tuple[float, float] = (0.25, 0.45)
    motion: Motion = Motion()
    entering: bool = False
    scenes: int = 1
    backdrop: str = "room"
    decoys: int = 0
    blur: float = 0.0
    light: str = "even"
    noise: float = 1.5
    encounter: str = ""


PAIR, GROUP = (1, 2), (2, 3)
MIDDLE, CROWD, FAR = (0.2, 0.35), (0.13, 0.2), (0.09, 0.14)
CALM = (
    Scenario("empty", people=(0, 0)),
    Scenario("calm_1"),
    Scenario("calm_3", people=(3, 3), face=MIDDLE, light="changing"),
    Scenario("calm_10", people=(10, 10), face=CROWD),
)
HARD = (
    Scenario("cuts", people=(0, 3), face=(0.15, 0.45), scenes=5),
    Scenario("entering", people=(3, 3), face=MIDDLE, entering=True, light="changing"),
    Scenario("fast", people=PAIR, face=MIDDLE, motion=Motion(reach=4, period_s=2.0, rest=0.2)),
    Scenario("sudden", people=GROUP, face=MIDDLE, motion=Motion(jump_s=1.5)),
    Scenario("tilted", people=PAIR, motion=Motion(tilt=30, tilt_period_s=7)),
    Scenario("blurred", people=PAIR, blur=0.15),
    Scenario("dark", people=PAIR, light="dark", noise=2.5),
    Scenario("side_light", people=PAIR, light="side"),
    Scenario("textured", people=GROUP, face=MIDDLE, backdrop="textured"),
    Scenario("face_like", people=PAIR, face=MIDDLE, backdrop="face_like", decoys=3),
    Scenario("small", people=GROUP, face=FAR),
)
SCENARIOS = {
    scenario.name + ending: replace(scenario, name=scenario.name + ending, size=size)
    for ending, size in SIZES.items()
    for scenario in (CALM + HARD if not ending else CALM)
}
"""By name: all in 640x360, the calm ones also with the ending `_720p` or `_1080p`."""

SWAY = Motion(reach=0.08, period_s=4.0, rest=0.3, tilt=5.0)
ENCOUNTERS = {
    scenario.name: scenario
    for scenario in (
        Scenario("crossing", people=(2, 2), face=(0.24, 0.3), motion=SWAY, encounter="crossing"),
        Scenario(
            "turning_back", people=(2, 2), face=(0.24, 0.3), motion=SWAY, encounter="turning_back"
        ),
        Scenario("back_soon", people=PAIR, face=MIDDLE, encounter="back_soon"),
        Scenario("back_late", people=PAIR, face=MIDDLE, encounter="back_late"),
        Scenario("together", people=(2, 2), face=MIDDLE, encounter="together"),
        Scenario("scene_cut", face=(0.25, 0.35), motion=SWAY, scenes=4, encounter="same_place"),
    )
}
"""By name: clips for which not only the faces but who they are is known to be hard."""
