"""Text from files and names, made harmless for each place where it is shown. (HTML is escaped by its templates.)"""

import unicodedata

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
