"""Draws one picture anew: from stdin to stdout, 1,600 pixels at most, without what is written in it beside the pixels
(where and when it was taken, and by which camera). Run as a program of its own, with little memory and time, since the
picture may be made to break whatever reads it. Exactly its pixels and how it is turned are taken over.

Ends with 0, or with 2 where it is no such picture, or with 3 where it has too many pixels.
"""

import io
import resource
import sys
import warnings

MEMORY = 1_500_000_000
SECONDS = 20
LONGEST_SIDE = 1_600
MOST_PIXELS = 40_000_000
NO_PICTURE, TOO_MANY_PIXELS = 2, 3


def limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def redrawn(sent: bytes, kind: str) -> bytes:
    """`kind` is JPEG, PNG or HEIF; a HEIF becomes a JPEG."""
    from PIL import Image, ImageOps

    if kind == "HEIF":
        from pillow_heif import register_heif_opener

        register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        picture = Image.open(io.BytesIO(sent), formats=[kind])
    except Image.DecompressionBombError:
        sys.exit(TOO_MANY_PIXELS)
    if picture.width * picture.height > MOST_PIXELS:
        sys.exit(TOO_MANY_PIXELS)
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is read smaller at once
    turned = ImageOps.exif_transpose(picture)
    mode = "RGBA" if kind == "PNG" and (turned.has_transparency_data or "A" in turned.mode) else "RGB"
    if turned.mode.startswith("I"):  # 16 bits of grey: converted as it is, all but black would come out white
        turned = turned.convert("I").point(lambda grey: grey / 256, "L")
    plain = turned.convert(mode)
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new(mode, plain.size)
    bare.paste(plain)
    file = io.BytesIO()
    if kind == "PNG":
        bare.save(file, "PNG")
    else:
        bare.save(file, "JPEG", quality=85)
    return file.getvalue()


def main() -> None:
    limit()
    warnings.simplefilter("ignore")
    sent = sys.stdin.buffer.read()
    try:
        made = redrawn(sent, sys.argv[1])
    except Exception:  # whatever is wrong with it
        sys.exit(NO_PICTURE)
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
