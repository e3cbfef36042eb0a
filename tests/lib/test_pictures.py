import zlib
from io import BytesIO

import pytest
from PIL import Image

from mailer.errors import Invalid
from mailer.lib.pictures import prepare
from tests.factories import picture_bytes


def opened(data):
    return Image.open(BytesIO(data))


def with_exif():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "canary camera"
    exif.get_ifd(0x8825)[2] = (51.0, 22.0, 33.0)
    return picture_bytes(80, 40, "JPEG", exif=exif, comment=b"canary comment")


def chunk(kind, data):
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def png_bomb():
    """A few bytes that say they are 50,000 by 50,000."""
    head = (50_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def animation(frames, size=(20, 20)):
    kept = BytesIO()
    pictures = [Image.new("RGB", size, (number % 250, number // 250, 0)) for number in range(frames)]
    pictures[0].save(kept, "GIF", save_all=True, append_images=pictures[1:], duration=70, loop=0)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("data", "ending", "size"),
    [
        (picture_bytes(40, 30, "PNG"), "png", (40, 30)),
        (picture_bytes(40, 30, "PNG", mode="RGBA", color=(1, 2, 3, 4)), "png", (40, 30)),
        (picture_bytes(40, 30, "PNG", mode="P", color=3), "png", (40, 30)),
        (picture_bytes(40, 30, "PNG", mode="I;16", color=300), "png", (40, 30)),
        (picture_bytes(40, 30, "JPEG"), "jpg", (40, 30)),
        (picture_bytes(40, 30, "JPEG", mode="L", color=9), "jpg", (40, 30)),
        (picture_bytes(40, 30, "JPEG", mode="CMYK", color=(0, 9, 9, 9)), "jpg", (40, 30)),
        (picture_bytes(40, 30, "GIF"), "png", (40, 30)),
        (picture_bytes(40, 30, "WEBP"), "jpg", (40, 30)),
        (picture_bytes(40, 30, "WEBP", mode="RGBA", color=(1, 2, 3, 4)), "png", (40, 30)),
        (picture_bytes(3_000, 1_500, "JPEG"), "jpg", (1_200, 600)),
        (picture_bytes(2_000, 10, "PNG"), "png", (1_200, 6)),
    ],
)
def test_a_picture_becomes_what_mails_show(data, ending, size):
    made = prepare(data)

    assert (made.ending, (made.width, made.height)) == (ending, size)
    assert opened(made.data).size == size
    assert opened(made.data).format == {"png": "PNG", "jpg": "JPEG"}[ending]
    assert max(opened(made.thumbnail).size) <= 320


def test_it_is_as_wide_as_twice_the_width_that_it_is_shown_at():
    assert prepare(picture_bytes(900, 90), shown_width=120).width == 240


def test_nothing_but_the_pixels_is_kept_and_they_stand_upright():
    made = prepare(with_exif() + b"<script>canary after the end</script>")

    assert (made.width, made.height) == (40, 80)
    assert b"canary" not in made.data + made.thumbnail
    assert not opened(made.data).getexif()
    assert "icc_profile" not in opened(made.data).info


def test_an_animation_stays_one():
    made = prepare(animation(5, size=(1_400, 20)))

    assert made.ending == "gif"
    assert made.width == 1_200
    assert opened(made.data).n_frames == 5
    assert opened(made.data).info["duration"] == 70


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no picture"),
        (b"GIF89a", "cannot be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"<html><script>alert(1)</script></html>", "no picture"),
        (b"%PDF-1.7", "no picture"),
        (picture_bytes(9, 9, "BMP"), "no picture"),
        (picture_bytes(9, 9, "TIFF"), "no picture"),
        (picture_bytes(40, 30, "JPEG")[:200], "cannot be read"),
        (picture_bytes(40, 30, "PNG")[:60], "cannot be read"),
        (b"\x89PNG\r\n\x1a\n" + b"<script>alert(1)</script>", "cannot be read"),
        (png_bomb(), "million pixels"),
        (animation(301), "too many pictures"),
        (animation(40, size=(1_500, 1_100)), "too many pictures"),
        (b"\xff\xd8\xff" + b"x" * (15 * 1024 * 1024), "15 MB"),
    ],
    ids=lambda value: str(value[:12]),
)
def test_what_mails_cannot_show_is_refused(data, says):
    with pytest.raises(Invalid, match=says):
        prepare(data)
