import type { Application, Environ, InputStream } from '../../lib/gateway/wsgi/types.js'
import { request } from './serve.js'

/** An application that answers with what `work` makes of the input, as JSON. */
export function reading(work: (input: InputStream, environ: Environ) => Promise<unknown>): Application {
  return async (environ, startResponse) => {
    const result = await work(environ['wsgi.input'], environ)
    startResponse('200 OK', [])
    return JSON.stringify(result)
  }
}

export function post(body: string, fields: readonly string[] = []): string {
  return request('POST', [`Content-Length: ${body.length}`, ...fields], body)
}

export function bodyOf(response: string): unknown {
  const body = response.slice(response.lastIndexOf('\r\n\r\n') + 4)
  return JSON.parse(body)
}
