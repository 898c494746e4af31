"""Whether this version may use the data folder of the settings."""

from bot.revisions import FILE_NAME, is_newer, newer_database, revision_in_file
from bot.settings import Settings
from retrieval.errors import DataFolderError
from retrieval.index.layout import check_layout


def check_data_folder(settings: Settings) -> None:
    """Raise DataFolderError where a newer version has used it. Writes nothing."""
    check_layout(settings.data_dir)
    if settings.database_url is None:
        path = settings.data_dir / FILE_NAME
        revision = revision_in_file(path)
        if revision is not None and is_newer(revision):
            raise DataFolderError(newer_database(str(path), revision))
