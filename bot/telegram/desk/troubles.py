"""What an admin is told of what cannot be done."""

from bot.desk.corrections import Fault, WrongLineError
from bot.desk.places import PlaceError, Trouble
from bot.phrases import Phrases
from bot.telegram.rendering import clean_line, shorten

_LONGEST_LINE = 100


def told_fault(error: WrongLineError, phrases: Phrases) -> str:
    """Why a correction is not followed, and how it is written."""
    text = {
        Fault.UNKNOWN_FIELD: phrases.fault_unknown_field,
        Fault.WRONG_DATE: phrases.fault_wrong_date,
        Fault.WRONG_ADDRESS: phrases.fault_wrong_address,
        Fault.TOO_LONG: phrases.fault_too_long,
        Fault.NO_SUCH_ARTICLE: phrases.fault_no_such_article,
        Fault.WHICH_ARTICLE: phrases.fault_which_article,
    }[error.fault]
    return text.format(line=shorten(clean_line(error.line), _LONGEST_LINE))


def told_trouble(error: PlaceError, phrases: Phrases) -> str:
    """Why a file could not be put somewhere."""
    text = {
        Trouble.FULL: phrases.trouble_full,
        Trouble.READ_ONLY: phrases.trouble_read_only,
        Trouble.LEADS_OUT: phrases.trouble_leads_out,
        Trouble.GONE: phrases.trouble_gone,
        Trouble.OTHER: phrases.trouble_other,
    }[error.trouble]
    return text.format(name=error.name, reason=error.reason)
