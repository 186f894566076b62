"""INPUT may not lie in OUTPUT, nor OUTPUT in INPUT, however either is spelled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fer_core.errors import UsageError
from ferbeam.stores.overlap import refuse_listed, refuse_overlap

OUT_IN_IN = "lies inside INPUT"
IN_IN_OUT = "lies inside it"
SAME = "is INPUT itself"


@pytest.mark.parametrize(
    ("source", "folder", "told"),
    [
        ("in", "in/out", OUT_IN_IN),
        ("in/", "./in/sub/../out/", OUT_IN_IN),
        ("in", "link/out", OUT_IN_IN),
        ("link", "in/out", OUT_IN_IN),
        ("in", "in", SAME),
        ("in", "link/", SAME),
        ("in/sub", "in", IN_IN_OUT),
        ("in/sub", "link", IN_IN_OUT),
        ("in/sub/a.jpg", "in", IN_IN_OUT),
        ("in/sub/*.jpg", "in", IN_IN_OUT),
        ("in/**/*.jpg", "in/out", OUT_IN_IN),
        ("in/*/*/*.jpg", "in/out", OUT_IN_IN),
        ("in/*/annotated/*", "link/out", OUT_IN_IN),
        ("in/*.jpg", "in/out", None),
        ("in/*/*.jpg", "in/out", None),
        ("in/sub/a.jpg", "in/sub/out", None),
        ("in", "input", None),
        ("in", "elsewhere/in", None),
        ("s3://b/x", "s3://b/x/", SAME),
        ("s3://b/x//", "s3://b/x/out", OUT_IN_IN),
        ("s3://b/x/y", "s3://b//x/", IN_IN_OUT),
        ("s3://b/x", "s3://b", IN_IN_OUT),
        ("s3://b/x/**", "s3://b/x/out", OUT_IN_IN),
        ("s3://b/x/*.mp4", "s3://b/x/out", None),
        ("s3://b/x", "s3://b/xy", None),
        ("s3://b/x", "gs://b/x", None),
        ("s3://b/x", "out", None),
    ],
)
def test_one_may_not_lie_in_the_other(
    source: str, folder: str, told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/sub/a.jpg").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    if told is None:
        refuse_overlap(source, folder, "OUTPUT")
        return
    with pytest.raises(UsageError, match=told):
        refuse_overlap(source, folder, "OUTPUT")


def test_links_in_input_that_lead_into_output_are_found(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "data/out"
    (output / "annotated").mkdir(parents=True)
    source.mkdir()
    for target in (output / "annotated", tmp_path / "data"):
        link = source / target.name
        link.symlink_to(target)
        with pytest.raises(UsageError, match="INPUT leads to"):
            refuse_listed(str(source), [str(link / "a.jpg")], str(output))
    refuse_listed(str(source), [str(source / "a.jpg")], str(output))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a name space for its own mounts")
def test_another_mount_of_what_lies_in_output_is_found(tmp_path: Path) -> None:
    (tmp_path / "out/annotated/a").mkdir(parents=True)
    (tmp_path / "mount").mkdir()
    code = (
        "from ferbeam.stores.overlap import refuse_overlap;"
        f"refuse_overlap('{tmp_path}/mount/a', '{tmp_path}/out', 'OUTPUT')"
    )
    script = f'mount --bind {tmp_path}/out/annotated {tmp_path}/mount; {sys.executable} -c "{code}"'
    command = ["unshare", "-rm", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"INPUT {tmp_path}/mount/a lies inside it" in done.stderr
