import { symlinkSync } from 'node:fs'
import t from 'tap'
import { type Files, files, load, loadEach } from './load.js'

/** The ways in which a CommonJS script can learn whether it was started. */
const ASKS = '[require.main === module, process.mainModule === module, module.id === ".", !module.parent, __filename]'
const COMMONJS = `require('./part.cjs'); exports.application = ${ASKS}; exports.other = 2`
const PART = { 'part.cjs': 'console.log(String(require.main?.filename))' }

/** Each is a file `name` in a package of `type`. */
const SCRIPTS: readonly { name: string; type?: string; source: string }[] = [
  { name: 'app.cjs', source: COMMONJS },
  { name: 'app.cjs', type: 'module', source: COMMONJS },
  { name: 'app.js', source: `#!/usr/bin/env node\n${COMMONJS}` },
  { name: 'app.js', type: 'commonjs', source: COMMONJS },
  { name: 'app', source: COMMONJS },
  { name: 'app.cts', source: `const n: number = 1\n${COMMONJS}` },
  { name: 'app.ts', source: `const n: number = 1\n${COMMONJS}` },
  { name: 'app.ts', type: 'commonjs', source: `const n: number = 1\n${COMMONJS}` },
  {
    name: 'app.ts',
    source: `#!/usr/bin/env node\n// "use strict";\nimport './part.cjs'; export const application = ${ASKS}, other = 2`,
  },
  { name: 'app.cts', source: `enum E { a }\n${COMMONJS}` },
]

const manifest = (type?: string): Files => ({ 'package.json': JSON.stringify({ type }) })

const scripts = SCRIPTS.map(
  ({ name, type, source }) => `${files(t, { ...manifest(type), ...PART, [name]: source })}/${name}`,
)

const ESM = `import { sep } from 'node:path'
const waited = await Promise.resolve(1)
export const application = [waited, sep, import.meta.url.split('/').at(-1), typeof process.mainModule]
export default application`

const ESMS: readonly (readonly [name: string, type?: string])[] = [
  ['app.mjs'],
  ['app.js', 'module'],
  ['app.js'],
  ['app.ts', 'module'],
  ['app.ts'],
  ['app.mts'],
]
const esms = ESMS.map(([name, type]) => `${files(t, { ...manifest(type), [name]: ESM })}/${name}`)

// Before the first test, since the directories go when the last one that is there is over.
const [parts, started, loaded, mains] = await Promise.all(
  [scripts, esms].flatMap(entries => [loadEach(entries), loadEach(entries, { main: true })]),
)

for (const [index, { name, type, source }] of SCRIPTS.entries()) {
  t.test(`CommonJS as the main script: ${name} in a package of type ${type}: ${source.slice(0, 20)}`, async t => {
    const file = scripts[index] ?? ''
    const main = started?.[index]
    t.match(main, { value: [true, true, true, true, file], said: [file] })
    t.match(parts?.[index], { value: [false, false, false, true, file], said: ['undefined'] })
    const named = (names?: readonly string[]) => names?.filter(name => name !== 'default')
    t.same(named(main?.names), ['application', 'other'])
    t.same(main?.names, parts?.[index]?.names, 'the exports are the same')
  })
}

for (const [index, [name, type]] of ESMS.entries()) {
  t.test(`an ES module as the main script: ${name} in a package of type ${type}`, async t => {
    const value = [1, '/', name]
    t.match(mains?.[index], { value, names: ['application', 'default'] })
    t.match(loaded?.[index], { value, names: ['application', 'default'] })
  })
}

t.test('a script is run once, whatever becomes of it', async t => {
  const directory = files(t, {
    'throws.cjs': 'console.log("run"); throw new Error("sorry")',
    'throws.mjs': 'console.log("run"); throw new Error("sorry")',
    'throws.cts': 'const n: number = 1; console.log("run"); throw new Error("sorry")',
    'throws.ts': 'import "node:fs"; const n: number = 1; console.log("run"); throw new Error("sorry")',
    'enums.ts': 'enum E { a }; console.log("run"); throw new Error("sorry")',
  })
  const paths = ['throws.cjs', 'throws.mjs', 'throws.cts', 'throws.ts', 'enums.ts'].map(name => `${directory}/${name}`)
  for (const main of [true, false]) {
    for (const [index, { said, error, stack }] of (await loadEach(paths, { main })).entries()) {
      t.same(said, ['run'], `${paths[index]}, main: ${main}`)
      t.equal(error, `${paths[index]} failed to load: sorry`)
      t.match(stack, `${paths[index]}:1:`)
    }
  }
})

t.test('a directory with all that paths can have in them', async t => {
  const name = `a b%41#c?d é '"`
  const directory = files(
    t,
    {
      'package.json': '{ "imports": { "#part": "./part.js" } }',
      'app.js': 'exports.application = [require("#part").name, require.main === module, __filename]',
      'app.ts':
        'import part from "#part"; import { e, file } from "./part2"; export const application = [part.name, e.a, file, __filename]',
      'part.js': 'module.exports = { name: __filename }',
      'part2.ts': 'export enum e { a = "enum" }; export const file = __filename',
      'bad.mjs': 'import "./worse.mjs"',
      'worse.mjs': '\nlet = 1',
    },
    name,
  )
  t.match(await load(`${directory}/app.js`, { main: true }), {
    value: [`${directory}/part.js`, true, `${directory}/app.js`],
  })
  t.match(await load(`${directory}/app.ts`), {
    value: [`${directory}/part.js`, 'enum', `${directory}/part2.ts`, `${directory}/app.ts`],
  })
  t.match((await load(`${directory}/bad.mjs`)).error, `${directory}/worse.mjs:2:`)
})

t.test('a link to the directory, as to a release, is followed', async t => {
  const directory = files(t, {
    'releases/1/app.cjs': 'require("./part.cjs"); exports.application = [require.main === module, __filename]',
    'releases/1/part.cjs': 'console.log(require.main.filename)',
    'releases/1/app.mts':
      'enum A { a }\nimport { part } from "./part.mts"\nexport const application = [part, import.meta.filename]',
    'releases/1/part.mts': 'export const part: string = import.meta.filename',
  })
  const [release, current] = [`${directory}/releases/1`, `${directory}/current`]
  symlinkSync(release, current)
  t.match(await load(`${current}/app.cjs`, { main: true }), {
    value: [true, `${release}/app.cjs`],
    said: [`${release}/app.cjs`],
  })
  t.match(await load(`${current}/app.mts`), { value: [`${release}/part.mts`, `${release}/app.mts`] })
})
