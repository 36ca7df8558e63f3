// What an answer of the proxy's own must look like.
import assert from 'node:assert/strict';

const types = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  408: 'invalid_request_error',
  413: 'request_too_large',
  415: 'invalid_request_error',
  429: 'rate_limit_error',
  431: 'invalid_request_error',
  502: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

/** Gives the request's id. */
export function assertRefusal(response, status, message = /./) {
  assert.equal(response.status, status, `${response.status}: ${response.body}`);
  assert.ok(response.complete);
  assert.equal(response.get('content-type'), 'application/json');
  const body = JSON.parse(response.body);
  const id = response.get('x-ccproxy-request-id');
  assert.ok(id);
  assert.equal(response.get('request-id'), id);
  assert.deepEqual(Object.keys(body), ['type', 'error', 'request_id']);
  assert.deepEqual(Object.keys(body.error), ['type', 'message']);
  assert.equal(body.type, 'error');
  assert.equal(body.error.type, types[status]);
  assert.equal(body.request_id, id);
  assert.match(body.error.message, message);
  return id;
}
