import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t, { type Test } from 'tap'
import { loadApp } from '../../lib/application/load-module.js'
import { candidates } from '../../lib/application/module/find-module.js'
import { parseSpec } from '../../lib/application/module/spec.js'
import { UnicornError } from '../../lib/errors.js'
import { root } from '../helpers/root.js'

const apps = join(root, 'test/fixtures/apps')

/** Returns what the loaded application returns. */
async function result(spec: string, directory = apps): Promise<unknown> {
  const { value } = await loadApp(spec, { directory: directory })
  if (typeof value !== 'function') return value
  return value({}, () => {})
}

async function refusal(t: Test, spec: string, directory = apps): Promise<UnicornError> {
  const error = await loadApp(spec, { directory: directory }).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof UnicornError)) throw new Error(`${spec}: wanted a UnicornError, got ${String(error)}`)
  t.equal(error.exitCode, 4, spec)
  return error
}

t.test('modules and exports', async t => {
  const specs: Record<string, unknown> = {
    hello: ['Hello, world!'],
    'hello:application': ['Hello, world!'],
    'hello.js': ['Hello, world!'],
    './hello.js:application': ['Hello, world!'],
    './hello': ['Hello, world!'],
    [`${apps}/hello.js`]: ['Hello, world!'],
    default: 'default',
    'default:default': 'default',
    common: 'common',
    'common.cjs:application': 'common',
    'common:nested.deep.app': 'deep',
    computed: 'application',
    'computed:other': 'other',
    function: 'function',
    transpiled: 'transpiled',
    'dotted.wsgi:application': 'dotted',
    'dotted/wsgi': 'dotted',
    folder: 'folder',
    './folder': 'folder',
    'promised:application': 'promised',
    'factory:create("prod", 3)': ['prod', 3],
    "factory:create('it\\'s', [1, null], {\"a\": true})": ["it's", [1, null], { a: true }],
    'factory:create()': [],
    'factory:site.build()': 'site',
    'factory:plain': 5,
  }
  for (const [spec, expected] of Object.entries(specs)) t.same(await result(spec), expected, spec)
})

t.test('TypeScript', async t => {
  t.equal(await result('typed'), 'typed')
  t.equal(await result('typed.ts:application'), 'typed')
  t.equal(await result('enums'), 'red', 'syntax that is more than types')
  t.equal(await result('imports'), 'imports typed', 'imports by the name of the compiled file')
  t.equal(await result('module'), 'mts')
  t.equal(await result('script'), 'cts')
})

t.test('a loaded application names its file and export', async t => {
  const { value, ...facts } = await loadApp('common:nested.deep.app', {
    directory: relative(process.cwd(), apps) || '.',
  })
  t.type(value, 'function')
  t.same(facts, { file: join(apps, 'common.cjs'), exportName: 'nested.deep.app', spec: 'common:nested.deep.app' })
  t.equal((await loadApp('hello', { directory: apps })).exportName, 'application')
  t.equal((await loadApp('function', { directory: apps })).exportName, 'default')
})

t.test('a file wins over a dotted name, and .ts over .js', async t => {
  const directory = t.testdir({
    'server.js': 'export const application = () => "file"',
    server: { 'js.js': 'export const application = () => "dotted"' },
    both: { 'index.js': 'export const application = () => "folder"' },
    'both.js': 'export const application = () => "js"',
    'both.ts': 'export const application = (): string => "ts"',
  })
  t.equal(await result('server.js', directory), 'file')
  t.equal(await result('both', directory), 'ts')
})

t.test('the default export of CommonJS, written as compilers write it or by hand', async t => {
  const directory = t.testdir({
    'compiled.cjs': 'exports.__esModule = true; exports.default = () => "compiled"',
    'written.cjs': 'exports.default = () => "written"; exports.other = 1',
    'written.cts': 'exports.default = (): string => "typed"',
  })
  t.equal(await result('compiled.cjs', directory), 'compiled')
  t.equal(await result('written.cjs', directory), 'written')
  t.equal(await result('written.cjs:default', directory), 'written')
  t.equal(await result('written.cts', directory), 'typed')
})

t.test('packages, by their exports and the imports of the user', async t => {
  const directory = t.testdir({
    'package.json': JSON.stringify({ type: 'module', imports: { '#site': './deep/site.js' } }),
    deep: { 'site.js': 'export const application = () => "imports"' },
    node_modules: {
      both: {
        'package.json': JSON.stringify({ name: 'both', exports: { '.': { import: './m.mjs', default: './c.cjs' } } }),
        'm.mjs': 'export const application = () => "esm"',
        'c.cjs': 'exports.application = () => "cjs"',
      },
      '@scope': {
        esm: {
          'package.json': JSON.stringify({ name: '@scope/esm', exports: { './app': { import: './m.mjs' } } }),
          'm.mjs': 'export const application = () => "only import"',
        },
      },
    },
  })
  t.equal(await result('#site', directory), 'imports')
  t.match(await result('both:application', directory), /esm|cjs/)
  t.equal(await result('@scope/esm/app:application', directory), 'only import')
})

t.test('a missing module: the files that were tried', async t => {
  const error = await refusal(t, 'mysite.wsgi:app')
  t.match(error.message, /module "mysite.wsgi" was not found in .*apps; tried mysite\.wsgi, mysite\/wsgi\.ts, /)
  t.match(error.message, 'mysite/wsgi/index.js')
  t.match((await refusal(t, './nothing')).message, /tried nothing, nothing.ts/)
  t.notMatch((await refusal(t, './nothing')).message, 'package')
  t.match((await refusal(t, 'hello.js/x')).message, 'was not found')
  t.notMatch((await refusal(t, 'nothing')).message, 'Python')
  const directory = t.testdir({ empty: { 'other.js': '' } })
  t.match((await refusal(t, './empty', directory)).message, /"\.\/empty" is a directory without an index file in /)
})

t.test('a missing export: what there is, and the nearest', async t => {
  t.match(
    (await refusal(t, 'hello:aplication')).message,
    /no export "aplication": it exports application; did you mean "application"\?/,
  )
  t.match(
    (await refusal(t, 'factory')).message,
    /no export "application": it exports create, failing, plain, site, and no http.Server listens; name the export to serve: unicorn FILE:EXPORT$/,
  )
  t.match(
    (await refusal(t, 'bag')).message,
    /no export "application": it exports aplication, other, and no http.Server listens; did you mean "aplication"/,
  )
  t.match((await refusal(t, 'common:nested.depe')).message, /no export "depe": it exports deep; did you mean "deep"/)
  t.match((await refusal(t, 'common:nested.deep.app.x.y')).message, /no export "x": it exports nothing/)
})

t.test('an export that is still undefined or null when the module has loaded', async t => {
  const late = 'export let app, application, none = null; setImmediate(() => { application = app = () => {} })'
  const directory = t.testdir({ 'late.mjs': late, 'script.mjs': late })
  for (const [spec, name] of [
    ['late.mjs:app', 'app'],
    ['late.mjs:none', 'none'],
    ['script.mjs', 'application'],
  ] as const) {
    t.match((await refusal(t, spec, directory)).message, `the export "${name}" is still undefined, or null, when`)
  }
})

t.test('an error thrown while loading is kept', async t => {
  const thrown = await refusal(t, 'throwing')
  t.match(thrown.message, /throwing.js failed to load: at the top level/)
  t.match(thrown.cause.error, TypeError)
  t.match(thrown.cause.error instanceof Error && thrown.cause.error.stack, /throwing\.js:3/)
  t.equal(thrown.cause.where, join(apps, 'throwing.js'))

  t.match((await refusal(t, 'promised:rejected')).message, /exported as "rejected" was rejected: not today/)
  t.match((await refusal(t, 'factory:failing()')).message, /factory "failing" failed: no database/)
  t.match((await refusal(t, 'factory:plain()')).message, /"plain" cannot be called: it is a number/)

  const directory = t.testdir({
    'syntax.js': 'export const =',
    'needs.js': 'import "./missing.js"',
    'types.ts': 'let x: = 5',
  })
  t.match((await refusal(t, 'syntax', directory)).cause.error, SyntaxError)
  t.match((await refusal(t, 'needs', directory)).message, /missing\.js/)
  t.match((await refusal(t, 'types', directory)).message, /types\.ts failed to load/)
})

t.test('a TypeScript module that throws runs once', async t => {
  const directory = t.testdir({
    'app.ts':
      'import { appendFileSync } from "node:fs"\nappendFileSync(new URL("runs", import.meta.url), "x")\nthrow new Error("sorry")\n',
  })
  await refusal(t, 'app', directory)
  t.equal(readFileSync(join(directory, 'runs'), 'utf8'), 'x')
})

t.test('specs', async t => {
  t.same(parseSpec('a.b'), { module: 'a.b', path: [], args: undefined })
  t.same(parseSpec(' a : b.c '), { module: 'a', path: ['b', 'c'], args: undefined })
  t.same(parseSpec('a:b ("x:y(", -1.5e3, [\'"\'])'), { module: 'a', path: ['b'], args: ['x:y(', -1500, ['"']] })
  t.same(parseSpec('a:été'), { module: 'a', path: ['été'], args: undefined })
  for (const spec of [
    '',
    ':',
    ':b',
    'a:',
    'a:b-c',
    'a:b.',
    'a:b c',
    'a:b(',
    'a:b)',
    'a:b(x)',
    'a:b(1,)',
    'a:b(n=1)',
    'a:(1)',
    "a:b('x)",
  ]) {
    t.throws(() => parseSpec(spec), { name: 'UnicornError', exitCode: 4 }, spec)
  }
})

t.test('the files that a name may mean', async t => {
  t.same(candidates('a.b').slice(0, 8), [
    'a.b',
    'a/b.ts',
    'a/b.mts',
    'a/b.cts',
    'a/b.js',
    'a/b.mjs',
    'a/b.cjs',
    'a/b/index.ts',
  ])
  t.ok(candidates('server.prod').includes('server.prod.js'))
  t.notOk(candidates('./a.b').includes('a/b.js'))
})

t.test('modules are found in the directory that is given, not in that of the process', async t => {
  const directory = t.testdir({})
  mkdirSync(join(directory, 'inner'))
  writeFileSync(join(directory, 'inner/mine.js'), 'export const application = () => "inner"')
  t.equal(await result('mine', join(directory, 'inner')), 'inner')
  t.match((await refusal(t, 'mine', directory)).message, 'was not found')
})
