// The events in a proxy's journal, as they stand on its disk (proto/EVENT_FORMAT.md, «The journal»).
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { eventually } from './program.mjs';

const magicBytes = 8;
const headerBytes = 16;

/** The bytes of all segments of the proxy that `stack` started under `name`. */
export function journalBytes(stack, name) {
  const folder = path.join(stack.dir, name, 'journal');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.seg'))
    .sort()
    .map((file) => readFileSync(path.join(folder, file)));
}

/** All events that are still there, oldest first. */
export function journalEvents(stack, name) {
  const events = [];
  for (const bytes of journalBytes(stack, name)) {
    let at = magicBytes;
    while (at + headerBytes <= bytes.length) {
      const end = at + headerBytes + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      events.push(JSON.parse(bytes.subarray(at + headerBytes, end).toString('utf8')));
      at = end;
    }
  }
  return events;
}

/** The event of one request, awaited: that of an aborted one is written behind its client's back. */
export function journalEvent(stack, name, id) {
  if (!id) throw new Error('the answer had no x-ccproxy-request-id');
  return eventually(`an event with the id ${id}`, async () =>
    journalEvents(stack, name).find((event) => event.id === id),
  );
}
