import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { loadBundle, writeCode } from '../../lib/sys/code-cache.js'

const { version, platform, arch, execPath } = process
const CODE = `bundle.cjs.${version}-${platform}-${arch}-${statSync(execPath).size}`

/** Runs a bundle, and returns what it exports. */
function run(directory: string): unknown {
  const path = join(directory, 'bundle.cjs')
  const require = createRequire(path)
  delete require.cache[path]
  const module = { exports: {} }
  // By Node's own loader it is a module of its own.
  loadBundle(path, [module.exports, require, module as NodeJS.Module])
  return Reflect.has(module.exports, 'value') ? module.exports : require.cache[path]?.exports
}

/** Replaces a bundle by another of the same length, which is all that V8 compares. */
function write(directory: string, value: string): void {
  writeFileSync(
    join(directory, 'bundle.cjs'),
    `'use strict';exports.value='${value}';exports.at=[__filename,__dirname]`,
  )
}

/** Code in whose head one of V8's numbers is another. */
function withOnes(code: Buffer, place: number): Buffer {
  return Buffer.concat([code.subarray(0, place), Buffer.alloc(4, 1), code.subarray(place + 4)])
}

t.test('a bundle is run as compiled code, with what Node gives to each module', async t => {
  const directory = t.testdir()
  write(directory, 'one')
  writeCode(join(directory, 'bundle.cjs'))
  write(directory, 'two')
  t.strictSame(readdirSync(directory).sort(), ['bundle.cjs', CODE])
  t.same(run(directory), { value: 'one', at: [join(directory, 'bundle.cjs'), directory] })
})

t.test('without code for this release of Node, it is compiled', async t => {
  const directory = t.testdir()
  write(directory, 'one')
  t.match(run(directory), { value: 'one' }, 'none at all')
  writeCode(join(directory, 'bundle.cjs'))
  renameSync(join(directory, CODE), join(directory, CODE.replace(version, 'v20.0.0')))
  write(directory, 'two')
  t.match(run(directory), { value: 'two' }, 'that of another release')
})

t.test('code that V8 does not take is passed over', async t => {
  const directory = t.testdir()
  const code = join(directory, CODE)
  write(directory, 'one')
  writeCode(join(directory, 'bundle.cjs'))
  const good = readFileSync(code)
  write(directory, 'two')
  const bad: Record<string, Buffer> = {
    'an empty file': Buffer.alloc(0),
    zeros: Buffer.alloc(good.length),
    'another version of V8': withOnes(good, 4),
    'other flags': withOnes(good, 12),
    'half of it': good.subarray(0, good.length >> 1),
  }
  for (const [what, bytes] of Object.entries(bad)) {
    writeFileSync(code, bytes)
    t.match(run(directory), { value: 'two' }, what)
  }
  writeFileSync(code, good)
  writeFileSync(join(directory, 'bundle.cjs'), `exports.value='another bundle'`)
  t.match(run(directory), { value: 'another bundle' }, 'of a bundle of another length')
})
