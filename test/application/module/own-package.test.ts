import { mkdirSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { files, load } from './load.js'

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
  for (const name of ['app.js', 'app.ts', 'enum.ts', 'app.cjs', 'app.cts']) {
    for (const main of [false, true]) {
      t.match(await load(`${directory}/${name}`, { main }), { value: ['function', 'function', 'function'] }, name)
    }
  }
})

t.test('the package that is installed comes first', async t => {
  const directory = files(t, {
    'app.mjs': 'export { name as default } from "unicorn"',
    'app.cjs': 'exports.application = require("unicorn").name',
    'app.mts': 'enum A { a }\nimport { name } from "unicorn"\nexport default name as string',
  })
  mkdirSync(`${directory}/node_modules/unicorn`, { recursive: true })
  writeFileSync(`${directory}/node_modules/unicorn/index.js`, 'exports.name = "other"')
  for (const name of ['app.mjs', 'app.cjs', 'app.mts'])
    t.match(await load(`${directory}/${name}`), { value: 'other' }, name)
})

t.test('another package that is missing is still missing', async t => {
  const directory = files(t, { 'app.mjs': 'import "unicorn"\nimport "unicorns"', 'app.cjs': 'require("unicorns")' })
  t.match((await load(`${directory}/app.mjs`)).error, "unicorns'")
  t.match((await load(`${directory}/app.cjs`)).error, "Cannot find module 'unicorns'")
})
