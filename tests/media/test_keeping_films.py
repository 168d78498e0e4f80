"""Videos and recordings from upload to what a shop sees: limits by kind, a queue of their own, captions, addresses (T-13, T-17)."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from tests.media import clips, vectors
from ugc import worker
from ugc.galleries import render
from ugc.kit import jobs as kit_jobs
from ugc.library.models import ItemMedia
from ugc.media import actions, captions, jobs, queries, rules
from ugc.media.models import File, FileKind, FileState, Role
from ugc.runtime import Runtime

VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"


def kept(runtime: Runtime, session: Session, data: bytes, name: str = "clip.mp4") -> File:
    """The file of an upload."""
    with actions.receive(runtime, io.BytesIO(data), name) as received:
        return actions.keep(runtime, session, make.brand(session).id, received)[0]


def finish(runtime: Runtime, session: Session, file: File) -> File:
    """Run the file's job on what the test's session has written."""
    session.commit()
    jobs.make_renditions(runtime, brand_id=file.brand_id, file_id=file.id)
    session.expire_all()
    return queries.get_file(session, file.brand_id, file.id)


def queue_of(session: Session, file: File) -> str:
    """Where a file's job waits."""
    found = session.execute(
        text("select queue_name from procrastinate_jobs where task_name = 'media.make_renditions' and args ->> 'file_id' = :id"),
        {"id": str(file.id)},
    ).scalar_one()
    return str(found)


def test_a_video_is_kept_with_what_it_is_and_waits_in_a_queue_of_its_own(runtime: Runtime, session: Session) -> None:
    film, photo = kept(runtime, session, clips.clip()), kept(runtime, session, vectors.jpeg(64, 64), "x.jpg")
    assert (film.kind, film.format, film.width, film.height, film.has_sound) == (FileKind.VIDEO, "mp4", 320, 180, True)
    assert film.duration_ms == pytest.approx(2000, abs=60)
    assert (queue_of(session, film), queue_of(session, photo)) == (kit_jobs.FILMS, "media")


def test_the_job_stores_poster_video_and_preview(runtime: Runtime, session: Session) -> None:
    file = finish(runtime, session, kept(runtime, session, clips.clip()))
    assert (file.state, file.error) == (FileState.READY, "")
    assert {each.name for each in file.renditions if each.role is not Role.PICTURE} == {"video.mp4", "preview.mp4"}
    assert file.measures["sharpness"] > 0
    assert file.perceptual_hash
    for each in file.renditions:
        assert len(runtime.storage.read(rules.rendition_key(file.public_name, each.name))) == each.size


def test_a_recording_keeps_its_peaks_and_has_no_hash_to_be_compared_by(runtime: Runtime, session: Session) -> None:
    file = finish(runtime, session, kept(runtime, session, clips.recording(), "voice.mp3"))
    assert (file.kind, file.width, file.height, file.perceptual_hash) == (FileKind.AUDIO, 1280, 720, None)
    assert max(file.measures["peaks"]) == 100
    assert {each.name for each in file.renditions if each.role is not Role.PICTURE} == {"audio.m4a"}


def test_T_13_each_kind_has_a_limit_of_its_own(runtime: Runtime) -> None:
    film = clips.clip(width=640, height=360)
    small = replace(runtime, settings=replace(runtime.settings, max_upload_mb=1, max_video_mb=2))
    padded = film + b"\0\0\0\0free" + bytes(1_500_000)
    assert actions.receive(small, io.BytesIO(padded), "x").found.kind == "video"
    with pytest.raises(rules.FileTooLarge) as refused:
        actions.receive(small, io.BytesIO(film + bytes(2 * 1024**2)), "x")
    assert refused.value.facts["limit_bytes"] == 2 * 1024**2
    with pytest.raises(rules.FileTooLarge) as refused:
        actions.receive(small, io.BytesIO(vectors.jpeg(64, 64) + bytes(1_500_000)), "x")
    assert refused.value.facts["limit_bytes"] == 1024**2


def test_the_longest_video_is_a_setting(runtime: Runtime) -> None:
    short = replace(runtime, settings=replace(runtime.settings, max_video_seconds=1))
    with pytest.raises(rules.TooLong):
        actions.receive(short, io.BytesIO(clips.clip(seconds=3)), "x")


def test_captions_stay_when_the_copies_are_made_anew_and_move_with_them(runtime: Runtime, session: Session) -> None:
    file = kept(runtime, session, clips.clip())
    actions.add_captions(runtime, session, file, captions.read_captions(VTT), "en")
    actions.add_captions(runtime, session, file, captions.read_captions(VTT.replace(b"Hello", b"Hallo")), "de")
    file = finish(runtime, session, file)
    actions.ask_again(session, file.brand_id, file.id)
    file = finish(runtime, session, file)
    old = file.public_name
    actions.hide(runtime, session, file)
    session.commit()
    jobs.hide_file(runtime, brand_id=file.brand_id, file_id=file.id, old_name=old, new_name=file.public_name)
    assert {each.name for each in file.renditions if each.role is Role.CAPTIONS} == {"captions-en.vtt", "captions-de.vtt"}
    assert b"Hallo" in runtime.storage.read(rules.rendition_key(file.public_name, "captions-de.vtt"))


def test_captions_sent_again_take_the_place_of_the_old_ones(runtime: Runtime, session: Session) -> None:
    file = kept(runtime, session, clips.clip())
    for word in (b"Hello", b"Good day"):
        actions.add_captions(runtime, session, file, captions.read_captions(VTT.replace(b"Hello", word)), "en")
    assert [each.name for each in file.renditions] == ["captions-en.vtt"]
    assert b"Good day" in runtime.storage.read(rules.rendition_key(file.public_name, "captions-en.vtt"))


def test_a_gallery_names_the_poster_first_and_then_what_plays(runtime: Runtime, session: Session) -> None:
    file = kept(runtime, session, clips.clip())
    actions.add_captions(runtime, session, file, captions.read_captions(VTT), "en")
    file = finish(runtime, session, file)
    shown = render.media_json(ItemMedia(file=file, alt=""), "http://ugc.test")
    assert (shown["type"], shown["duration"], shown["sound"]) == ("video", pytest.approx(2, abs=0.1), True)
    roles = [each.get("role", "still") for each in shown["renditions"]]
    assert roles == ["still"] * roles.count("still") + ["video", "preview", "captions"]
    film, caption = shown["renditions"][-3], shown["renditions"][-1]
    assert film == {
        "role": "video", "type": "video/mp4", "width": 320, "height": 180, "url": f"http://ugc.test/media/{file.public_name}/video.mp4",
    }  # fmt: skip
    assert (caption["type"], caption["language"]) == ("text/vtt", "en")


def test_a_gallery_names_the_loop_of_an_animated_picture_apart_from_its_stills(runtime: Runtime, session: Session) -> None:
    file = finish(runtime, session, kept(runtime, session, vectors.moving_gif(320, 240, 6), "x.gif"))
    shown = render.media_json(ItemMedia(file=file, alt=""), "http://ugc.test")
    assert shown["loop"] == f"http://ugc.test/media/{file.public_name}/loop-320.webp"
    assert not [each for each in shown["renditions"] if "loop" in each["url"]]


def test_a_picture_in_a_gallery_is_as_it_was(session: Session) -> None:
    shown = render.media_json(ItemMedia(file=make.file(session, make.brand(session)), alt=""), "http://ugc.test")
    assert shown["type"] == "image"
    assert not {"duration", "loop"} & set(shown)
    assert all("role" not in each for each in shown["renditions"])


def test_a_worker_takes_videos_from_their_queue(live: Runtime) -> None:
    with live.transaction() as session:
        file = kept(live, session, clips.clip(seconds=1))
        brand_id, file_id = file.brand_id, file.id
    assert worker.run_brand(live, brand_id, wait=False)
    with live.sessions() as session:
        assert queries.get_file(session, brand_id, file_id).state is FileState.READY
