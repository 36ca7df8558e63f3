// A program that uses Anthropic's SDK, in a process of its own, since Node reads NODE_EXTRA_CA_CERTS
// at its start only. Arguments: the package, the base URL, the key, and what to do: `message`,
// `stream`, or `abort` a stream in its middle. Prints a line of JSON.
import { abortAfter, model } from './messages.mjs';

const [name, baseURL, apiKey, what] = process.argv.slice(2);
const { default: Anthropic } = await import(name);
const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
const ask = (steering) => ({
  model,
  max_tokens: 1024,
  messages: [{ role: 'user', content: `Grüße, 世界 [[sim ${steering}]]` }],
});

const result = {};
if (what === 'message') {
  const { data, response } = await client.messages.create(ask('output=7')).withResponse();
  Object.assign(result, { text: data.content[0].text, output: data.usage.output_tokens });
  result.id = response.headers.get('x-ccproxy-request-id');
} else {
  const abort = what === 'abort';
  const stream = client.messages.stream(ask(abort ? 'events=500; delay_ms=20' : 'events=300'));
  const { response } = await stream.withResponse();
  result.id = response.headers.get('x-ccproxy-request-id');
  if (abort) {
    result.text = await abortAfter(stream, 50, Anthropic);
  } else {
    const message = await stream.finalMessage();
    Object.assign(result, { text: message.content[0].text, output: message.usage.output_tokens });
  }
}
console.log(JSON.stringify(result));
