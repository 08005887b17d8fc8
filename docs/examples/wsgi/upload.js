// unicorn docs/examples/wsgi/upload.js
import { createHash } from 'node:crypto'

/** Answers with the SHA-256 of a body of any size. Refuses an unwanted body before it is sent. */
export async function application(environ, startResponse) {
  const headers = [['Content-Type', 'text/plain']]
  if (environ.CONTENT_TYPE.startsWith('video/')) {
    // Nothing was read, so a client that waits for `100 Continue` does not send the body.
    startResponse('415 Unsupported Media Type', headers)
    return ['No videos.\n']
  }
  const hash = createHash('sha256')
  for await (const chunk of environ['wsgi.input']) hash.update(chunk)
  startResponse('200 OK', headers)
  return [`${hash.digest('hex')}\n`]
}
