"""Where EMDB and the PDB keep maps and models: in a mirror on disk, or over HTTPS.

Both archives lay their files out in the same way below ``pub/`` on all of their servers::

    emdb/structures/EMD-1234/map/emd_1234.map.gz
    pdb/data/structures/divided/mmCIF/ab/1abc.cif.gz

The letters of the PDB's folders are the second and third of the id. The layout is that of
https://files.wwpdb.org/pub (wwPDB), mirrored by PDBe/EBI, RCSB and PDBj.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from critasser.data.download import Server, download
from critasser.data.refusal import Refusal
from critasser.errors import InputError
from critasser.input_files import opened

__all__ = ["PUBLIC", "Archive", "Mirror", "Website", "map_path", "model_path"]

PUBLIC = "https://files.wwpdb.org/pub"
"""The wwPDB's own; others mirror it."""

MOST_MODEL = 256 << 20
"""Bytes of a packed model: the largest entries of the PDB have about 100 MB."""

BLOCK = 1 << 20


def map_path(emdb: str) -> str:
    """Of the map ``EMD-1234`` below ``pub/``."""
    return f"emdb/structures/{emdb}/map/{emdb.lower().replace('-', '_')}.map.gz"


def model_path(pdb: str) -> str:
    """Of the model ``1abc`` below ``pub/``."""
    return f"pdb/data/structures/divided/mmCIF/{pdb[1:3]}/{pdb}.cif.gz"


@dataclass(frozen=True)
class Mirror:
    """A folder that holds files as they lie below ``pub/``, or a part of that tree.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    def fetch(self, path: str, _into: Path, most_bytes: int, _check: Callable[..., None]) -> Path:
        """The file, where it lies; its last few folders are enough."""
        parts = Path(path).parts
        for first in range(len(parts)):
            found = self.folder.joinpath(*parts[first:])
            if found.is_file():
                if found.stat().st_size > most_bytes:
                    raise Refusal(f"{found}: more than the {most_bytes:,} bytes allowed")
                return found
        raise Refusal(f"{path}: not in {self.folder}", again=True)


@dataclass(frozen=True)
class Website:
    """A server of both archives.

    Attributes
    ----------
    base : str
        What stands before the paths.
    server : Server
    """

    base: str
    server: Server

    @staticmethod
    def of(base: str, more_hosts: tuple[str, ...] = ()) -> Website:
        """A server by its address; redirects may go to it and to `more_hosts`.

        Raises
        ------
        InputError
            Not an address of http or https.
        """
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise InputError(f"{base}: give an address such as {PUBLIC}")
        hosts = frozenset(host.lower() for host in (parts.netloc, *more_hosts))
        return Website(base.rstrip("/"), Server(hosts, plain=parts.scheme == "http"))

    def fetch(
        self, path: str, into: Path, most_bytes: int, check: Callable[[int, int | None], None]
    ) -> Path:
        """Download into a folder, unless the file is there, and look whether it came whole."""
        target = into / Path(path).name
        if not target.is_file():
            download(f"{self.base}/{path}", target, self.server, most_bytes, check)
        return target


Archive = Mirror | Website


def whole_checksum(path: Path, most_unpacked: int, check: Callable[[], None]) -> str:
    """Unpack a gzipped file to its end without keeping it, and give the SHA-256 of it as packed.

    Raises
    ------
    Refusal
        It is cut off or damaged, or unpacks to more than is allowed.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                check()
        unpacked = 0
        with opened(path) as file:
            while block := file.read(BLOCK):
                unpacked += len(block)
                if unpacked > most_unpacked:
                    raise Refusal(
                        f"{path.name}: unpacks to more than the {most_unpacked:,} bytes allowed"
                    )
                check()
    except (InputError, zlib.error) as error:
        raise Refusal(f"{path.name}: {error}", again=True) from None
    return digest.hexdigest()
