import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { files, load } from './load.js'

/** jiti transpiles it on every Node. It returns whether Babel was loaded for that. */
const APP = `enum A { a = 'a' }
import { createRequire } from 'node:module'
export const application = () => [A.a, Object.keys(createRequire(import.meta.url).cache).some(file => file.endsWith('babel.cjs'))]`

const MADE = { value: ['a', true] }
const CACHED = { value: ['a', false] }
const CACHE = 'node_modules/.unicorn-cache'

/** Makes an application in a directory with `node_modules`. */
function project(t: Test): { directory: string; app: string; cache: string } {
  const directory = files(t, { 'src/app.mts': APP, 'node_modules/package/index.js': '' })
  return { directory, app: `${directory}/src/app.mts`, cache: join(directory, CACHE) }
}

t.test('transpiled TypeScript is kept beside the packages, for this user alone', async t => {
  const { directory, app, cache } = project(t)
  t.match(await load(app), MADE)
  t.match(await load(app), CACHED)
  t.equal(statSync(cache).mode & 0o777, 0o700)
  const entries = readdirSync(cache)
  t.equal(entries.length, 1)
  for (const entry of entries) t.equal(statSync(join(cache, entry)).mode & 0o777, 0o600)
  t.same(readdirSync(directory).sort(), ['node_modules', 'src'])
})

t.test('a file that was edited is transpiled anew', async t => {
  const { app, cache } = project(t)
  await load(app)
  writeFileSync(app, APP.replace("'a' }", "'b' }"))
  t.match(await load(app), { value: ['b', true] })
  t.match(await load(app), { value: ['b', false] })
  t.equal(readdirSync(cache).length, 1)
})

t.test('an entry that was not written by the cache is not run', async t => {
  const { app, cache } = project(t)
  await load(app)
  const [entry = ''] = readdirSync(cache)
  const whole = readFileSync(join(cache, entry), 'utf8')
  for (const text of ['', 'throw new Error("planted")', whole.slice(0, 20)]) {
    writeFileSync(join(cache, entry), text)
    t.match(await load(app), MADE, text)
  }
})

t.test('the main script has an entry of its own', async t => {
  const directory = files(t, {
    'app.cts': 'enum A { a }\nmodule.exports = require.main === module',
    'node_modules/package/index.js': '',
  })
  for (const main of [true, false, true]) t.match(await load(`${directory}/app.cts`, { main }), { value: main })
})

t.test('a directory that others can look into or write to is not used', async t => {
  const { app, cache } = project(t)
  mkdirSync(cache)
  for (const mode of [0o755, 0o770, 0o707]) {
    chmodSync(cache, mode)
    t.match(await load(app), MADE)
    t.match(await load(app), MADE)
    t.same(readdirSync(cache), [])
  }
})

t.test('a link in its place is not followed', async t => {
  const { directory, app, cache } = project(t)
  const elsewhere = join(directory, 'elsewhere')
  mkdirSync(elsewhere, { mode: 0o700 })
  symlinkSync(elsewhere, cache)
  t.match(await load(app), MADE)
  t.same(readdirSync(elsewhere), [])
})

t.test('without node_modules nothing is written', async t => {
  const directory = files(t, { 'app.mts': APP })
  t.match(await load(`${directory}/app.mts`), MADE)
  t.same(readdirSync(directory), ['app.mts'])
})
