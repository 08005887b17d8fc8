import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import t from 'tap'
import { root } from './helpers/root.js'

/** From the ground up. A file imports from its own floor and those below it; floors on one line do not import each other. */
const FLOORS: readonly (readonly string[])[] = [
  ['lib/errors.ts', 'lib/sys'],
  ['lib/listeners', 'lib/logging'],
  ['config'],
  ['lib/http'],
  ['lib/gateway'],
  ['lib/worker'],
  ['lib/arbiter'],
  ['lib/index.ts', 'lib/worker-classes.ts', 'lib/command.ts'],
  ['bin'],
]

/** Rooms of the ground floor, which everybody may use, each other too. */
const GROUND = 0

/** What only a few files may do, since it concerns the whole process. */
const RESERVED: readonly { readonly what: string; readonly pattern: RegExp; readonly files: readonly string[] }[] = [
  {
    what: 'process.exit',
    pattern: /\bprocess\.exit\(/,
    files: ['bin/unicorn.ts', 'lib/worker/exit/exits.ts'],
  },
  {
    what: 'signal handlers',
    pattern: /\bprocess\.(on|once|addListener)\((signal\b|['"]SIG)/,
    files: ['lib/worker/signals.ts', 'lib/arbiter/signals.ts'],
  },
  {
    what: 'process.env',
    pattern: /\bprocess\.env\b/,
    files: ['bin/unicorn.ts', 'config/sources/env.ts'],
  },
  {
    what: 'process.argv',
    pattern: /\bprocess\.argv\b/,
    files: ['bin/unicorn.ts', 'lib/application/module/import-module.ts'],
  },
]

/** Files above the mark of 250 lines, and why they are not cut. */
const LONG: Readonly<Record<string, string>> = {
  'config/settings.ts': 'the one table of settings: a row each',
  'lib/arbiter/arbiter.ts': 'the whole life of a server, to be read from top to bottom',
  'lib/arbiter/pool.ts': 'all that is done with workers: an action for each cell of the state table',
  'lib/worker/worker.ts': 'the whole life of a worker, to be read from top to bottom',
}
const LONGEST = 250
const LONGEST_COMPOSITION_ROOT = 30

const STATEMENT = /\b(?:import|export)\s+(?<type>type\s)?(?:[^'";]*?\sfrom\s+)?['"](?<path>\.[^'"]+)['"]/g
const DYNAMIC = /\bimport\(\s*['"](?<path>\.[^'"]+)['"]/g

const files = ['bin', 'lib', 'config'].flatMap(sourcesIn)

t.test('imports point down only', async t => {
  for (const file of files) {
    for (const { target, typeOnly } of importsOf(file)) {
      const [from, to] = [floorOf(file), floorOf(target)]
      if (to.floor > from.floor) t.fail(`${file} imports ${target}, which is above it`)
      if (to.floor === from.floor && to.room !== from.room && to.floor !== GROUND && !typeOnly) {
        t.fail(`${file} imports ${target}: rooms of one floor do not know each other`)
      }
    }
  }
  t.ok(files.length > 20, 'there are files to look at')
})

t.test('the gateway knows no processes', async t => {
  for (const file of files.filter(file => file.startsWith('lib/gateway/'))) {
    t.notMatch(codeOf(file), /node:(cluster|child_process)|\bprocess\.(pid|send|kill|on|once)\b/, file)
  }
})

t.test('the protocol between arbiter and worker imports nothing but types', async t => {
  t.same(
    importsOf('lib/worker/protocol.ts').filter(({ typeOnly }) => !typeOnly),
    [],
  )
})

t.test('of the worker the arbiter knows the protocol only', async t => {
  for (const file of files.filter(file => file.startsWith('lib/arbiter/'))) {
    const known = importsOf(file).filter(({ target, typeOnly }) => target.startsWith('lib/worker/') && !typeOnly)
    t.same(
      known.filter(({ target }) => target !== 'lib/worker/protocol.ts'),
      [],
      file,
    )
  }
})

t.test('what concerns the whole process happens in named files only', async t => {
  for (const { what, pattern, files: allowed } of RESERVED) {
    const found = files.filter(file => pattern.test(codeOf(file)))
    t.same(found.sort(), [...allowed].sort(), what)
  }
})

t.test('jiti and all that only it needs are behind one door', async t => {
  const room = 'lib/application/module/jiti/'
  const door = `${room}jiti-loader.ts`
  const outside = files.filter(file => !file.startsWith(room))
  const entering = outside.flatMap(file =>
    importsOf(file)
      .filter(({ target }) => target.startsWith(room))
      .map(({ target }) => ({ file, target })),
  )
  t.same(entering, [
    { file: 'lib/application/module/find-module.ts', target: door },
    { file: 'lib/application/module/import-module.ts', target: door },
  ])
  t.same(
    outside.filter(file => /(?:from|import\() ?'jiti'/.test(codeOf(file))),
    ['config/sources/module.ts'],
  )
})

t.test('size marks', async t => {
  const long = files.filter(file => lineCount(file) > LONGEST)
  t.same(long.sort(), Object.keys(LONG).sort(), `files over ${LONGEST} lines`)
  t.ok(
    lineCount('bin/unicorn.ts') <= LONGEST_COMPOSITION_ROOT,
    `bin/unicorn.ts has at most ${LONGEST_COMPOSITION_ROOT}`,
  )
})

function sourcesIn(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => `${directory}/${name.split(sep).join('/')}`)
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function lineCount(file: string): number {
  return read(file).trimEnd().split('\n').length
}

/** The source without comments: they may name what the code may not use. */
function codeOf(file: string): string {
  return read(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1')
}

interface Import {
  /** The imported file, from the root. */
  readonly target: string
  readonly typeOnly: boolean
}

/** Imports of our own files. */
function importsOf(file: string): Import[] {
  const code = codeOf(file)
  return [...code.matchAll(STATEMENT), ...code.matchAll(DYNAMIC)].map(({ groups }) => ({
    target: normalize(join(dirname(file), groups?.path ?? '')).replace(/\.js$/, '.ts'),
    typeOnly: groups?.type !== undefined,
  }))
}

function floorOf(file: string): { floor: number; room: string } {
  for (const [floor, rooms] of FLOORS.entries()) {
    const room = rooms.find(room => file === room || file.startsWith(`${room}/`))
    if (room !== undefined) return { floor, room }
  }
  throw new Error(`${file} is on no floor: give its directory a place in FLOORS`)
}
