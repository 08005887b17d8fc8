import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findConfigFile, loadHooks, readConfigFile } from '../../config/sources/file.js'

/** Outside this package, so that nothing is found by being inside it. */
function directory(t: Test, files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'unicorn-config-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

async function read(dir: string, name: string, env = {}): Promise<{ values: object; hooks: string[] }> {
  const { settings, hooks } = await readConfigFile(join(dir, name), env)
  return { values: Object.fromEntries(settings), hooks: Object.keys(hooks) }
}

const EXPECTED = { values: { workers: 3 }, hooks: ['postFork'] }

const KINDS: [name: string, text: string][] = [
  ['a.ts', 'const n: number = 3; export default { workers: n, postFork(): void {} }'],
  ['b.mts', 'export const workers: number = 3; export function post_fork() {}'],
  ['c.mjs', 'export const workers = 3; export function post_fork() {}'],
  ['d.js', 'export default { workers: 3, post_fork() {} }'],
  ['e.js', 'module.exports = { workers: 3, post_fork() {} }'],
  ['f.cjs', 'exports.workers = 3; exports.postFork = () => {}'],
  ['g.cjs', 'module.exports = env => ({ workers: Number(env.N), post_fork() {} })'],
  ['h.ts', 'export default async (env: Record<string, string>) => ({ workers: Number(env.N), post_fork() {} })'],
  ['i.mjs', 'export default Promise.resolve({ workers: 3, post_fork() {} })'],
  ['j.mjs', 'const workers = await Promise.resolve(3); export { workers }; export function postFork() {}'],
  ['k.mjs', 'export function post_fork() {}; export default { workers: 3, timeout: undefined }'],
  ['l.ts', `import { defineConfig } from 'unicorn'; export default defineConfig({ workers: 3, post_fork() {} })`],
  ['m.cjs', `module.exports = require('unicorn').defineConfig({ workers: 3, post_fork() {} })`],
]

t.test('TypeScript, ES modules, CommonJS; default and named exports, functions, promises', async t => {
  const dir = directory(t, Object.fromEntries(KINDS))
  for (const [name, text] of KINDS) t.same(await read(dir, name, { N: '3' }), EXPECTED, `${name}: ${text}`)
  t.same(readdirSync(dir).sort(), KINDS.map(([name]) => name).sort(), 'nothing else is left in the directory')
})

t.test('JSON', async t => {
  const dir = directory(t, { 'a.json': '{ "workers": 3, "graceful_timeout": "20s" }', 'b.json': '{ "workers": 3, }' })
  t.same(await read(dir, 'a.json'), { values: { workers: 3, gracefulTimeout: '20s' }, hooks: [] })
  await t.rejects(read(dir, 'b.json'), {
    name: 'UnicornError',
    message: new RegExp(`^config file ${dir}/b.json: .*JSON`),
  })
})

t.test('a second reading sees edited helpers of all kinds', async t => {
  const write = (dir: string, n: number) => {
    writeFileSync(join(dir, 'a.ts'), `export const a: number = ${n}`)
    writeFileSync(join(dir, 'b.mjs'), `export const b = ${n}`)
    writeFileSync(join(dir, 'c.cjs'), `module.exports = { c: ${n} }`)
    writeFileSync(join(dir, 'd.json'), `{ "d": ${n} }`)
    writeFileSync(join(dir, 'e.js'), `export const e = ${n}`)
  }
  const config = `
    import { a } from './a.ts'
    import { b } from './b.mjs'
    import c from './c.cjs'
    import d from './d.json'
    import { e } from './e.js'
    export const rawEnv = { a, b, c: c.c, d: d.d, e }`
  for (const name of ['config.ts', 'config.mjs']) {
    const dir = directory(t, { [name]: config })
    for (const n of [1, 2]) {
      write(dir, n)
      t.same((await read(dir, name)).values, { rawEnv: { a: n, b: n, c: n, d: n, e: n } }, `${name}, edition ${n}`)
    }
  }
})

t.test('beside packages a cache spares the making of it, and an edited file is still seen', async t => {
  const dir = directory(t, {})
  mkdirSync(join(dir, 'node_modules'))
  for (const n of [1, 2]) {
    writeFileSync(join(dir, 'config.ts'), `import { a } from './a'; export const workers: number = a`)
    writeFileSync(join(dir, 'a.ts'), `export enum A { n = ${n} }; export const a = A.n`)
    for (const _ of 'two') t.same((await read(dir, 'config.ts')).values, { workers: n })
  }
  t.equal(readdirSync(join(dir, 'node_modules/.unicorn-cache')).length, 2)
})

t.test('a directory whose name is as long as names may be', async t => {
  const dir = directory(t, {})
  const long = join(dir, 'd'.repeat(255))
  for (const made of [long, join(dir, 'node_modules')]) mkdirSync(made)
  writeFileSync(join(long, 'config.ts'), 'export const workers: number = 3')
  t.same((await read(long, 'config.ts')).values, { workers: 3 })
})

t.test('what a worker loads for its hooks is shared with the application', async t => {
  const dir = directory(t, {
    'config.ts': `import { opened } from './db.mjs'; export function post_fork() { opened.push('db') }`,
    'db.mjs': 'export const opened = []',
  })
  const hooks = await loadHooks(join(dir, 'config.ts'), {})
  t.same(Object.keys(hooks), ['postFork'])
  await Reflect.apply(hooks.postFork ?? t.fail, undefined, [])
  const application: unknown = await import(join(dir, 'db.mjs'))
  t.match(application, { opened: ['db'] })
})

t.test('a module that imports nothing but those of Node runs as Node runs it, and is read anew too', async t => {
  const dir = directory(t, {
    'package.json': '{ "type": "module" }',
    'config.js': `import 'node:fs'; export function post_fork() {}`,
  })
  for (const n of [1, 2]) {
    writeFileSync(join(dir, 'c.cjs'), `const { sep } = require('node:path'); own = ${n}; exports.workers = sep && own`)
    t.same(await read(dir, 'c.cjs'), { values: { workers: n }, hooks: [] }, 'not in strict mode')
  }
  const { postFork } = await loadHooks(join(dir, 'config.js'), {})
  const { post_fork } = await import(join(dir, 'config.js'))
  t.equal(postFork, post_fork, 'the application shares it')
})

t.test('errors name the file, and the line where it is known', async t => {
  const dir = directory(t, {
    'syntax.ts': 'export const workers = 3\nexport const timeout = = 3\n',
    'throws.ts': 'const n: number = 1\n\nthrow new Error("oops")\n',
    'helper.ts': 'export const n = 1\nthrow new Error("below")\n',
    'imports.ts': `import { n } from './helper.ts'\nexport const workers = n\n`,
    'missing.ts': `import './nothing.ts'\n`,
    'rejects.ts': 'export default async () => { throw new Error("later") }',
    'number.ts': 'export default 3',
    'unicorn.toml': 'workers = 3',
  })
  const refused = (name: string, message: string) =>
    t.rejects(readConfigFile(join(dir, name), {}), { name: 'UnicornError', exitCode: 1, message }, name)
  await refused('syntax.ts', `config file ${dir}/syntax.ts: ParseError: Unexpected token (at ${dir}/syntax.ts:2)`)
  await refused('throws.ts', `config file ${dir}/throws.ts: oops (at ${dir}/throws.ts:3)`)
  await refused('imports.ts', `config file ${dir}/imports.ts: below (at ${dir}/helper.ts:2)`)
  await refused('missing.ts', `config file ${dir}/missing.ts: Cannot find module './nothing.ts'`)
  await refused('rejects.ts', `config file ${dir}/rejects.ts: later (at ${dir}/rejects.ts:1)`)
  await refused('number.ts', `config file ${dir}/number.ts: found number as configuration, wanted an object`)
  await refused('unicorn.toml', `config file ${dir}/unicorn.toml: found ".toml", wanted .ts, .mts`)
  await refused('none.ts', `config file ${dir}/none.ts: found no such file`)
})

t.test('names and hooks are checked', async t => {
  const refused = async (text: string, message: string) => {
    const dir = directory(t, { 'c.cjs': `module.exports = ${text}` })
    const wanted = { name: 'UnicornError', message: `config file ${dir}/c.cjs: ${message}` }
    await t.rejects(readConfigFile(join(dir, 'c.cjs'), {}), wanted, text)
    await t.rejects(loadHooks(join(dir, 'c.cjs'), {}), wanted, `${text}, in a worker`)
  }
  await refused('{ wrokers: 3 }', 'found the unknown name "wrokers" (did you mean "workers"?)')
  await refused('{ post_frok() {} }', 'found the unknown name "post_frok" (did you mean "post_fork"?)')
  await refused('{ colour: 3 }', 'found the unknown name "colour", wanted the name of a setting')
  await refused('{ postFork: 3 }', 'found number for the server hook postFork, wanted a function')
  await refused('{ postFork() {}, post_fork() {} }', 'found postFork twice')
  await refused('{ checkConfig: true }', 'found checkConfig, which can only be given on the command line')
})

t.test('the config file is found in the directory', async t => {
  const dir = directory(t, {})
  t.equal(findConfigFile(dir), undefined)
  for (const extension of ['json', 'cjs', 'mjs', 'js', 'mts', 'ts']) {
    writeFileSync(join(dir, `unicorn.config.${extension}`), '')
    t.equal(findConfigFile(dir), join(dir, `unicorn.config.${extension}`))
  }
  t.notOk(existsSync(join(dir, 'node_modules')))
})
