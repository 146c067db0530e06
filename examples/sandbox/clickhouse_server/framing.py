"""Body encodings: gzip and LZ4 frames of HTTP, and ClickHouse's own block framing (`compress=1`, `decompress=1`).

A block is a CityHash128 (v1.0.2) of the rest, then method byte, compressed size with this 9-byte header, plain size, data;
see ClickHouse's src/Compression/CompressedReadBufferBase.cpp.
"""

import gzip
import struct
import zlib

from .errors import ClickHouseError

_LZ4, _NONE = 0x82, 0x02
_BLOCK = 1 << 20


def decode_body(body, encoding):
    """Undoes a Content-Encoding."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    try:
        if encoding in ("gzip", "x-gzip"):
            return gzip.decompress(body)
        if encoding == "deflate":
            return zlib.decompress(body)
        if encoding == "lz4":
            import lz4.frame

            return lz4.frame.decompress(body)
    except (OSError, EOFError, zlib.error, RuntimeError) as error:
        raise ClickHouseError(354 if encoding != "lz4" else 432, f"cannot decode the {encoding} body: {error}") from None
    raise ClickHouseError(48, f"Content-Encoding {encoding} is not supported by this sandbox")


def pick_encoding(accepted):
    """Returns the Content-Encoding to answer with, of those that the client accepts (as ClickHouse orders them), or an empty string."""
    names = [part.split(";")[0].strip().lower() for part in accepted.split(",")]
    return next((name for name in ("lz4", "gzip", "deflate") if name in names), "")


def encode_body(body, encoding):
    """Applies a Content-Encoding."""
    if encoding == "gzip":
        return gzip.compress(body, 1)
    if encoding == "deflate":
        return zlib.compress(body, 1)
    if encoding == "lz4":
        import lz4.frame

        return lz4.frame.compress(body)
    return body


def _checksum(data):
    from clickhouse_cityhash.cityhash import CityHash128

    value = CityHash128(data)
    return struct.pack("<QQ", value >> 64, value & 0xFFFFFFFFFFFFFFFF)


def read_blocks(body):
    """Unpacks `decompress=1` bodies."""
    import lz4.block

    out, at = [], 0
    while at < len(body):
        head = body[at + 16 : at + 25]
        if len(head) < 9:
            raise ClickHouseError(33, "Cannot read all data of a compressed block")
        method, packed, plain = struct.unpack("<BII", head)
        block = body[at + 16 : at + 16 + packed]
        if _checksum(block) != body[at : at + 16]:
            raise ClickHouseError(40, "Checksum doesn't match: corrupted data", "CHECKSUM_DOESNT_MATCH")
        if method == _LZ4:
            out.append(lz4.block.decompress(block[9:], uncompressed_size=plain))
        elif method == _NONE:
            out.append(block[9:])
        else:
            raise ClickHouseError(89, f"Unknown compression method: {method}", "UNKNOWN_COMPRESSION_METHOD")
        at += 16 + packed
    return b"".join(out)


def write_blocks(body):
    """Packs an answer for `compress=1`."""
    import lz4.block

    out = []
    for at in range(0, len(body), _BLOCK):
        plain = body[at : at + _BLOCK]
        data = lz4.block.compress(plain, store_size=False)
        block = struct.pack("<BII", _LZ4, len(data) + 9, len(plain)) + data
        out.append(_checksum(block) + block)
    return b"".join(out)
