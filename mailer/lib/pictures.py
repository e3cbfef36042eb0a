"""From whatever somebody uploads to a picture that a mail can show.

Decided by the bytes, never by the name; decoded and written again, so that nothing of the
upload survives but the pixels: no EXIF (which tells where a photograph was taken), no
scripts, no second file behind the first. SVG is refused: it runs scripts, and mail clients
do not show it. WebP becomes JPEG or PNG, because Outlook shows neither WebP nor AVIF.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps, ImageSequence, UnidentifiedImageError

from mailer.errors import Invalid

MOST_BYTES: Final = 15 * 1024 * 1024
#: A photograph of a good camera; decoded it takes four bytes for each.
_MOST_PIXELS: Final = 40_000_000
_TOO_LARGE: Final = f"This picture has more than {_MOST_PIXELS // 1_000_000} million pixels."
#: Of all frames of an animation together, which are all decoded.
_MOST_FRAME_PIXELS: Final = 60_000_000
_MOST_FRAMES: Final = 300
#: As wide as nearly every mail.
USUAL_WIDTH: Final = 600
#: Screens of phones have two pixels or three where a mail says one; three are not told from two.
_DENSITY: Final = 2
_THUMBNAIL: Final = (320, 240)
_JPEG_QUALITY: Final = 82

#: How each begins, and what it is called.
_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_ENDINGS: Final = {"PNG": "png", "JPEG": "jpg", "GIF": "gif"}
MIME_TYPES: Final = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif"}


@dataclass(frozen=True)
class Prepared:
    """A picture as it is kept.

    :param ending: ``png``, ``jpg`` or ``gif``
    :param width: pixels that it has; shown at half of it, it is sharp on every screen
    :param thumbnail: a small JPEG or PNG for lists
    """

    data: bytes
    ending: str
    width: int
    height: int
    thumbnail: bytes
    thumbnail_ending: str


def prepare(data: bytes, *, shown_width: int = USUAL_WIDTH) -> Prepared:
    """Return an uploaded picture as a mail can show it.

    :param shown_width: how wide it will stand in the mail; more than twice of it is not kept
    :raises Invalid: it is no picture that mails can show, or too large a one
    """
    if len(data) > MOST_BYTES:
        raise Invalid(f"This picture has more than {MOST_BYTES // 1024 // 1024} MB.")
    kind = _kind_of(data)
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as image:
            _check_size(image)
            is_animated = kind == "GIF" and getattr(image, "n_frames", 1) > 1
            written = _animation(image, shown_width) if is_animated else _still(image, kind, shown_width)
    except Image.DecompressionBombError:
        raise Invalid(_TOO_LARGE) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Invalid("This picture cannot be read; it may be damaged.") from error
    return written


def _kind_of(data: bytes) -> str:
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    head = data[:1_000].lstrip().lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        raise Invalid("Mail programs do not show SVG; save the picture as PNG.")
    raise Invalid("This is no picture that mails can show; use PNG, JPEG, GIF or WebP.")


def _check_size(image: Image.Image) -> None:
    """Refuse a bomb by what its header says, before a pixel of it is decoded."""
    width, height = image.size
    if not width or not height or width * height > _MOST_PIXELS:
        raise Invalid(_TOO_LARGE)


def _still(image: Image.Image, kind: str, shown_width: int) -> Prepared:
    most = shown_width * _DENSITY
    if kind == "JPEG":
        # Decodes at an eighth, a quarter or a half where that is enough.
        image.draft("RGB", (most, most * image.height // image.width))
    # By what EXIF says of the camera's position, before it is forgotten.
    picture = _in_srgb(ImageOps.exif_transpose(image))
    has_alpha = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
    picture = picture.convert("RGBA" if has_alpha else "RGB") if picture.mode != "L" else picture
    picture = _narrowed(picture, most)
    ending = "png" if kind in {"PNG", "GIF"} or has_alpha else "jpg"
    thumbnail = picture.copy()
    thumbnail.thumbnail(_THUMBNAIL)
    small = "png" if has_alpha else "jpg"
    return Prepared(
        _written(picture, ending), ending, *picture.size, _written(thumbnail, small), thumbnail_ending=small
    )


def _animation(image: Image.Image, shown_width: int) -> Prepared:
    count = getattr(image, "n_frames", 1)
    if count > _MOST_FRAMES or count * image.width * image.height > _MOST_FRAME_PIXELS:
        raise Invalid("This animation has too many pictures; cut it, or make it smaller.")
    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        durations.append(frame.info.get("duration", 100))
        frames.append(_narrowed(frame.convert("RGBA"), shown_width * _DENSITY))
    kept = BytesIO()
    frames[0].save(
        kept,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=image.info.get("loop", 0),
        disposal=2,
        optimize=True,
    )
    thumbnail = frames[0].copy()
    thumbnail.thumbnail(_THUMBNAIL)
    return Prepared(kept.getvalue(), "gif", *frames[0].size, _written(thumbnail, "png"), "png")


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Return the picture in the colours that clients assume when a file says nothing of them."""
    profile = picture.info.get("icc_profile")
    if picture.mode == "CMYK" or profile:
        try:
            source: Any = ImageCms.ImageCmsProfile(BytesIO(profile)) if profile else None
            if source is not None and picture.mode in {"RGB", "RGBA", "CMYK", "L"}:
                mode = "RGBA" if picture.mode == "RGBA" else "RGB"
                changed = ImageCms.profileToProfile(
                    picture, source, ImageCms.createProfile("sRGB"), outputMode=mode
                )
                picture = changed if changed is not None else picture
        except (ImageCms.PyCMSError, OSError, ValueError):
            # A broken profile; the colours are as good as they get.
            pass
    return picture.convert("RGB") if picture.mode in {"CMYK", "YCbCr", "LAB", "HSV", "I", "F"} else picture


def _narrowed(picture: Image.Image, most: int) -> Image.Image:
    if picture.width <= most:
        return picture
    height = max(1, round(picture.height * most / picture.width))
    return picture.resize((most, height), Image.Resampling.LANCZOS)


def _written(picture: Image.Image, ending: str) -> bytes:
    # A picture without the info that it was read with, so that none of it is written.
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    kept = BytesIO()
    if ending == "png":
        bare.save(kept, "PNG", optimize=True)
    else:
        bare.convert("L" if bare.mode == "L" else "RGB").save(
            kept, "JPEG", quality=_JPEG_QUALITY, optimize=True, progressive=True
        )
    return kept.getvalue()
