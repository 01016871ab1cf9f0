"""Downloads of named data sets with published checksums, by pooch, into the user's cache."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sweepgd.core.errors import SweepgdError, installing

FOLDER_MEANING = "folder of the original files; downloaded if empty"
# The seconds without an answer after which a download fails.
TIMEOUT = 30


@dataclass(frozen=True)
class Download:
    """Files on a server, with the MD5 digest of each. If `members` are given, each file is a tar archive with these members,
    which are in the folder `unpacked` of the archive.
    """

    server: str
    files: Mapping[str, str]
    unpacked: str = ""
    members: tuple[str, ...] = ()


def downloaded(name: str, download: Download) -> Path:
    """Return the folder of a data set's files in the cache, and download the files that are absent or damaged.

    Raises SweepgdError if a file cannot be downloaded or has another checksum.
    """
    try:
        import pooch
    except ImportError as error:
        raise SweepgdError(
            f"downloads need the package pooch: {installing('images')}, or give the folder of the files in data.folder"
        ) from error
    pooch.get_logger().setLevel("WARNING")  # otherwise it tells of a download before there is a connection
    inner = [f"{download.unpacked}/{member}" for member in download.members]
    folder = platformdirs.user_cache_path("sweepgd") / "datasets" / name
    for file, digest in download.files.items():
        url = download.server + file
        try:
            pooch.retrieve(
                url,
                known_hash=f"md5:{digest}",
                fname=file,
                path=folder,
                downloader=pooch.HTTPDownloader(timeout=TIMEOUT),
                processor=pooch.Untar(inner, extract_dir=".") if inner else None,
            )
        except Exception as error:  # of requests, urllib3, tarfile, OSError, or ValueError for another checksum
            reason = str(error).strip().partition("\n")[0][:200] or type(error).__name__
            if type(error).__name__ == "ConnectionError":  # of requests, whose text is long
                reason = "no connection to the server"
            raise SweepgdError(
                f"cannot download {url}: {reason}; download it elsewhere, and give the folder of the files in data.folder"
            ) from error
    return folder / download.unpacked
