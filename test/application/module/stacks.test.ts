import t from 'tap'
import { files, type Loaded, load } from './load.js'

/** Babel moves the methods of a decorated class away from their lines. */
const APP = `enum Level { low }

const noted = (_: unknown, __?: unknown, ___?: unknown): void => {}

@noted
export class Controller {
  constructor(private readonly level: Level) {}

  @noted
  index(): string {
    throw new Error(\`level \${this.level}\`)
  }
}

function stack(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return error instanceof Error ? String(error.stack) : ''
  }
  return ''
}

export const application = (): unknown => [
  stack(() => new Controller(Level.low).index()),
  Error.stackTraceLimit,
]
`

function stackOf({ value, ...rest }: Loaded): string {
  if (!Array.isArray(value)) throw new Error(JSON.stringify(rest))
  const [stack]: unknown[] = value
  return String(stack)
}

t.test('stacks show the lines of the source, made now or before', async t => {
  const directory = files(t, { 'app.mts': APP, 'node_modules/package/index.js': '' })
  const file = `${directory}/app.mts`
  for (const when of ['now', 'before']) {
    const loaded = await load(file)
    const [first, second, third] = stackOf(loaded).split('\n')
    t.equal(first, 'Error: level 0', when)
    t.equal(second, `    at Controller.index (${file}:11:11)`, when)
    t.match(third, `${file}:25:`, when)
    t.match(loaded.value, [String, 10], 'Babel leaves the length of stacks alone')
  }
})

t.test('a formatter of stacks that is set already goes on, with the lines of the source', async t => {
  const directory = files(t, {
    'app.mts': APP,
    'format.cjs': `Error.prepareStackTrace = (error, frames) => frames.map(frame =>
      [frame.getFunctionName(), frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()].join(' ')).join('|')`,
  })
  const loaded = await load(`${directory}/app.mts`, { env: { NODE_OPTIONS: `--require ${directory}/format.cjs` } })
  t.match(stackOf(loaded), `index ${directory}/app.mts 11 11|`)
})

t.test('with --enable-source-maps compiled JavaScript is mapped, too', async t => {
  const map = { version: 3, sources: ['compiled.orig'], names: [], mappings: 'AAUI' }
  const url = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`
  const compiled = `export const fail = () => { throw new Error('compiled') }\n//# sourceMappingURL=${url}`
  const source = `enum A { a }
import { fail } from './compiled.mjs'
export const application = () => {
  try {
    fail()
  } catch (error) {
    return [(error as Error).stack]
  }
}`
  const directory = files(t, { 'app.mts': source, 'compiled.mjs': compiled })
  const [, first, second] = stackOf(
    await load(`${directory}/app.mts`, { env: { NODE_OPTIONS: '--enable-source-maps' } }),
  ).split('\n')
  t.match(first, /fail \(.*compiled\.orig:11:5\)$/)
  t.match(second, `${directory}/app.mts:5:`)
})
