"""Splits ClickHouse SQL into tokens: enough to find where a statement ends, what it is and where its data starts.

It decides nothing about validity; the engine's parser does. Positions are offsets into the text.
"""

import re
from typing import NamedTuple

_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>--[^\n]*|//[^\n]*|\#[ !][^\n]*)
  | (?P<string>'(?:[^'\\]|\\.|'')*'|‘[^’]*’)
  | (?P<quoted>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*"|“[^”]*”)
  | (?P<heredoc>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
  | (?P<number>\d[\w]*(?:\.\d*(?:[eE][+-]?\d+)?)?)
  | (?P<word>[^\W\d][\w$]*)
  | (?P<op>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_ESCAPES = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}


class Token(NamedTuple):
    """One token. `kind` is string, quoted, heredoc, number, word or op."""

    kind: str
    text: str
    start: int
    end: int

    def is_word(self, *words):
        """Tells whether the token is one of these bare keywords (given in upper case)."""
        return self.kind == "word" and self.text.upper() in words

    def is_op(self, *ops):
        """Tells whether the token is one of these characters."""
        return self.kind == "op" and self.text in ops

    @property
    def is_name(self):
        """Tells whether the token can be an identifier."""
        return self.kind in ("word", "quoted")

    @property
    def value(self):
        """The text without its quotes and escapes."""
        return unquote(self.text) if self.kind in ("string", "quoted") else self.text


def tokens(text, start=0):
    """Yields the tokens from `start` on, without white space and comments (block comments nest)."""
    at, end = start, len(text)
    while at < end:
        if text.startswith("/*", at):
            at = _after_comment(text, at)
            continue
        match = _PATTERN.match(text, at)
        kind = match.lastgroup if match.lastgroup != "tag" else "heredoc"
        at = match.end()
        if kind not in ("space", "comment"):
            yield Token(kind, match.group(), match.start(), at)


def _after_comment(text, start):
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(text)


def unquote(text):
    """Returns the value of a quoted string or identifier."""
    quote, body = text[0], text[1:-1]
    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)|" + re.escape(quote) * 2, _unescape, body, flags=re.DOTALL)


def _unescape(match):
    escape = match.group(1)
    if escape is None:
        return match.group()[0]
    if len(escape) == 3:
        return chr(int(escape[1:], 16))
    return _ESCAPES.get(escape, escape)


def quote_string(value):
    """Writes a value as a string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(name):
    """Writes an identifier, in backticks where it needs them (as the engine's formatter does)."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.upper() not in ("ALL", "NONE", "ANY", "NULL", "TABLE", "DISTINCT"):
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
