import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { fileWrapper } from '../../../lib/gateway/wsgi/file-wrapper.js'
import type { Application, Chunk, Environ, StartResponse, WsgiBody } from '../../../lib/gateway/wsgi/types.js'
import type { Plan } from './plan.js'

/** How often the bodies of a plan were closed. */
export type Closings = Map<number, number>

const HINTS = [['Link', '</a.css>; rel=preload']] as const

/** An application that does what the plan for the requested path says. */
export function planned(plans: ReadonlyMap<string, Plan>, closings: Closings): Application {
  return (environ, startResponse) => {
    const plan = plans.get(environ.PATH_INFO)
    if (plan === undefined) throw new Error(`no plan for ${environ.PATH_INFO}: a request that was not sent`)
    if (plan.hints) environ['wsgi.early_hints'](HINTS)
    return plan.promised || plan.read !== 'none' || plan.pause
      ? runLater(plan, environ, startResponse, closings)
      : run(plan, startResponse, closings)
  }
}

async function runLater(
  plan: Plan,
  environ: Environ,
  startResponse: StartResponse,
  closings: Closings,
): Promise<WsgiBody> {
  const input = environ['wsgi.input']
  const echo: Buffer[] = []
  if (plan.read === 'some') await input.read(2)
  if (plan.read === 'all') echo.push(await input.read())
  if (plan.read === 'iterate') for await (const chunk of input) echo.push(chunk)
  if (plan.pause) await turn()
  if (plan.read === 'all' || plan.read === 'iterate') {
    if (!Buffer.concat(echo).equals(plan.body)) throw new Error('the body is not what was sent')
  }
  return run(plan, startResponse, closings)
}

function run(plan: Plan, startResponse: StartResponse, closings: Closings): WsgiBody {
  if (plan.failing === 'call') throw new Error('planned: in the call')
  const start = (): ReturnType<StartResponse> => {
    const length: [string, string][] = plan.announced === undefined ? [] : [['Content-Length', String(plan.announced)]]
    const head = [...plan.headers, ...length]
    if (!plan.restarted) return startResponse(plan.status, head)
    startResponse('202 Draft', [
      ['X-Draft', '1'],
      ['Content-Length', '3'],
    ])
    return startResponse(plan.status, head, new Error('planned: another start'))
  }
  if (plan.lateStart) return bodyOf(plan, start, closings)
  const write = start()
  for (const chunk of plan.written) write(chunk)
  if (plan.failing === 'started') {
    const error = new Error('planned: after the start')
    // Throws the error if the head is out.
    if (plan.badChunk) startResponse('500 Not sent', [], error)
    throw error
  }
  return bodyOf(plan, () => {}, closings)
}

function bodyOf(plan: Plan, start: () => unknown, closings: Closings): WsgiBody {
  const [first = ''] = plan.chunks
  switch (plan.shape) {
    case 'string':
      return failed(plan, 0) ?? String(first)
    case 'bytes':
      return failed(plan, 0) ?? Buffer.from(first)
    case 'array':
      return [...syncChunks(plan, start)]
    case 'generator':
      return syncChunks(plan, start)
    case 'async':
      return asyncChunks(plan, start)
    case 'stream':
      return Readable.from(asyncChunks(plan, start))
    case 'web':
      return webStream(asyncChunks(plan, start))
    case 'file':
      return fileWrapper(Readable.from(asyncChunks(plan, start)))
    case 'closable':
      closings.set(plan.index, 0)
      return {
        [Symbol.iterator]: () => syncChunks(plan, start),
        close: () => closings.set(plan.index, (closings.get(plan.index) ?? 0) + 1),
      }
  }
}

function* syncChunks(plan: Plan, start: () => unknown): Generator<Chunk> {
  start()
  if (plan.lateStart && plan.failing === 'started') throw new Error('planned: after the start')
  for (let i = 0; i <= plan.chunks.length; i++) {
    const bad = failed(plan, i)
    if (bad !== undefined) yield bad
    const chunk = plan.chunks[i]
    if (chunk !== undefined) yield chunk
  }
}

async function* asyncChunks(plan: Plan, start: () => unknown): AsyncGenerator<Chunk> {
  for (const chunk of syncChunks(plan, start)) {
    if (plan.pause) await turn()
    yield chunk
  }
}

/** Asks for a chunk when it is asked for one. */
function webStream(chunks: AsyncGenerator<Chunk>): ReadableStream<Chunk> {
  const pull = async (controller: ReadableStreamDefaultController<Chunk>): Promise<void> => {
    const { value, done } = await chunks.next()
    if (done) controller.close()
    else controller.enqueue(value)
  }
  return new ReadableStream({ pull }, { highWaterMark: 0 })
}

/** Fails at the place that the plan names: by an error, or by something that is no chunk though the types say so. */
function failed(plan: Plan, at: number): Chunk | undefined {
  if (plan.failing !== at) return undefined
  if (plan.badChunk && plan.shape !== 'stream') return JSON.parse('5')
  throw new Error('planned: in place of a chunk')
}
