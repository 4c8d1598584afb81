"""Strategies of Hypothesis: a good file in which some bytes are others."""

from hypothesis import strategies as st

__all__ = ["mutated"]

TOKENS = (
    b"", b"\0", b"\n", b"\r", b"\r\n", b" ", b"\t", b"-", b"?", b".", b"nan", b"inf", b"1e400",
    b"-1", b"0", b"99999999", b"*****", b"'", b'"', b";", b"#", b"{", b"[", b">", b"END\n",
    b"TER\n", b"MODEL 1\n", b"loop_\n", b"data_\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b",
    b"\x80", b"null", b"true", b"A" * 100, b"9999.999",
)  # fmt: skip
"""What breaks files."""


@st.composite
def mutated(draw: st.DrawFn, *goods: bytes, most: int = 6) -> bytes:
    """One of some good files, cut, doubled, and overwritten at one to some places."""
    content = bytearray(draw(st.sampled_from(goods)))
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, min(len(content) - at, 200)))
        what = draw(st.sampled_from(("replace", "replace", "insert", "remove", "double", "cut")))
        piece = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=8)))
        if what == "replace":
            content[at : at + len(piece)] = piece
        elif what == "insert":
            content[at:at] = piece
        elif what == "remove":
            del content[at : at + length]
        elif what == "double":
            content[at:at] = content[at : at + length]
        elif draw(st.booleans()):
            del content[at:]
    return bytes(content)
