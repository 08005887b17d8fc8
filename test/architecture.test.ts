import t from 'tap'
import { DOORS, FLOORS, LONG, RESERVED, ROOMS } from './helpers/architecture.js'
import { codeOf, importsOf, lineCount, read, sourcesIn } from './helpers/source-tree.js'

/** Rooms of the ground floor import each other freely. */
const GROUND = 0

const LONGEST = 250
const LONGEST_COMPOSITION_ROOT = 30
/** A room within another that counts by itself: applications in Python share little with those in JavaScript. */
const APART = 'lib/application/python'
/** The share of lib's lines that one room may have. */
const LARGEST_ROOM = 0.25
/** As the formatter's, for comments. */
const WIDEST = 120
const LONGEST_TEST = 300

/** Each test makes one assertion about all files: the number of assertions does not depend on that of the files. */
const files = ['bin', 'lib', 'config'].flatMap(sourcesIn)

t.test('imports point down only', async t => {
  t.same(files.flatMap(upwardImportsOf), [])
  t.ok(files.length > 20, 'there are files to look at')
})

t.test('rooms of one floor have floors too', async t => {
  for (const [room, levels] of Object.entries(ROOMS)) {
    const faults = filesBelow(`${room}/`).flatMap(file =>
      importsOf(file)
        .map(({ target }) => target)
        .filter(target => target.startsWith(`${room}/`) && isUpward(levels, room, [file, target]))
        .map(target => `${file} imports ${target}`),
    )
    t.same(faults, [], room)
  }
})

t.test('no file imports itself by way of others, types counted', async t => {
  t.same(circles(), [])
})

t.test('what only a few files may import', async t => {
  for (const { what, pattern, allowed } of DOORS) {
    const found = files.filter(file => pattern.test(codeOf(file)))
    t.same(
      found.filter(file => !allowed.test(file)),
      [],
      what,
    )
    t.ok(found.length > 0, `${what}: some file does`)
  }
})

t.test('the gateway knows no processes', async t => {
  const known = /node:(cluster|child_process)|\bprocess\.(pid|send|kill|on|once)\b/
  const gateway = filesBelow('lib/gateway/')
  t.same(
    gateway.filter(file => known.test(codeOf(file))),
    [],
  )
})

t.test('the protocol between arbiter and worker imports nothing but types', async t => {
  t.same(
    importsOf('lib/worker/protocol.ts').filter(({ typeOnly }) => !typeOnly),
    [],
  )
})

t.test('of the worker the arbiter knows the protocol only', async t => {
  const known = filesBelow('lib/arbiter/')
    .flatMap(importsOf)
    .filter(({ target, typeOnly }) => target.startsWith('lib/worker/') && !typeOnly)
  t.same([...new Set(known.map(({ target }) => target))], ['lib/worker/protocol.ts'])
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
  const lines = sum(files.filter(file => file.startsWith('lib/')))
  const roomOf = (file: string): string => (file.startsWith(APART) ? APART : file.split('/').slice(0, 2).join('/'))
  const inRooms = files.filter(file => /^lib\/.*\//.test(file))
  const large = [...new Set(inRooms.map(roomOf))].filter(
    room => sum(inRooms.filter(file => roomOf(file) === room)) > lines * LARGEST_ROOM,
  )
  t.same(large, [], `rooms over ${LARGEST_ROOM * 100} % of lib`)
  t.same([...files, ...sourcesIn('test')].filter(hasWideComment), [], `comments over ${WIDEST} columns`)
  const long = files.filter(file => lineCount(file) > LONGEST)
  t.same(long.sort(), Object.keys(LONG).sort(), `files over ${LONGEST} lines`)
  t.ok(
    lineCount('bin/unicorn.ts') <= LONGEST_COMPOSITION_ROOT,
    `bin/unicorn.ts has at most ${LONGEST_COMPOSITION_ROOT}`,
  )
  const longTests = sourcesIn('test').filter(file => lineCount(file) > LONGEST_TEST)
  t.same(longTests, [], `tests over ${LONGEST_TEST} lines`)
})

/** The files of one room, of which there is one at least. */
function filesBelow(room: string): string[] {
  const found = files.filter(file => file.startsWith(room))
  if (found.length === 0) throw new Error(`no file is in ${room}`)
  return found
}

/** What is wrong with the imports of a file. */
function upwardImportsOf(file: string): string[] {
  return importsOf(file).flatMap(({ target, typeOnly }) => {
    const [from, to] = [floorOf(file), floorOf(target)]
    if (to.floor > from.floor) return [`${file} imports ${target}, which is above it`]
    const isOfOtherRoom = to.floor === from.floor && to.room !== from.room && to.floor !== GROUND
    return isOfOtherRoom && !typeOnly ? [`${file} imports ${target}: rooms of one floor do not know each other`] : []
  })
}

/** @param levels  each a list of names within `room`; `*` is all that is not named */
function isUpward(levels: readonly (readonly string[])[], room: string, [file, target]: [string, string]): boolean {
  const place = (path: string): { level: number; name: string } => {
    const inner = path.slice(room.length + 1)
    const names = levels.flat().filter(name => inner === name || inner.startsWith(`${name}/`))
    const name = names.sort((a, b) => b.length - a.length)[0] ?? '*'
    return { level: levels.findIndex(level => level.includes(name)), name }
  }
  const [from, to] = [place(file), place(target)]
  return to.level > from.level || (to.level === from.level && to.name !== from.name)
}

/** Files that reach themselves by imports. */
function circles(): string[] {
  const targets = new Map(files.map(file => [file, importsOf(file).map(({ target }) => target)]))
  const reaches = (file: string): boolean => {
    const seen = new Set<string>()
    const left = [...(targets.get(file) ?? [])]
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      if (next === file) return true
      if (!seen.has(next)) left.push(...(targets.get(next) ?? []))
      seen.add(next)
    }
    return false
  }
  return files.filter(reaches)
}

function sum(some: readonly string[]): number {
  return some.reduce((lines, file) => lines + lineCount(file), 0)
}

function hasWideComment(file: string): boolean {
  return read(file)
    .split('\n')
    .some(line => line.length > WIDEST && /^\s*(\/\/|\*|\/\*)/.test(line))
}

function floorOf(file: string): { floor: number; room: string } {
  for (const [floor, rooms] of FLOORS.entries()) {
    const room = rooms.find(room => file === room || file.startsWith(`${room}/`))
    if (room !== undefined) return { floor, room }
  }
  throw new Error(`${file} is on no floor: give its directory a place in FLOORS`)
}
