// Sessions that grow: each turn sends all before it again, is recorded by what is new in it, and is
// shown in full, whatever dies or is deleted meanwhile.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';

import { Stack, test } from './harness.mjs';
import { canonical, conversationOf, loggedToken } from './support/conversations.mjs';
import { journalEvent } from './support/journal_events.mjs';
import { model } from './support/messages.mjs';
import { eventually } from './support/program.mjs';

const system = [{ type: 'text', text: `Be brief. ${'Rules. '.repeat(300)}` }];

let stack;
let logged;
beforeEach(async () => {
  // What is acknowledged stays in the journal, for the tests to read.
  stack = await Stack.start({ proxy: { journal: { retain: '1h' } } });
  logged = await loggedToken(stack, 'logged');
});
afterEach(() => stack?.stop());

const it = (name, body) => test(name, () => stack, body);
const eventOf = (id) => journalEvent(stack, stack.proxy.name, id);
const cut = async () => (await stack.api.ask('GET', '/api/system/status')).ingest.conversations_cut;

/** A client's session, which keeps its history as Claude Code does. */
class Session {
  constructor(headers = { 'x-claude-code-session-id': randomUUID() }) {
    this.headers = headers;
    this.messages = [];
    this.turns = 0;
  }

  /** Asks, streamed, and gives the id of the request and the messages that it sent. */
  async ask(more = {}) {
    const text = `Question ${++this.turns}: ${'what about it? '.repeat(100)} [[sim events=12]]`;
    this.messages.push({ role: 'user', content: [{ type: 'text', text }] });
    const sent = this.messages.map((message, at) =>
      at + 1 === this.messages.length ? marked(message) : message,
    );
    const client = new Anthropic({ apiKey: logged.token, baseURL: stack.proxy.url, maxRetries: 0 });
    const body = { model, max_tokens: 1024, system, messages: sent, ...more };
    const stream = client.messages.stream(body, { headers: this.headers });
    const { response } = await stream.withResponse();
    const { role, content } = await stream.finalMessage();
    this.messages.push({ role, content });
    return { id: response.headers.get('x-ccproxy-request-id'), sent, answer: { role, content } };
  }
}

/** With a cache marker on its last block, which moves on with each turn. */
function marked({ role, content }) {
  const last = { ...content.at(-1), cache_control: { type: 'ephemeral' } };
  return { role, content: [...content.slice(0, -1), last] };
}

async function assertWhole({ id, sent, answer }) {
  const shown = await conversationOf(stack, id);
  assert.deepEqual(JSON.parse(shown.messages_json), sent.map(canonical));
  assert.deepEqual(JSON.parse(shown.completion_json), canonical(answer));
  assert.equal(shown.system_prompt, system[0].text);
  assert.equal(shown.message_count, sent.length);
  assert.equal(shown.truncated, false);
  assert.equal(shown.prompt, sent.at(-1).content[0].text);
}

it('an event has only what is new, and every turn is shown in full', async () => {
  const session = new Session();
  const turns = [];
  for (let i = 0; i < 8; ++i) turns.push(await session.ask());
  for (const turn of turns) await assertWhole(turn);
  assert.equal((await eventOf(turns[0].id)).conversation.continues, undefined);
  for (const [i, turn] of turns.entries()) {
    if (i === 0) continue;
    const { v, conversation } = await eventOf(turn.id);
    assert.equal(v, 2);
    const known = turns[i - 1].sent.length;
    const continues = { id: turns[i - 1].id, of: known, messages: known, system: true };
    assert.deepEqual(conversation.continues, continues);
    assert.deepEqual(conversation.messages, turn.sent.slice(known).map(canonical));
    assert.equal(conversation.system, undefined);
  }
  assert.equal(await cut(), 0);
});

it('also without a session, and not that of another one', async () => {
  const session = new Session({});
  const turns = [await session.ask(), await session.ask()];
  assert.equal((await eventOf(turns[1].id)).conversation.continues.id, turns[0].id);
  const other = new Session();
  turns.push(await other.ask());
  assert.equal((await eventOf(turns[2].id)).conversation.continues, undefined);
  for (const turn of turns) await assertWhole(turn);
});

it('turns at the same time, and turns taken back', async () => {
  const session = new Session();
  await session.ask();
  const history = session.messages;
  const forks = await Promise.all(
    Array.from({ length: 12 }, (_, i) => {
      const fork = new Session(session.headers);
      fork.messages = history.slice(0, i % 2 ? history.length : 0);
      fork.turns = i;
      return fork.ask();
    }),
  );
  for (const fork of forks) await assertWhole(fork);
  assert.equal(await cut(), 0);
});

it('whichever program is killed between two turns', async () => {
  const session = new Session();
  const turns = [await session.ask(), await session.ask()];
  await stack.analytics.kill();
  turns.push(await session.ask(), await session.ask());
  await stack.startAnalytics();
  turns.push(await session.ask());
  await stack.proxy.kill();
  await stack.restartProxy(stack.proxy);
  turns.push(await session.ask(), await session.ask());
  for (const turn of turns) await assertWhole(turn);
  assert.equal(await cut(), 0);
});

it('whole, whenever either program is killed while sessions go on', async () => {
  const turns = [];
  let over = false;
  const goOn = async () => {
    const session = new Session();
    while (!over) {
      const before = session.messages.length;
      try {
        turns.push(await session.ask());
      } catch {
        // Its client does not know whether it was recorded, and asks anew.
        session.messages.length = before;
        await setImmediate();
      }
    }
  };
  const sessions = Array.from({ length: 4 }, goOn);
  for (let kills = 0; kills < 12; ++kills) {
    const goal = turns.length + 1 + ((kills * 7) % 5);
    await eventually('some turns more', async () => turns.length >= goal);
    if (kills % 3 !== 2) {
      await stack.proxy.kill();
      await stack.restartProxy(stack.proxy);
    } else {
      await stack.analytics.kill();
      await stack.startAnalytics();
    }
  }
  over = true;
  await Promise.all(sessions);
  const continued = turns.filter(({ sent }) => sent.length > 1);
  assert.ok(continued.length > 12, `${continued.length} turns had a history`);
  for (const turn of turns) await assertWhole(turn);
  assert.equal(await cut(), 0);
});

it('a turn whose beginning was deleted says so, and later ones are whole again', async () => {
  const session = new Session();
  const deleted = await session.ask();
  await conversationOf(stack, deleted.id);
  await stack.api.ask('DELETE', `/api/conversations/${deleted.id}`);
  const next = await session.ask();
  const shown = await conversationOf(stack, next.id);
  assert.equal(shown.truncated, true);
  assert.equal(shown.system_prompt, null);
  assert.deepEqual(JSON.parse(shown.messages_json), next.sent.slice(1).map(canonical));
  assert.equal(await cut(), 1);
  // The proxy hears of it with the acknowledgement.
  const whole = await eventually('a whole turn', async () => {
    const turn = await session.ask();
    return (await eventOf(turn.id)).conversation.continues ? null : turn;
  });
  await assertWhole(whole);
  const after = await session.ask();
  assert.equal((await eventOf(after.id)).conversation.continues.id, whole.id);
  await assertWhole(after);
});
