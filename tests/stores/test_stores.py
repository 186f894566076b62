"""What a store does on its own: single PUTs, listings, and errors that say what is wrong."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from fer_core.errors import ForeignError, SettingsError, UsageError
from fer_core.records import Failure
from ferbeam.analysis.elements import Medium
from ferbeam.analysis.list_media import list_input, list_media
from ferbeam.output import lock as locking
from ferbeam.output.commit_watch import ROWS_OF_MEDIA, watch_commits
from ferbeam.output.folder import Output
from ferbeam.output.lock import locked
from ferbeam.output.tables import COUNTS_KEY
from ferbeam.settings import Picks
from ferbeam.stores import store_of
from ferbeam.stores.sources import open_source
from ferbeam.stores.store import StoreError
from tests.stores.servers import Server


def test_an_object_is_written_found_read_and_removed(server: Server) -> None:
    uri, store = server.uri("own", "é +%41 [x].bin"), store_of(server.uri())
    assert store.find(uri) is None
    store.write(uri, b"0123456789")
    found = store.find(uri)
    assert found is not None
    assert found.size == 10
    assert [each.uri for each in store.list(server.uri("own", ""))] == [uri]
    assert store.read(found, 3, 7) == b"3456"
    store.remove([uri, server.uri("own", "nothing")])
    assert store.find(uri) is None


def test_what_is_put_in_place_stays_known_as_ours(server: Server) -> None:
    output = Output(server.uri("placed"))
    aside, place = output.made_path("0" * 32, "annotated/é.png"), output.path("annotated/é.png")
    output.write(aside, b"covered")
    output.move(aside, place)
    assert not output.exists(aside)
    assert output.read(place) == b"covered"
    assert output.wrote(place)
    store_of(place).write(place, b"theirs")
    output.write(aside, b"covered")
    with pytest.raises(ForeignError, match=r"annotated/é\.png, which is not ferbeam's"):
        output.move(aside, place)
    assert output.read(place) == b"theirs"


def test_a_list_may_name_objects(server: Server, tmp_path: Path) -> None:
    store = store_of(server.uri())
    for name in ("listed/a.jpg", "listed/b.mp4"):
        store.write(server.uri(name), b"x")
    uris = [server.uri("listed", name) for name in ("b.mp4", "gone.jpg", "a.jpg")]
    (tmp_path / "here.png").write_bytes(b"x")
    (tmp_path / "list").write_text("\n".join([*uris, "here.png"]))
    listing = list_input(str(tmp_path / "list"), Picks(is_list=True, exclude=("a.*",)))
    assert [m.name for m in listing.media] == ["media/listed/b.mp4", "here.png"]
    assert [failure.media for failure in listing.failures] == ["media/listed/gone.jpg"]
    store.write(server.uri("lists", "of.txt"), "\n".join(uris).encode())
    listing = list_input(server.uri("lists", "of.txt"), Picks(is_list=True))
    assert [m.path for m in listing.media] == [uris[0], uris[2]]
    listing = list_input(server.uri("listed"), Picks(include=("*.jpg",)))
    assert [m.name for m in listing.media] == ["a.jpg"]


def test_empty_and_large_files_keep_their_bytes(server: Server, tmp_path: Path) -> None:
    store, path = store_of(server.uri()), tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 40_000)  # larger than one part of any upload
    store.upload(str(path), server.uri("own", "large"))
    store.write(server.uri("own", "empty"), b"")
    large, empty = store.find(server.uri("own", "large")), store.find(server.uri("own", "empty"))
    assert large is not None
    assert empty is not None
    assert store.read(large, 0, large.size) == path.read_bytes()
    assert empty.size == 0
    assert large.identity != empty.identity


def test_what_is_written_again_has_another_identity(server: Server) -> None:
    store, uri = store_of(server.uri()), server.uri("own", "twice")
    store.write(uri, b"one")
    before = store.find(uri)
    store.write(uri, b"two")
    after = store.find(uri)
    assert before is not None
    assert after is not None
    assert before.identity != after.identity
    if server.scheme == "s3":  # the emulator of the other gives the newest, whichever is asked for
        with pytest.raises(StoreError, match="changed while it was read"):
            store.read(before, 0, 3)


def test_a_bucket_that_does_not_exist_is_said_so(server: Server) -> None:
    uri = f"{server.scheme}://nobody/in"
    for ask in (list, lambda found: next(found)):
        with pytest.raises(StoreError, match=r"in/?: the bucket does not exist"):
            ask(list_media(uri))
    with pytest.raises(StoreError, match="the bucket does not exist") as raised:
        store_of(uri).write(uri, b"x")
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def names_of(root: str) -> list[str]:
    """Lists the names of the media of an INPUT."""
    return [medium.name for medium in list_media(root) if isinstance(medium, Medium)]


def test_folders_globs_and_single_files_mean_what_they_do_on_a_disk(server: Server) -> None:
    root, store = server.uri("tree"), store_of(server.uri())
    hidden = (".hidden.png", "a/..up.png", ".spans/x.png", "folder/")
    for name in ("b.PNG", "a/x.mp4", "a/y.jpg", "a/notes.txt", "[1].png", *hidden):
        store.write(f"{root}/{name}", b"x")
    store.write(server.uri("tree-2", "z.png"), b"x")
    assert names_of(root) == names_of(root + "/") == ["[1].png", "a/x.mp4", "a/y.jpg", "b.PNG"]
    assert names_of(f"{root}/a/x.mp4") == ["x.mp4"]
    assert names_of(f"{root}/[1].png") == ["[1].png"]
    assert names_of(f"{root}/*.PNG") == ["b.PNG"]
    assert names_of(f"{root}/**/*.mp4") == ["a/x.mp4"]
    assert sorted(names_of(server.uri("tree*", "*.png"))) == ["tree-2/z.png", "tree/[1].png"]
    with pytest.raises(UsageError, match="does not exist, or holds nothing"):
        names_of(server.uri("nothing"))


def test_a_name_with_an_empty_part_is_a_failure(server: Server) -> None:
    store_of(server.uri()).write(server.uri("odd", "a//b.png"), b"x")
    (failure,) = list_media(server.uri("odd"))
    assert isinstance(failure, Failure)
    assert "a part of its name is empty" in failure.message


def test_a_medium_that_is_gone_is_said_so(server: Server) -> None:
    gone = server.uri("gone.png")
    with pytest.raises(FileNotFoundError, match="INPUT changed: this is gone"), open_source(gone):
        pass


@pytest.mark.parametrize("running", ["s3"], indirect=True)
def test_of_many_at_once_one_creates_an_object(server: Server) -> None:
    """The emulator of Cloud Storage knows no conditions: there, that is not tested."""
    uri, store = server.uri("own", "created"), store_of(server.uri())
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda at: store.create(uri, bytes([at])), range(8)))
    assert sum(created) == 1
    found = store.find(uri)
    assert found is not None
    assert store.read(found, 0, 1) == bytes([created.index(True)])


def test_one_command_at_a_time_writes_into_a_store(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(server.uri("locked"))
    with locked(output):
        if server.scheme == "s3":
            with pytest.raises(SettingsError, match="is writing into it"), locked(output):
                pass
        monkeypatch.setattr(locking, "STALE_SECONDS", 0.0)  # as if its owner were long gone
        with locked(output):
            assert output.exists(output.path(".lock"))
    assert not output.exists(output.path(".lock"))


def test_how_far_a_run_is_is_known_whatever_else_it_has_left_below_the_spans(
    server: Server,
) -> None:
    output, key = Output(server.uri("watched")), "a" * 32
    watch = watch_commits(output)
    output.write_json(output.plan_path("b" * 32), {"media": [], "listed": 2, "spans": {key: 4}})
    output.write(output.path(ROWS_OF_MEDIA, f"{'b' * 32}-{'0' * 8}.parquet"), b"rows")
    counts = {COUNTS_KEY.decode(): json.dumps({"frames": 4, "faces": 3})}
    output.write_table(output.span_path(key), pa.table({"n": [1]}), counts)
    watch.look()
    assert (watch.opened, watch.done, watch.frames, watch.faces, watch.written) == (2, 1, 4, 3, 1)
