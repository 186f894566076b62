"""What lets somebody in is neither kept nor printed; and a command is a line a shell takes back."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from fer_core.model import find_model_dir, load_card
from ferbeam.masking import mask_text, mask_words
from ferbeam.output.folder import Output
from ferbeam.output.run_facts import describe_run, gather_tables
from ferbeam.output.run_file import RUN_FILE, load_run, write_run
from ferbeam.shell_words import join_words, split_line
from ferbeam.terminal.failures import retry_command

WORDS = [
    ("--s3_secret_access_key=abc/+x", "--s3_secret_access_key=***"),
    ("--api-token=a b=c", "--api-token=***"),
    ("--DB_PASSWORD=x", "--DB_PASSWORD=***"),
    ("--azure_connection_string=A=b;C=d", "--azure_connection_string=***"),
    ("--options=AccountKey=abc==;x=y", "--options=AccountKey=***;x=y"),
    (
        '--environment_config={"env":{"AWS_SECRET_ACCESS_KEY":"a b","b":"c"}}',
        '--environment_config={"env":{"AWS_SECRET_ACCESS_KEY":***,"b":"c"}}',
    ),
    ("--proxy=http://me:pass@host:1/", "--proxy=http://***@host:1/"),
    ("s3://me:pass@bucket/x", "s3://***@bucket/x"),
    ("https://host/p?sv=1&sig=abc&se=2", "https://host/p?***"),
    ("https://host/p?X-Amz-Signature=abc", "https://host/p?***"),
    ("https://host/p?page=1", "https://host/p?page=1"),
    ("gs://bucket/key=5/x", "gs://bucket/key=5/x"),
    ("/data/token=3/a.mp4", "/data/token=3/a.mp4"),
    ("--redetect-ms=300", "--redetect-ms=300"),
    ("--runner=flink", "--runner=flink"),
]


@pytest.mark.parametrize(("word", "masked"), WORDS)
def test_a_secret_is_masked(word: str, masked: str) -> None:
    assert mask_words(["analyze", word]) == ["analyze", masked]
    assert mask_words([masked]) == [masked]


def test_a_secret_after_its_option_is_masked() -> None:
    words = ["--s3_access_key_id", "AKIA", "--runner", "x", "--token", "--more"]
    assert mask_words(words) == ["--s3_access_key_id", "***", *words[2:]]


def test_what_a_job_says_keeps_its_sense() -> None:
    said = "KeyError: 'fps'; unknown: ['--a_token=abc', '--b=1'] http://me:x@host/"
    masked = "KeyError: 'fps'; unknown: ['--a_token=***', '--b=1'] http://***@host/"
    assert mask_text(said) == masked


def test_nothing_secret_is_kept_in_a_run(tmp_path: Path) -> None:
    command = ["analyze", "s3://me:hidden@b/in", "out", "--", "--s3_secret_access_key=hidden"]
    card = load_card(find_model_dir())
    belongs_to = {"INPUT": "in", "model_sha256": card.sha256_for("litert")}
    spent = {"seconds": {"whole": 1.0}, "wall": {}, "counts": {}, "workers": 1}
    others = {**spent, "earlier": {"seconds": {}, "counts": {}}, "render": None, "span_s": 1.0}
    run = describe_run(command, belongs_to, card, 0.0, gather_tables([]), **others)
    mask = os.umask(0o077)
    try:
        write_run(Output(str(tmp_path)), run)
    finally:
        os.umask(mask)
    path = tmp_path / RUN_FILE
    assert "hidden" not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    again = retry_command(load_run(Output(str(tmp_path))).command)
    assert again is not None
    assert "hidden" not in again
    assert "'--s3_secret_access_key=***'" in again


def test_a_command_comes_back_from_a_shell() -> None:
    rng = random.Random(5)
    letters = "ab '\"\\$`!\n\x1b\x7f\x85\u202e\u200b\U000e0001é\udcff-=*~[;&|<>#{}(\t"
    for _ in range(25):
        lengths = (rng.randrange(9) for _ in range(3))
        words = ["ferbeam", *("".join(rng.choices(letters, k=length)) for length in lengths)]
        line = join_words(words)
        assert line.isprintable()
        assert len(split_line(line) or ()) == len(words)
        script = f"for word in {line}; do printf '%s\\0' \"$word\"; done"
        env = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
        told = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env=env)
        assert told.stdout == b"".join(os.fsencode(word) + b"\0" for word in words)


@pytest.mark.parametrize(
    "line",
    ["", "a; b", "a $(b)", "a `b`", "a  b", "a \x1b", "a > b", "'a", 'a "b c"', "a\nb", "~/x"],
)
def test_another_line_is_none_of_ours(line: str) -> None:
    assert split_line(line) is None
    assert retry_command(f"ferbeam analyze {line}") is None
