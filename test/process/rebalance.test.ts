import t from 'tap'
import { connectRaw, head, type Raw } from '../helpers/raw.js'
import { startServer } from '../helpers/server.js'

/** How many clients keep one worker busy: it has a next request even if one of them is late. */
const BUSY = 3

/** `/30` holds the event loop for 30 ms, and waits for that instead of computing. Then it says which worker it is. */
const app = `
const cell = new Int32Array(new SharedArrayBuffer(4))
const answer = url => {
  const milliseconds = Number(url.slice(1))
  if (milliseconds > 0) Atomics.wait(cell, 0, 0, milliseconds)
  return process.pid + '\\n'
}
export const application = (environ, startResponse) => {
  const body = answer(environ.PATH_INFO)
  startResponse('200 OK', [['Content-Length', String(body.length)]])
  return [body]
}
export const handler = (req, res) => {
  const body = answer(req.url)
  res.setHeader('Content-Length', body.length)
  res.end(body)
}
`

/** The engine differs: native for one, node:http for the other. */
const interfaces = { wsgi: 'app:application', node: 'app:handler' }

interface Answer {
  readonly pid: number
  readonly isLast: boolean
}

/** Asks for `path`, behind what was answered before. */
async function ask(raw: Raw, path: string): Promise<Answer> {
  const before = raw.text.length
  raw.write(head(path))
  const text = await raw.until(new RegExp(`^[\\s\\S]{${before}}HTTP/1.1 200 OK\\r\\n[\\s\\S]*\\r\\n\\r\\n\\d+\\n$`))
  const [fields = '', pid] = text.slice(before).split('\r\n\r\n')
  return { pid: Number(pid), isLast: /^connection: close\r?$/im.test(fields) }
}

for (const [name, spec] of Object.entries(interfaces)) {
  t.test(`a busy worker lets connections go, and their clients come to another one: ${name}`, async t => {
    const server = await startServer(t, { workers: 2, app, spec, args: ['--interface', name] })
    const held = new Map<number, Raw[]>()
    let busy: number | undefined
    while (busy === undefined) {
      const raw = await connectRaw(t, server.target)
      const { pid } = await ask(raw, '/0')
      const raws = [...(held.get(pid) ?? []), raw]
      held.set(pid, raws)
      if (raws.length === BUSY) busy = pid
    }
    let hasMoved = false
    let closes = 0
    const work = async (first: Raw): Promise<void> => {
      let raw = first
      while (!hasMoved) {
        const { isLast, pid } = await ask(raw, '/30')
        if (pid !== busy) hasMoved = true
        if (!isLast) continue
        closes++
        t.equal(await raw.ending, 'closed')
        raw = await connectRaw(t, server.target)
      }
    }
    await Promise.all((held.get(busy) ?? []).map(work))
    t.ok(closes > 0, 'each was told to leave before it came to the other one')
  })
}
