"""A policy document of any kind, read into lines and blocks that leave nothing out.

`load` is the door: it looks whether the file can be read at all and hands it to its reader. Plain
text goes to `plaintext`; a PDF becomes lines first (`pdf`); Word and Markdown become HTML first
(`html`), so that lists, tables and headings are read in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from bot.errors import BadDocument
from bot.policy import html, markdown, pdf, plaintext
from bot.policy.model import Block, Document

LARGEST = 20 * 1024 * 1024
SUFFIXES = (".txt", ".md", ".markdown", ".docx", ".pdf", ".html", ".htm")


def load(path: Path) -> Document:
    """The document at `path`; every non-blank line of its `lines` is in exactly one of its blocks.

    Raises BadDocument, one line that says what is wrong and what to do, where it cannot be read.
    """
    name = _one_line(path)
    data = _bytes(path, name)
    readers: dict[str, Callable[[bytes, str], Document]] = {
        ".txt": _from_text,
        ".md": _from_markdown,
        ".markdown": _from_markdown,
        ".docx": _from_docx,
        ".pdf": _from_pdf,
        ".html": _from_html,
        ".htm": _from_html,
    }
    try:
        document = readers[path.suffix.lower()](data, name)
    except BadDocument:
        raise
    except RecursionError as e:
        raise BadDocument(f"{name} is nested too deeply to be read: save it again as .docx") from e
    except Exception as e:  # the libraries raise anything on a damaged file
        raise BadDocument(
            f"{name} is damaged or not really a {path.suffix.lower()} file: "
            "open it, save it again and import that"
        ) from e
    if not any(line.strip() for line in document.lines):
        raise BadDocument(f"{name} has no text in it: check that it is the right file")
    return document


def _one_line(path: Path) -> str:
    return " ".join(str(path).split())


def _bytes(path: Path, name: str) -> bytes:
    suffix = path.suffix.lower()
    try:
        if not path.exists():
            raise BadDocument(f"{name} is not there: check the name of the file")
        if path.is_dir():
            raise BadDocument(f"{name} is a folder: name one document in it")
        if not path.is_file():
            raise BadDocument(f"{name} is not an ordinary file: name a document")
        if suffix not in SUFFIXES:
            kinds = ", ".join(SUFFIXES)
            raise BadDocument(f"{name} is not one of {kinds}: save the policy as one of these")
        size = path.stat().st_size
        if size > LARGEST:
            megabytes = size // (1024 * 1024)
            raise BadDocument(
                f"{name} is {megabytes} MB and the most is 20 MB: "
                "take the pictures out, or save the text alone"
            )
        data = path.read_bytes()
    except (OSError, ValueError) as e:
        reason = getattr(e, "strerror", None) or "bad file name"
        raise BadDocument(
            f"{name} cannot be read ({reason}): check the name and who may open it"
        ) from e
    if not data.strip():
        raise BadDocument(f"{name} is empty: check that it is the right file")
    for start, kind, ours in _SIGNATURES:
        if data.startswith(start) and suffix not in ours:
            if not ours:
                raise BadDocument(
                    f"{name} is {kind}: open it in Word, take off any password and save it as .docx"
                )
            raise BadDocument(f"{name} is really {kind}: rename it to end in {ours[0]}")
    return data


_SIGNATURES: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"%PDF-", "a PDF", (".pdf",)),
    (b"PK\x03\x04", "a Word document or other packed file", (".docx",)),
    # Word wraps a password-protected .docx in the same container as an old .doc
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password-protected or an old .doc", ()),
    (b"{\\rtf", "rich text (.rtf)", ()),
)


# One for each kind of file


def _from_text(data: bytes, name: str) -> Document:
    lines = tuple(_decode(data, name).splitlines())
    return _with_title(lines, plaintext.blocks(lines))


def _from_pdf(data: bytes, name: str) -> Document:
    return _with_title(*pdf.read(data, name))


def _from_html(data: bytes, name: str) -> Document:
    return html.read(_decode(data, name))


def _from_markdown(data: bytes, name: str) -> Document:
    return markdown.read(_decode(data, name))


def _from_docx(data: bytes, name: str) -> Document:
    import io
    import zipfile

    unreadable = f"{name} is not a Word document: open it in Word and save it as .docx"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            inside = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as e:
        raise BadDocument(unreadable) from e
    if not any(part.filename.startswith("word/") for part in inside):
        raise BadDocument(unreadable)
    if sum(part.file_size for part in inside if part.filename.endswith(".xml")) > 8 * LARGEST:
        raise BadDocument(f"{name} unpacks to more than can be read: save the text alone as .docx")
    return html.read_word(data)


def _with_title(lines: tuple[str, ...], blocks: Iterable[Block]) -> Document:
    ordered = tuple(blocks)
    title = next((block.text for block in ordered if block.why == "title"), None)
    return Document(lines, ordered, title)


def _decode(data: bytes, name: str) -> str:
    """The text of `data`: what its byte order mark says, else UTF-8, else the Windows code page."""
    text = None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    elif data.count(0) * 4 > len(data):
        # UTF-16 without its mark: English has a zero in every other byte
        text = data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", errors="replace")
    else:
        for encoding in ("utf-8-sig", "cp1252"):
            try:
                text = data.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    if text is None or _junk(text):
        raise BadDocument(f"{name} is not text: save the policy as .docx, .pdf or plain text")
    return text.replace("\ufeff", "")


def _junk(text: str) -> bool:
    strange = sum(1 for c in text if c == "\ufffd" or (c < " " and c not in "\t\n\r\f\v"))
    return strange * 50 > len(text)
