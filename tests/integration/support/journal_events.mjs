// The events in a proxy's journal, as they stand on its disk (proto/EVENT_FORMAT.md, «The journal»).
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { eventually } from './program.mjs';

const magicBytes = 8;
const headerBytes = 16;
const packedMark = 1;
const packedHeadBytes = 5;
const dictionary = readFileSync(new URL('../../../proto/journal_dictionary_1.txt', import.meta.url));

/** A block of LZ4 that goes on from the dictionary. */
function unpackBlock(block, bytes) {
  const out = Buffer.alloc(dictionary.length + bytes);
  dictionary.copy(out);
  let at = 0;
  let end = dictionary.length;
  const length = (nibble) => {
    let sum = nibble;
    if (nibble === 15) {
      do sum += block[at];
      while (block[at++] === 255);
    }
    return sum;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = length(token >> 4);
    block.copy(out, end, at, at + literals);
    at += literals;
    end += literals;
    if (at >= block.length) break; // The last sequence is literals alone.
    const offset = block.readUInt16LE(at);
    at += 2;
    for (let left = length(token & 15) + 4; left > 0; --left, ++end) out[end] = out[end - offset];
  }
  if (end !== out.length) throw new Error(`a packed event of ${bytes} bytes has ${end - dictionary.length}`);
  return out.subarray(dictionary.length);
}

function unpack(payload) {
  if (payload[0] !== packedMark) return payload;
  return unpackBlock(payload.subarray(packedHeadBytes), payload.readUInt32LE(1));
}

function segments(stack, name) {
  const folder = path.join(stack.dir, name, 'journal');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.seg'))
    .sort()
    .map((file) => readFileSync(path.join(folder, file)));
}

/** The event of each record of a segment, as JSON. */
function eventTexts(segment) {
  const texts = [];
  let at = magicBytes;
  while (at + headerBytes <= segment.length) {
    const end = at + headerBytes + segment.readUInt32LE(at);
    if (end > segment.length) break;
    texts.push(unpack(segment.subarray(at + headerBytes, end)));
    at = end;
  }
  return texts;
}

/** All that can be read in the journal of the proxy that `stack` started under `name`: files, and events unpacked. */
export function journalBytes(stack, name) {
  return segments(stack, name).flatMap((segment) => [segment, ...eventTexts(segment)]);
}

/** All events that are still there, oldest first. */
export function journalEvents(stack, name) {
  return segments(stack, name)
    .flatMap(eventTexts)
    .map((text) => JSON.parse(text.toString('utf8')));
}

/** The event of one request, awaited: that of an aborted one is written behind its client's back. */
export function journalEvent(stack, name, id) {
  if (!id) throw new Error('the answer had no x-ccproxy-request-id');
  return eventually(`an event with the id ${id}`, async () =>
    journalEvents(stack, name).find((event) => event.id === id),
  );
}
