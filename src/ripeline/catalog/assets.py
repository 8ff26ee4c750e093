"""Assets: what is given to those who ask for it, a file kept here or an address elsewhere."""

from collections.abc import Sequence
from typing import BinaryIO
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from ripeline.catalog.models import Asset, AssetContent
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog

LARGEST = 20 * 1024 * 1024  # bytes


class AssetError(ValueError):
    """An asset that cannot be so; `field` says where to show it."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


def add(*, actor: User, title: str, url: str = "", file: BinaryIO | None = None, filename: str = "") -> Asset:
    """Keep a file, or an address, to be given away. Raises AssetError beside the field at fault."""
    require_keeps_catalog(actor)
    title, url = " ".join(title.split())[:160], url.strip()
    if not title:
        raise AssetError("Say what it is called.", "title")
    if bool(url) == bool(file):
        raise AssetError("Choose a file, or write an address; one of the two.", "file")
    content = file.read(LARGEST + 1) if file else b""
    if file and not content:
        raise AssetError("This file is empty.", "file")
    if len(content) > LARGEST:
        most = LARGEST // 1024 // 1024
        raise AssetError(f"The file is larger than {most} MB; put it on your site and write its address.", "file")
    if url and not is_address(url):
        raise AssetError("Write a whole address, such as https://www.example.com/guide.pdf.", "url")
    filename = filename.replace("\\", "/").rpartition("/")[2].strip()[-120:] or "file"
    with transaction.atomic():
        asset = Asset.objects.create(
            title=title, url=url, filename=filename if file else "", size=len(content), created_by=actor
        )
        if file:
            AssetContent.objects.create(asset=asset, content=content)
        people.audit(actor=actor, verb="asset.add", target=str(asset.pk), title=title)
    return asset


def set_active(*, actor: User, asset_id: UUID, is_active: bool) -> None:
    """Choose it for no more forms, or again; links to it that were sent go on to hold."""
    require_keeps_catalog(actor)
    if Asset.objects.filter(pk=asset_id, is_active=not is_active).update(is_active=is_active):
        people.audit(actor=actor, verb="asset.offer" if is_active else "asset.retire", target=str(asset_id))


def find(asset_id: UUID) -> Asset | None:
    return Asset.objects.filter(pk=asset_id).first()


def all_assets() -> Sequence[Asset]:
    """Every asset, those on offer first, the newest first."""
    return list(Asset.objects.order_by("-is_active", "-created_at"))


def content_of(asset: Asset) -> bytes:
    """The file of an asset that is one."""
    return bytes(AssetContent.objects.get(asset=asset).content)


def is_address(url: str) -> bool:
    """Whether a browser can be led there: a whole http or https address, as it stands in a header."""
    parts = urlsplit(url)
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \"'<>;,")
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "%" not in parts.netloc
        and plain
        and len(url) <= 1000
    )
