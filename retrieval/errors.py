"""Errors a reader or an operator may be shown; each branch says what to do.

BaodaError
├── CorpusError             fix the folder or the file
├── CollectionError         rebuild the index: `baoda reload`
│   ├── NoCollectionError   there is none yet
│   ├── OutdatedCollectionError  it was made by another version or embedding model
│   └── HinderedCollectionError  it is sound, the disk is full or cannot be written
├── DataFolderError         install the newer version, or set DATA_DIR
├── ReloadError             the reload stopped; the live collection stays
│   ├── LockedError         another one is running
│   ├── ManyGoneError       the folder may be incomplete; an editor may force it
│   └── GoldenError         golden questions fail; an editor may force it
├── EvaluationError         fix the questions, the passages or the folders named
├── ModelUnavailableError   try later, or look at the key and the address
└── QuestionError           ask otherwise
"""

import errno

_ADVICE = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EACCES: "give the user it runs as the right to it",
    errno.EPERM: "give the user it runs as the right to it",
    errno.EROFS: "have it mounted so that it can be written",
    errno.EMFILE: "let it open more files (ulimit -n)",
    errno.ENFILE: "let the system open more files",
}


def reason_of(error: OSError) -> str:
    """What the system says, and where somebody can do something about it, what."""
    said = error.strerror or type(error).__name__
    advice = _ADVICE.get(error.errno or 0)
    return f"{said}: {advice}" if advice else said


def fault_of(error: OSError) -> str:
    """The same, with the file in front where the system names one."""
    return f"{error.filename}: {reason_of(error)}" if error.filename else reason_of(error)


def damage_of(error: Exception) -> str:
    """What is wrong with a file that cannot be read: the system's words, never a library's."""
    if isinstance(error, OSError):
        return reason_of(error)
    return "a file in it is cut short" if isinstance(error, EOFError) else "a file in it is garbled"


class BaodaError(Exception):
    """Safe to show: one line, no secret in it."""


class CorpusError(BaodaError):
    """The folder of articles cannot be used."""


class CollectionError(BaodaError):
    """A generation is missing, damaged or made by another version."""


class NoCollectionError(CollectionError):
    """Nothing has been indexed yet."""


class OutdatedCollectionError(CollectionError):
    """The index was made by another version, or with another embedding model."""


class DataFolderError(BaodaError):
    """The data folder is a newer version's, or cannot be read."""


class HinderedCollectionError(CollectionError):
    """The index may be sound, but cannot be opened: the disk is full or cannot be written."""


class ReloadError(BaodaError):
    """A reload could not be finished."""


class LockedError(ReloadError):
    """Another process is changing the generations."""


class ManyGoneError(ReloadError):
    """So many articles are gone that the folder may be incomplete."""


class GoldenError(ReloadError):
    """Golden questions cannot be asked, or too many are not answered as they should be."""


class EvaluationError(BaodaError):
    """Questions cannot be read or asked, or their results not kept."""


class ModelUnavailableError(BaodaError):
    """A model server did not answer as it should."""


class QuestionError(BaodaError):
    """A question that cannot be asked as it stands."""
