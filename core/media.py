"""A bucket of S3 in place of the folder of media."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

from botocore.config import Config
from botocore.exceptions import ClientError
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

# Each name has a random part, so a file never changes.
FOREVER = {"CacheControl": "public, max-age=31536000, immutable"}
# An upload waits for the bucket, so it must not wait for long.
PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})


class Bucket(S3Storage):  # type: ignore[misc]  # untyped
    """A bucket whose files anyone can read at `public_url`: its own address, or that of a CDN in front of it.

    Who may read is the bucket's policy, because newer buckets refuse the ACLs of files.
    """

    def __init__(self, *, public_url: str, **options: Any) -> None:
        super().__init__(
            file_overwrite=True,  # asking for a free name would be a request for each file
            object_parameters=FOREVER,
            client_config=PATIENCE,
            **options,
        )
        self.public_url = public_url

    def url(self, name: str, *_: Any, **__: Any) -> str:
        return urljoin(self.public_url, filepath_to_uri(name))

    def get_modified_time(self, name: str) -> datetime:
        """Return when the file was stored.

        Raises: FileNotFoundError, as a folder's storage does.
        """
        try:
            moment: datetime = super().get_modified_time(name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
                raise FileNotFoundError(f"The bucket has no file {name}.") from error
            raise
        return moment
