import { mkdirSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { files, load, loadEach } from './load.js'

const ASKS = 'export const application = () => [typeof wsgi, typeof AsyncWorker, part]'
const IMPORTS = `import { wsgi } from 'unicorn'\nimport { AsyncWorker } from 'unicorn/worker'\nimport { part } from './part.js'\n${ASKS}`
const REQUIRES = `const { wsgi } = require('unicorn')\nconst { AsyncWorker } = require('unicorn/worker')
exports.application = () => [typeof wsgi, typeof AsyncWorker, require('./part.cjs').part]`

const FILES = {
  'package.json': '{ "type": "module" }',
  'app.js': IMPORTS,
  'app.ts': `${IMPORTS}\nexport const n: number = 1`,
  'enum.ts': `enum A { a }\n${IMPORTS}`,
  'app.cjs': REQUIRES,
  'app.cts': `const n: number = 1\n${REQUIRES}`,
  'part.js': "import { node } from 'unicorn'\nexport const part = typeof node",
  'part.cjs': "exports.part = typeof require('unicorn').node",
}

t.test('an application imports this package though it is not installed beside it', async t => {
  const directory = files(t, FILES)
  const entries = ['app.js', 'app.ts', 'enum.ts', 'app.cjs', 'app.cts'].map(name => `${directory}/${name}`)
  const value = ['function', 'function', 'function']
  const modules = await loadEach(entries)
  t.match(
    modules,
    entries.map(() => ({ value })),
  )
  for (const entry of entries) t.match(await load(entry, { main: true }), { value }, entry)
})

t.test('the package that is installed comes first', async t => {
  const directory = files(t, {
    'app.mjs': 'export { name as default } from "unicorn"',
    'app.cjs': 'exports.application = require("unicorn").name',
    'app.mts': 'enum A { a }\nimport { name } from "unicorn"\nexport default name as string',
  })
  mkdirSync(`${directory}/node_modules/unicorn`, { recursive: true })
  writeFileSync(`${directory}/node_modules/unicorn/index.js`, 'exports.name = "other"')
  const entries = ['app.mjs', 'app.cjs', 'app.mts'].map(name => `${directory}/${name}`)
  t.match(
    await loadEach(entries),
    entries.map(() => ({ value: 'other' })),
  )
})

t.test('another package that is missing is still missing', async t => {
  const directory = files(t, { 'app.mjs': 'import "unicorn"\nimport "unicorns"', 'app.cjs': 'require("unicorns")' })
  t.match((await load(`${directory}/app.mjs`)).error, "unicorns'")
  t.match((await load(`${directory}/app.cjs`)).error, "Cannot find module 'unicorns'")
})
