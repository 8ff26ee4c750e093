"""Assets: what is given to those who ask for it, a file kept here or an address elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from ripeline.catalog.models import Asset, AssetContent, Stage
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog

LARGEST = 20 * 1024 * 1024  # bytes
MOST_PAINS = 8


class AssetError(ValueError):
    """An asset that cannot be so; `field` says where to show it."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What somebody says of an asset. Of a file and an address one is given, when it is changed neither: as it was."""

    title: str
    url: str = ""
    file: BinaryIO | None = None
    filename: str = ""
    stage: str = ""
    pains: Sequence[str] = ()
    persona: str = ""


def add(*, actor: User, draft: Draft) -> Asset:
    """Keep a file, or an address, to be given away. Raises AssetError beside the field at fault."""
    return _keep(actor, Asset(created_by=actor), draft)


def change(*, actor: User, asset_id: UUID, draft: Draft) -> Asset:
    """Say something else of an asset, or put another file in its place: links that were sent give what is here now."""
    with transaction.atomic():
        return _keep(actor, Asset.objects.select_for_update().get(pk=asset_id), draft)


def _keep(actor: User, asset: Asset, draft: Draft) -> Asset:
    require_keeps_catalog(actor)
    is_new = asset._state.adding
    title, url, file = " ".join(draft.title.split())[:160], draft.url.strip(), draft.file
    if not title:
        raise AssetError("Say what it is called.", "title")
    if file and url and url != asset.url:
        raise AssetError("Choose a file, or write an address; one of the two.", "file")
    if not file and not url and (is_new or not asset.filename):
        raise AssetError("Choose a file, or write an address; one of the two.", "file")
    if url and not file and not is_address(url):
        raise AssetError("Write a whole address, such as https://www.example.com/guide.pdf.", "url")
    content = _content(file) if file else b""
    asset.title, asset.persona = title, " ".join(draft.persona.split())[:120]
    asset.stage, asset.pains = _stage(draft.stage), _pains(draft.pains)
    if file:
        name = draft.filename.replace("\\", "/").rpartition("/")[2].strip()[-120:]
        asset.url, asset.filename, asset.size = "", name or "file", len(content)
    elif url:
        asset.url, asset.filename, asset.size = url, "", 0
    with transaction.atomic():
        asset.save(force_insert=is_new)
        if file:
            AssetContent.objects.update_or_create(asset=asset, defaults={"content": content})
        elif asset.url:
            AssetContent.objects.filter(asset=asset).delete()
        people.audit(actor=actor, verb="asset.add" if is_new else "asset.change", target=str(asset.pk), title=title)
    return asset


def _content(file: BinaryIO) -> bytes:
    content = file.read(LARGEST + 1)
    if not content:
        raise AssetError("This file is empty.", "file")
    if len(content) > LARGEST:
        most = LARGEST // 1024 // 1024
        raise AssetError(f"The file is larger than {most} MB; put it on your site and write its address.", "file")
    return content


def _stage(said: str) -> str:
    if said and said not in Stage.values:
        raise AssetError("Choose one of the stages.", "stage")
    return said


def _pains(said: Sequence[str]) -> list[str]:
    pains = list(dict.fromkeys(" ".join(each.split())[:120] for each in said if each.strip()))
    if len(pains) > MOST_PAINS:
        raise AssetError(f"Name the {MOST_PAINS} that matter most.", "pains")
    return pains


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
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \"'<>;,")
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and "%" not in parts.netloc and (parts.port is None or parts.port > 0)
    except ValueError:  # half of an IPv6 address, or a port that is none
        return False
    return parts.scheme in ("http", "https") and has_host and plain and len(url) <= 1000
