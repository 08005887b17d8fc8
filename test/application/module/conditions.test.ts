import t from 'tap'
import { root } from '../../helpers/root.js'
import { run } from '../../helpers/run.js'
import { files, load } from './load.js'

const PACKAGE = {
  'node_modules/cond/package.json': JSON.stringify({
    name: 'cond',
    exports: {
      '.': { custom: './custom.mjs', 'module-sync': './sync.mjs', import: './import.mjs' },
      './both': { custom: './custom.cjs', require: './require.cjs', import: './import.mjs' },
      './native': { 'node-addons': './custom.mjs', default: './import.mjs' },
    },
  }),
  'node_modules/cond/custom.mjs': 'export const from = "custom"',
  'node_modules/cond/sync.mjs': 'export const from = "module-sync"',
  'node_modules/cond/import.mjs': 'export const from = "import"',
  'node_modules/cond/custom.cjs': 'exports.from = "custom.cjs"',
  'node_modules/cond/require.cjs': 'exports.from = "require"',
  'package.json': '{ "type": "module", "imports": { "#own": { "custom": "./custom.js", "default": "./other.js" } } }',
  'custom.js': 'export const from = "own custom"',
  'other.js': 'export const from = "own default"',
}

const MODULE = `import { from } from 'cond'
import { from as both } from 'cond/both'
import { from as native } from 'cond/native'
import { from as own } from '#own'
const late = await import('cond/both')
const { required } = await import('./required.EXT')
export const application = () => [from, both, native, own, late.from, required, import.meta.resolve('cond')]
`
const REQUIRED = `const { from } = require('cond/both')
exports.required = [from, require('cond/native').from, require.resolve('cond/both')]
`
/** It needs the loader. */
const ENUM = 'enum Level { low }\n'

t.test('a name means in TypeScript the file that it means in JavaScript, under all conditions', async t => {
  const directory = files(t, {
    ...PACKAGE,
    'app.mjs': MODULE.replace('EXT', 'cjs'),
    'required.cjs': REQUIRED,
    'app.ts': ENUM + MODULE.replace('EXT', 'cts'),
    'required.cts': ENUM + REQUIRED,
  })
  for (const [options, first] of [
    ['', process.features.require_module ? 'module-sync' : 'import'],
    ['--conditions=other -C "custom"', 'custom'],
  ] as const) {
    const env = { NODE_OPTIONS: options }
    const [js, ts] = [await load(`${directory}/app.mjs`, { env }), await load(`${directory}/app.ts`, { env })]
    t.match(js.value, [first], options)
    t.match(ts, { value: js.value }, options)
  }
})

t.test('so it does in a config file', async t => {
  const config = `import { from } from 'cond'\n${ENUM}export const procName: string = from`
  const cwd = files(t, { ...PACKAGE, 'unicorn.config.ts': config })
  const command = [process.execPath, '--conditions=custom', `${root}dist/bin/unicorn.js`, '--print-config', 'app.js']
  t.match(await run(command, { cwd }), /^procName += custom /m)
})
