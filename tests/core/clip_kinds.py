"""A clip of each kind of container and codec, whose frames are read in their own ways."""

from __future__ import annotations

from fractions import Fraction

from tests.core.clips import Clip

X264 = {"x264-params": "bframes=3:open-gop=1:scenecut=0:threads=1"}
X265 = {"x265-params": "bframes=3:open-gop=1:log-level=none:pools=1:frame-threads=1"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "16", "auto-alt-ref": "1"}
UNEVEN = tuple(number * 2 + (number % 3 == 1) for number in range(150))

CLIPS = {
    "open_gop.mp4": Clip(options=X264, gop=30),
    "open_gop.ts": Clip(options=X264, gop=30),
    "uneven.mp4": Clip(options=X264, rate=24, ticks=UNEVEN),
    "vp9.webm": Clip(codec="libvpx-vp9", options=VP9),
    "odd.webm": Clip(codec="libvpx-vp9", options=VP9, size=(101, 67)),
    "mpeg4.avi": Clip(codec="mpeg4"),
    "b_frames.avi": Clip(codec="mpeg4", options={"bf": "2"}),
    "no_times.avi": Clip(options=X264),
    "mpeg2.mpg": Clip(codec="mpeg2video", rate=25, options={"bf": "2"}),
    "hevc.mp4": Clip(codec="libx265", options=X265),
    "late.mkv": Clip(options=X264, start_s=Fraction(7, 2)),
    "late.ts": Clip(options=X264, start_s=Fraction(7, 2)),
    "sound_first.mp4": Clip(options=X264, start_s=Fraction(1, 2), sound_s=3),
    "sound_first.mkv": Clip(options=X264, start_s=Fraction(1, 2), sound_s=3),
    "one_key.mp4": Clip(options=X264, gop=1000),
    "intra_refresh.mp4": Clip(options={"x264-params": "intra-refresh=1:bframes=0:threads=1"}),
    "rotated.mp4": Clip(options=X264, rotation=90),
    "cut.mp4": Clip(options=X264, container={"movflags": "faststart"}),
    "cut.webm": Clip(codec="libvpx-vp9", options=VP9),
}
