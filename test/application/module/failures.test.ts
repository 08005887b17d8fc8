import t from 'tap'
import { type Files, files, load, loadEach, nodeKnowsTypeScript } from './load.js'

const MODULE = '{ "type": "module" }'

/** Applications that do not load, with what the message says (`DIR` is the directory) and how the stack begins. */
const CASES: readonly { entry: string; files?: Files; source: string; says: string; stack?: string }[] = [
  {
    entry: 'app.mjs',
    source: 'import "node:fs"\n\n  export const = 5\n',
    says: "DIR/app.mjs:3:16: Unexpected token '=': export const = 5",
    stack: "DIR/app.mjs:3\n  export const = 5\n               ^\n\nSyntaxError: Unexpected token '='",
  },
  {
    entry: 'app.mjs',
    source: 'import "./lib/below.mjs"',
    files: { 'lib/below.mjs': '\nconst a = = 5' },
    says: "DIR/lib/below.mjs:2:11: Unexpected token '=': const a = = 5",
    stack: 'DIR/lib/below.mjs:2\nconst a = = 5\n          ^\n',
  },
  {
    entry: 'app.cjs',
    source: '\nconst a = = 5',
    says: "DIR/app.cjs:2:11: Unexpected token '=': const a = = 5",
    stack: 'DIR/app.cjs:2\nconst a = = 5\n          ^\n',
  },
  {
    entry: 'app.cjs',
    source: 'require("./below.cjs")',
    files: { 'below.cjs': '\nconst a = = 5' },
    says: "DIR/below.cjs:2:11: Unexpected token '=': const a = = 5",
    stack: 'DIR/below.cjs:2\nconst a = = 5\n          ^\n',
  },
  { entry: 'app.cjs', source: 'function f() {', says: 'DIR/app.cjs:1: Unexpected end of input' },
  {
    entry: 'app.ts',
    source: 'const a: number = 1\n\nconst b: = 5\n',
    says: 'DIR/app.ts:3:10: Unexpected token: const b: = 5',
    stack: 'DIR/app.ts:3\nconst b: = 5\n         ^\n\nSyntaxError: Unexpected token',
  },
  {
    entry: 'app.cts',
    source: 'const a: number = 1\nconst b: = 5',
    says: 'DIR/app.cts:2:10: Unexpected token: const b: = 5',
  },
  {
    entry: 'app.ts',
    source: 'import "./below.ts"',
    files: { 'package.json': MODULE, 'below.ts': 'enum A { a }\nlet b: = 5' },
    says: 'DIR/below.ts:2:8: Unexpected token: let b: = 5',
  },
  {
    entry: 'app.mjs',
    source: '\nimport { b } from "./below.mjs"',
    files: { 'below.mjs': 'export const a = 1' },
    says: `DIR/app.mjs:2:10: The requested module './below.mjs' does not provide an export named 'b': import { b } from "./below.mjs"`,
  },
  {
    entry: 'app.mjs',
    source: 'import "./below.mjs"',
    files: { 'below.mjs': 'import "missing-package"' },
    says: "Cannot find package 'missing-package' imported from DIR/below.mjs",
  },
  {
    entry: 'app.mjs',
    source: 'import "./missing.mjs"',
    says: "Cannot find module 'DIR/missing.mjs' imported from DIR/app.mjs",
  },
  {
    entry: 'app.cjs',
    source: 'require("./below.cjs")',
    files: { 'below.cjs': 'require("missing-package")' },
    says: "Cannot find module 'missing-package', imported by DIR/below.cjs",
  },
  {
    entry: 'app.ts',
    source: 'import { b } from "./below.js"\nexport const application = b',
    files: { 'package.json': MODULE, 'below.ts': 'import "missing-package"\nexport const b: number = 1' },
    says: "Cannot find module 'missing-package', imported by DIR/below.ts",
  },
  {
    entry: 'app.ts',
    source: 'import "./missing.js"',
    says: "Cannot find module './missing.js', imported by DIR/app.ts",
  },
  {
    entry: 'app.ts',
    source: 'interface A {\n  a: string\n}\n\nconst a: A =\n  JSON.parse("{")\n',
    says: 'JSON',
    stack: 'SyntaxError: ',
  },
]

const directories = CASES.map(({ entry, source, files: more }) => files(t, { ...more, [entry]: source }))
const modules = await loadEach(CASES.map(({ entry }, index) => `${directories[index]}/${entry}`))

for (const [index, { entry, says, stack }] of CASES.entries()) {
  t.test(`an application that does not load: ${entry}: ${says}`, async t => {
    const directory = directories[index] ?? ''
    for (const loaded of [modules[index], await load(`${directory}/${entry}`, { main: true })]) {
      const { exitCode, error = '', stack: shown = '' } = loaded ?? {}
      t.equal(exitCode, 4)
      t.ok(error.startsWith(`${directory}/${entry} failed to load: `), error)
      t.ok(error.includes(says.replaceAll('DIR', directory)), error)
      t.notMatch(error, '\n', 'one line')
      t.ok(shown.replace('file://', '').startsWith(stack?.replaceAll('DIR', directory) ?? ''), shown)
    }
  })
}

t.test('an error while loading has the lines of the source, also in TypeScript', async t => {
  const source =
    'interface A {\n  a: string\n}\n\nenum E { a }\nconst fail = (): A => {\n  throw new Error("sorry")\n}\nfail()\n'
  const directory = files(t, { 'app.ts': source, 'node.mts': source.replace('enum E { a }', '') })
  for (const name of ['app.ts', 'node.mts']) {
    const { stack } = await load(`${directory}/${name}`)
    t.match(stack, /^Error: sorry\n/)
    t.match(stack, `${directory}/${name}:7:9`)
    t.match(stack, `${directory}/${name}:9:1`)
  }
})

t.test(
  'what Node cannot do with TypeScript that is reached while it runs',
  { skip: !nodeKnowsTypeScript && 'Node 20' },
  async t => {
    const directory = files(t, {
      'package.json': MODULE,
      'app.ts': 'const file: string = "./late.ts"\nawait import(file)',
      'late.ts': 'export enum A { a }',
    })
    const { error } = await load(`${directory}/app.ts`)
    t.match(error, `${directory}/late.ts:1:`)
    t.match(error, /enum is not supported/)
  },
)

t.test('files that are no programs', async t => {
  const directory = files(t, { 'data.json': '{}' })
  const { error, exitCode } = await load(`${directory}/data.json`)
  t.equal(
    error,
    `${directory}/data.json is no module that could hold an application: found .json, wanted .ts, .mts, .cts, .js, .mjs or .cjs`,
  )
  t.equal(exitCode, 4)
})
