// Conversations: tokens that want them kept, events that hold them, and how they are shown.
import { makeEvent } from './journal.mjs';
import { messageRequest } from './messages.mjs';
import { eventually } from './program.mjs';
import { roundTrip } from './raw_http.mjs';

export function setLogging(stack, token, on) {
  const body = { enable_conversation_logging: on };
  return stack.api.ask('PUT', `/api/token/${token.id}/settings`, { body });
}

/** The conversation of a request, or null; its row is awaited, which comes with it. */
export async function conversationOf(stack, id) {
  await stack.api.row(id);
  const { status, body } = await stack.api.call('GET', `/api/conversations/${id}`);
  return status === 200 ? body : null;
}

/** Switches a token's setting on and awaits that `proxy` acts by it. */
export async function recordConversations(stack, token, proxy = stack.proxy) {
  await setLogging(stack, token, true);
  await stack.untilKnown(proxy, token.token);
  await eventually('the setting acts', async () => {
    const answer = await roundTrip(proxy.port, messageRequest(token.token));
    return conversationOf(stack, answer.get('x-ccproxy-request-id'));
  });
}

/** A new token whose conversations `proxy` records by now. */
export async function loggedToken(stack, name, proxy = stack.proxy) {
  const token = await stack.api.generate(name);
  await recordConversations(stack, token, proxy);
  return token;
}

/** For storeEvents(): an event of that token in which one message is said and one answered. */
export function conversationEvent(number, token, { question, answer, system, ...more }) {
  const conversation = { messages: [{ role: 'user', content: question }] };
  if (system !== undefined) conversation.system = system;
  if (answer !== undefined) conversation.completion = { role: 'assistant', content: answer };
  return makeEvent(number, { token_id: token.id, ...more, conversation });
}

/** A message as it is stored: a text is a block, members that say nothing are gone. */
export function canonical({ role, content }) {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  const bare = (key, value) => (value === null || key === 'cache_control' ? undefined : value);
  return JSON.parse(JSON.stringify({ role, content: blocks }, bare));
}
