import type { Demands } from '../soak/steady-load.js'
import { Random } from './random.js'

/**
 * Answers after up to 20 ms with the length of what was sent. /large answers with more than a socket takes at once,
 * /talk writes to standard output, /hang blocks the event loop for ever, /throw throws when it has answered, /fail
 * before.
 */
export const APP = `import { setTimeout as wait } from 'node:timers/promises'
import { node } from 'unicorn'

const large = 'x'.repeat(1 << 18)

async function deed(path, body) {
  await wait(Math.random() * 20)
  let length = 0
  for await (const chunk of body) length += chunk.length
  if (path === '/talk') console.log('talking')
  if (path === '/fail') throw new Error('failed on purpose')
  if (path === '/throw') setTimeout(() => { throw new Error('thrown on purpose') })
  if (path === '/hang') {
    console.error('hanging', process.pid)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
  return path === '/large' ? large : String(length)
}

export async function wsgi(environ, startResponse) {
  const body = await deed(environ.PATH_INFO, environ['wsgi.input'])
  startResponse('200 OK', [['Content-Length', String(body.length)]])
  return [body]
}

export const listener = node(async (req, res) => {
  const body = await deed(req.url, req)
  res.setHeader('Content-Length', body.length)
  res.end(body)
})
`

/** The exports of `APP`. */
export const INTERFACES = ['wsgi', 'listener'] as const

/** In bytes. */
const LARGEST_UPLOAD = 200_000

/** What the load asks for: mostly little, but also uploads, large answers and slow clients. */
export function demandsOf(seed: number): Demands {
  const random = new Random(seed)
  const rare: Demands[] = [
    () => ({ path: '/', body: 'x'.repeat(random.below(LARGEST_UPLOAD)) }),
    () => ({ path: '/', body: 'x'.repeat(random.below(LARGEST_UPLOAD)), slow: 'sender' }),
    () => ({ path: '/', slow: 'sender' }),
    () => ({ path: '/large' }),
    () => ({ path: '/large', slow: 'reader' }),
    () => ({ path: '/talk' }),
  ]
  return number => (number % 8 === 7 ? random.pick(rare)(number) : { path: '/' })
}
