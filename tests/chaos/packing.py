"""Events as they stand in a journal (proto/EVENT_FORMAT.md), unpacked by a reader of our own."""

import json
import os
import struct

PACKED_MARK = 1
PACKED_HEAD_BYTES = 5
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../proto/journal_dictionary_1.txt"), "rb") as file:
    DICTIONARY = file.read()


def unpack_block(block, size):
    """A block of LZ4 that goes on from the dictionary."""
    out = bytearray(DICTIONARY)
    at = 0

    def length(nibble):
        nonlocal at
        while nibble >= 15:
            nibble += block[at]
            at += 1
            if block[at - 1] < 255:
                break
        return nibble

    while True:
        token = block[at]
        at += 1
        literals = length(token >> 4)
        out += block[at:at + literals]
        at += literals
        if at >= len(block):  # The last sequence is literals alone.
            break
        offset, = struct.unpack_from("<H", block, at)
        at += 2
        if not 0 < offset <= len(out):
            raise ValueError("an offset leads nowhere")
        for _ in range(length(token & 15) + 4):
            out.append(out[-offset])
    if len(out) != len(DICTIONARY) + size:
        raise ValueError("a packed event has another size")
    return bytes(out[len(DICTIONARY):])


def event_of(payload):
    """The event in a record; ValueError where there is none."""
    if not payload or payload[0] != PACKED_MARK:
        return json.loads(payload)
    try:
        size, = struct.unpack_from("<I", payload, 1)
        return json.loads(unpack_block(payload[PACKED_HEAD_BYTES:], size))
    except (struct.error, IndexError) as error:
        raise ValueError from error
