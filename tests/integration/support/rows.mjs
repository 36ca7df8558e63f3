// What a row must say.
import assert from 'node:assert/strict';

const fields = [
  'id',
  'token_id',
  'account_id',
  'user_name',
  'mode',
  'model',
  'stream',
  'request_at',
  'response_at',
  'duration_ms',
  'ttft_ms',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'cache_creation_5m_tokens',
  'cache_creation_1h_tokens',
  'cache_read_tokens',
  'usage_source',
  'cost_nano_usd',
  'status_code',
  'success',
  'error_message',
  'stop_reason',
  'conversation_id',
  'agent_id',
  'upstream_request_id',
  'attempts',
  'attempts_detail',
  'proxy_id',
];

/** A row's invariants, whatever the request was. */
export function assertSound(row) {
  assert.deepEqual(Object.keys(row).sort(), [...fields].sort(), 'the fields of a row');
  assert.match(row.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const from = Date.parse(row.request_at);
  assert.equal(Date.parse(row.response_at) - from, row.duration_ms, 'duration_ms');
  assert.ok(row.ttft_ms === null || (row.ttft_ms >= 0 && row.ttft_ms <= row.duration_ms));
  if (row.usage_source === 'none') {
    assert.equal(row.prompt_tokens, null, 'tokens that are not known are null, not 0');
    assert.equal(row.completion_tokens, null);
    assert.equal(row.total_tokens, null);
  } else {
    assert.equal(row.total_tokens, row.prompt_tokens + row.completion_tokens, 'total_tokens');
  }
  if (row.success) assert.equal(row.error_message, null);
  else assert.ok(row.error_message, 'a failure says why');
}

/** Compares the fields that `expected` names; a RegExp matches, a function judges. */
export function assertRow(row, expected) {
  assertSound(row);
  for (const [name, value] of Object.entries(expected)) {
    if (value instanceof RegExp) assert.match(row[name] ?? '', value, name);
    else if (typeof value === 'function') assert.ok(value(row[name]), `${name}: ${row[name]}`);
    else assert.deepEqual(row[name], value, name);
  }
}

/** A row's token fields for the `usage` object of a Messages answer. */
export function tokensOf(usage) {
  const total = usage.cache_creation_input_tokens ?? 0;
  const one_hour = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  const read = usage.cache_read_input_tokens ?? 0;
  const prompt = usage.input_tokens + total + read;
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output_tokens,
    total_tokens: prompt + usage.output_tokens,
    cache_creation_5m_tokens: total - one_hour,
    cache_creation_1h_tokens: one_hour,
    cache_read_tokens: read,
  };
}
