"""ClickHouse exceptions: codes, names, texts and the HTTP status of each.

The statuses follow ClickHouse's src/Server/HTTP/exceptionCodeToHTTPStatus.cpp.
"""

import re

NAMES = {
    33: "CANNOT_READ_ALL_DATA",
    36: "BAD_ARGUMENTS",
    48: "NOT_IMPLEMENTED",
    62: "SYNTAX_ERROR",
    78: "UNKNOWN_TYPE_OF_QUERY",
    81: "UNKNOWN_DATABASE",
    117: "INCORRECT_DATA",
    180: "THERE_IS_NO_PROFILE",
    192: "UNKNOWN_USER",
    194: "REQUIRED_PASSWORD",
    198: "QUOTA_REQUIRES_CLIENT_KEY",
    199: "UNKNOWN_QUOTA",
    201: "QUOTA_EXCEEDED",
    216: "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
    324: "INTO_OUTFILE_NOT_ALLOWED",
    372: "SESSION_NOT_FOUND",
    373: "SESSION_IS_LOCKED",
    493: "ACCESS_ENTITY_ALREADY_EXISTS",
    495: "ACCESS_STORAGE_READONLY",
    497: "ACCESS_DENIED",
    511: "UNKNOWN_ROLE",
    512: "SET_NON_GRANTED_ROLE",
    516: "AUTHENTICATION_FAILED",
    523: "UNKNOWN_ROW_POLICY",
    1001: "STD_EXCEPTION",
}

_STATUS = {401: {194}, 403: {192, 193, 497, 512, 516}, 404: {46, 47, 50, 56, 60, 63, 73, 78, 81, 99, 115, 336, 511}}
_STATUS[400] = {6, 15, 25, 26, 27, 36, 38, 41, 42, 44, 53, 62, 72, 117, 162, 167, 168, 321, 376, 427, 441, 675, 676}
_STATUS[400] |= {8, 66, 69, 170, 174}
_STATUS[408] = {159}
_STATUS[413] = {142}
_STATUS[501] = {48}
_STATUS[503] = {76, 209, 439}
_STATUS[411] = {381}
_BY_CODE = {code: status for status, codes in _STATUS.items() for code in codes}

_HEAD = re.compile(r"Code: (\d+)\. DB::")
_TAIL = re.compile(r"\(([A-Z][A-Z0-9_]+)\)\s*$")


class ClickHouseError(Exception):
    """A refusal with ClickHouse's exception code; `text` is the whole message as a server would send it."""

    def __init__(self, code, message, name=None):
        super().__init__(message)
        self.code = code
        self.text = f"Code: {code}. DB::Exception: {message}"
        if name or code in NAMES:
            self.text += f" ({name or NAMES[code]})"

    @classmethod
    def from_engine(cls, text):
        """Reads the engine's own error text, which starts with `Code: N. DB::Exception:`."""
        start = _HEAD.search(text)
        if not start:
            return cls(1001, text.strip())
        error = cls(int(start.group(1)), "")
        error.text = text[start.start():].strip()
        return error

    @property
    def status(self):
        """The HTTP status of the code."""
        return http_status(self.code)

    def matches(self, *codes):
        """Tells whether the code is one of those given."""
        return self.code in codes


def http_status(code):
    """Returns the HTTP status that ClickHouse sends for an exception code."""
    return _BY_CODE.get(code, 500)


def not_supported(what):
    """Returns the refusal of something that a server has and this sandbox has not."""
    return ClickHouseError(48, f"{what} is not supported by this sandbox, which runs on chDB; use a real server")
