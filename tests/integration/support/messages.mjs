// Requests of the Messages API.
import assert from 'node:assert/strict';

import Anthropic from '@anthropic-ai/sdk';

export const model = 'claude-sonnet-4-20250514';

/** The JSON of a request whose prompt steers the simulator, such as `events=5; delay_ms=10`. */
export function messageBody(steering = '', more = {}) {
  const content = steering ? `Hello [[sim ${steering}]]` : 'Hello';
  return JSON.stringify({
    model,
    max_tokens: 1024,
    messages: [{ role: 'user', content }],
    ...more,
  });
}

export function messageHeaders(key, more = {}) {
  return {
    'x-api-key': key,
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
    ...more,
  };
}

/** A whole request for raw_http's functions. */
export function messageRequest(key, steering, { stream = false, headers = {}, ...more } = {}) {
  return {
    headers: messageHeaders(key, headers),
    body: messageBody(steering, stream ? { stream } : {}),
    ...more,
  };
}

/** The events of an SSE body: [{event, data}]. */
export function readEvents(body) {
  return body
    .toString('utf8')
    .split(/\r?\n\r?\n/)
    .filter((block) => block.trim())
    .map((block) => {
      const field = (name) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1].trim();
      return { event: field('event'), data: JSON.parse(field('data')) };
    });
}

/** The text that an SSE body says. */
export function streamedText(body) {
  return readEvents(body)
    .map(({ data }) => data.delta?.text ?? '')
    .join('');
}

/**
 * Aborts a stream of Anthropic's SDK once it has said more than `length` characters; gives them.
 * `sdk` is the version that the stream is of.
 */
export async function abortAfter(stream, length, sdk = Anthropic) {
  let said = '';
  await assert.rejects(async () => {
    for await (const event of stream) {
      said += event.delta?.text ?? '';
      if (said.length > length) stream.abort();
    }
  }, sdk.APIUserAbortError);
  return said;
}
