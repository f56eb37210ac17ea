"""Text from files and names, made harmless for each place where it is shown. (HTML is escaped by its templates.)"""

import codecs
import unicodedata

ENCODING_ERRORS = "densebench"  # how a stream writes what its encoding lacks, as in ``open(..., errors=...)``
_ASCII_MARKS = {
    "±": "+/-",
    "\N{MULTIPLICATION SIGN}": "x",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "…": "...",
    "·": "-",
    "²": "^2",
    "→": "->",
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "—": "--",
    "†": "+",
    "✓": "+",
    "✗": "x",
    "■": "#",
    "─": "-",
    "━": "=",
    "│": "|",
}
_MARKDOWN = {letter: f"\\{letter}" for letter in "\\`*_{}[]()#+!|~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "±": r"\ensuremath{\pm}",
    "\N{MULTIPLICATION SIGN}": r"\ensuremath{\times}",
    "≠": r"\ensuremath{\neq}",
    "\N{MINUS SIGN}": r"\ensuremath{-}",
    "†": r"\dag{}",
    "…": r"\ldots{}",
    "[": "{[}",  # after the end of a row it would begin an argument
    "]": "{]}",
    "*": "{*}",
}


def plain(text: str) -> str:
    """One line without control and direction characters, which could move a cursor or forge a row.

    In Rich, put it into a ``Text``: that takes no markup.
    """
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter for letter in text)


def markdown(text: str) -> str:
    """Text inside a table cell that neither ends the cell nor becomes a link, an emphasis or HTML."""
    return "".join(_MARKDOWN.get(letter, letter) for letter in plain(text))


def latex(text: str) -> str:
    """Text that runs no command."""
    return "".join(LATEX.get(letter, letter) for letter in plain(text))


def fit_encoding(text: str, encoding: str) -> str:
    """Text that the encoding can hold: marks as ASCII writes them, any other letter that it lacks as an escape."""
    return text.encode(encoding, ENCODING_ERRORS).decode(encoding)


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """The error handler of :func:`fit_encoding`, for the codecs of Python."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_ASCII_MARKS.get(letter) or _escape_letter(letter) for letter in letters), error.end


def _escape_letter(letter: str) -> str:
    return letter.encode("ascii", "backslashreplace").decode("ascii")


codecs.register_error(ENCODING_ERRORS, _replace_unencodable)
