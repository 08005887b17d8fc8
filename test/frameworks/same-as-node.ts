import type { Test } from 'tap'
import { connectRaw } from '../helpers/raw.js'
import type { Target } from '../helpers/server-process.js'

const JSON_TYPE = 'Content-Type: application/json'

/** Each is the only request of its connection, which ends with it. */
const REQUESTS: Readonly<Record<string, string>> = {
  'a path and a query': request('GET', '/users/7?fields=name'),
  'a JSON body': request('POST', '/users', [JSON_TYPE], '{"name":"Ada"}'),
  'a body that is no JSON': request('POST', '/users', [JSON_TYPE], '{"name":'),
  'a chunked body': `${head('POST', '/users', [JSON_TYPE, 'Transfer-Encoding: chunked'])}7\r\n{"name"\r\n7\r\n:"Ada"}\r\n0\r\n\r\n`,
  'a body that waits for 100 Continue': request(
    'POST',
    '/users',
    [JSON_TYPE, 'Expect: 100-continue'],
    '{"name":"Ada"}',
  ),
  'a handler that throws': request('GET', '/broken'),
  'a page that is not there': request('GET', '/nowhere'),
  HEAD: request('HEAD', '/users/7'),
  OPTIONS: request('OPTIONS', '/users'),
  'a method that is not there': request('DELETE', '/users/7'),
  'a path that is not encoded well': request('GET', '/users/%ff'),
  'a streamed answer': request('GET', '/download?bytes=200000'),
  'HTTP/1.0': request('GET', '/users/7').replace('HTTP/1.1', 'HTTP/1.0'),
  'a streamed answer in HTTP/1.0': request('GET', '/download?bytes=200000').replace('HTTP/1.1', 'HTTP/1.0'),
}

/** Sends the same requests to both, which must answer with the same bytes but for what differs from run to run. */
export async function sameAsNode(t: Test, { served, plain }: { served: Target; plain: Target }): Promise<void> {
  for (const [name, bytes] of Object.entries(REQUESTS)) {
    const [ours, nodes] = await Promise.all([served, plain].map(target => answerTo(t, target, bytes)))
    t.match(nodes, /^HTTP\/1\.1 /, `${name}: there is an answer`)
    t.equal(ours, nodes, name)
  }
}

async function answerTo(t: Test, target: Target, bytes: string): Promise<string> {
  const raw = await connectRaw(t, target)
  raw.write(bytes)
  return withoutChanging(await raw.all())
}

function withoutChanging(text: string): string {
  return text.replace(/^(Date|Server-Timing): .*\r\n/gm, '').replace(/^[\da-f]+\r\n(x+)\r\n/gm, '$1')
}

function request(method: string, path: string, fields: readonly string[] = [], body = ''): string {
  return head(method, path, body === '' ? fields : [...fields, `Content-Length: ${body.length}`]) + body
}

function head(method: string, path: string, fields: readonly string[]): string {
  return `${[`${method} ${path} HTTP/1.1`, 'Host: test', 'Connection: close', ...fields].join('\r\n')}\r\n\r\n`
}
