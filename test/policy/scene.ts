import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { settings } from '../../config/settings.js'
import { accessLines, JSON_ACCESS_LOG } from '../helpers/access-lines.js'
import { testdir } from '../helpers/at-end.js'
import { python } from '../helpers/python.js'
import { root } from '../helpers/root.js'
import { startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { type Response, readResponses } from './answers.js'
import { type Answers, BEHIND, type Case, type Engine } from './case.js'
import { type Sent, send, TEARS } from './client.js'
import { lateClients } from './tables/late.js'
import { LARGEST_BODY } from './tables/limits.js'

export type Face = 'wsgi' | 'fetch' | 'node' | 'python' | 'asgi'

/** The clients have many addresses. */
const PYTHON = ['--python', python, '--forwarded-allow-ips', '*']

/** How the server is told to serve the application by this interface. */
const FACES: Readonly<Record<Face, { file: string; spec: string; args: readonly string[] }>> = {
  wsgi: { file: 'echo.js', spec: 'app:wsgi', args: ['--interface', 'wsgi'] },
  fetch: { file: 'echo.js', spec: 'app:fetch', args: ['--interface', 'fetch'] },
  node: { file: 'echo.js', spec: 'app:node', args: ['--interface', 'node'] },
  python: { file: 'echo.py', spec: 'app:application', args: [...PYTHON, '--interface', 'python'] },
  asgi: { file: 'echo.py', spec: 'app:asgi', args: [...PYTHON, '--interface', 'asgi'] },
}

const IMPATIENT = ['--header-timeout', '1s', '--body-timeout', '1s', '--keep-alive', '500ms']

/** Connections at a time: few enough for the queue of a listener. */
const AT_ONCE = 20

/** The engines that serve an interface. */
export function enginesFor(face: Face): Engine[] {
  const isOnNodeOnly = face === 'node' || face === 'asgi' || !('httpEngine' in settings)
  return isOnNodeOnly ? ['node'] : ['node', 'native']
}

/** Each case on a server of its interface, whole and torn; and clients that are late, on one that is impatient. */
export function checkPolicy(t: Test, face: Face, cases: readonly Case[]): void {
  for (const engine of enginesFor(face)) {
    t.test(`${face} on the engine ${engine}`, t => check(t, { face, engine, cases, tears: TEARS, args: [] }))
    t.test(`${face} on the engine ${engine}: late clients`, t => {
      return check(t, { face, engine, cases: lateClients, tears: TEARS.slice(0, 1), args: IMPATIENT })
    })
  }
}

interface Trial {
  readonly face: Face
  readonly engine: Engine
  readonly cases: readonly Case[]
  readonly tears: typeof TEARS
  /** Of the server. */
  readonly args: readonly string[]
}

async function check(t: Test, { face, engine, cases, tears, args }: Trial): Promise<void> {
  const server = await start(t, { face, engine, args })
  const sendings = tears.flatMap((tear, way) => cases.map((found, index) => ({ found, tear, way, index })))
  const faults: string[] = []
  const expected = new Map<string, number[]>()
  await together(sendings, async ({ found, tear, way, index }) => {
    const localAddress = `127.${way + 1}.${index >> 8}.${index & 255}`
    const { host = '', port = 0 } = 'port' in server.target ? server.target : {}
    const isAll = found.ends || found.drip !== undefined
    const sent = await send({ host, port, localAddress }, tear(isAll ? found.bytes : found.bytes + BEHIND), found)
    const { fault, statuses } = judge(found, engine, sent)
    if (fault) faults.push(`${found.name} (${way}): ${fault}`)
    else expected.set(localAddress, statuses)
  })
  await server.stop()
  t.same(faults, [])
  t.same(wrongLines(server, expected), [], 'a line of the access log for each answer')
}

function start(t: Test, { face, engine, args }: Pick<Trial, 'face' | 'engine' | 'args'>): Promise<Server> {
  const { file, spec, args: own } = FACES[face]
  const name = `app${file.slice(file.indexOf('.'))}`
  const app = readFileSync(`${root}test/fixtures/policy/${file}`, 'utf8')
  return startServer(t, {
    cwd: testdir(t, { [name]: app, 'package.json': '{"type":"module"}' }),
    spec,
    args: [
      ...own,
      ...args,
      ...JSON_ACCESS_LOG,
      ...['--limit-request-body', String(LARGEST_BODY)],
      ...(enginesFor(face).length > 1 ? ['--http-engine', engine] : []),
    ],
  })
}

/** What is wrong with what came, if anything is, and the statuses of the answers. */
function judge(
  { bytes, wanted, differs }: Case,
  engine: Engine,
  { text, ending }: Sent,
): { fault?: string; statuses: number[] } {
  let responses: Response[]
  try {
    responses = readResponses(text)
  } catch (error) {
    return { fault: String(error), statuses: [] }
  }
  const finals = responses.filter(({ status }) => status >= 200)
  const statuses = finals.map(({ status }) => status)
  const right = differs?.[engine] ?? wanted
  const fault = [
    right.some(answers => fits(finals, answers))
      ? ''
      : `got ${JSON.stringify(finals.map(told))}, wanted ${right.map(answers => JSON.stringify(answers)).join(' or ')}`,
    // A client that goes on behind its last answer may get a reset, as from nginx; one that was refused must not.
    ending === 'closed' || (ending === 'reset' && statuses.every(status => status < 400))
      ? ''
      : `the connection is ${ending}`,
    finals.every(({ fields }) => fields.has('date')) ? '' : 'no Date',
    finals.every(({ status, fields }) => status < 400 || fields.get('connection') === 'close') ? '' : 'not closed',
    finals.length === responses.length || /Expect:.*100-continue/i.test(bytes) ? '' : 'an interim response',
  ].filter(Boolean)
  return fault.length > 0 ? { fault: fault.join(', '), statuses } : { statuses }
}

function told({ status, body }: Response): string {
  return status === 200 ? `200 ${body}` : String(status)
}

function fits(responses: readonly Response[], answers: Answers): boolean {
  if (responses.length !== answers.length) return false
  return answers.every((answer, i) => {
    const response = responses[i]
    return response !== undefined && (String(response.status) === answer || told(response) === answer)
  })
}

/** @param expected  by the address of the client */
function wrongLines(server: Server, expected: ReadonlyMap<string, number[]>): string[] {
  const logged = new Map<string, (number | null)[]>()
  for (const { remoteAddress, outcome, status } of accessLines(server)) {
    // A client that went away has a line, but no answer.
    if (outcome !== 'aborted') logged.set(remoteAddress, [...(logged.get(remoteAddress) ?? []), status])
  }
  return [...expected].flatMap(([address, statuses]) => {
    const got = logged.get(address) ?? []
    return String(got.sort()) === String(statuses.sort())
      ? []
      : [`${address}: ${got.join(' ')} for ${statuses.join(' ')}`]
  })
}

async function together<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await run(item)
    }),
  )
}
