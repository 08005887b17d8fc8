import t from 'tap'
import { anchorArguments, anchorEnvironment, optionValues, splitNodeOptions } from '../../lib/sys/node-options.js'

const SPLIT: readonly (readonly [text: string, args: readonly string[] | undefined])[] = [
  ['', []],
  ['  --a   --b=1 ', ['--a', '--b=1']],
  ['--require "./my file.js"', ['--require', './my file.js']],
  [`--import="./a \\"b\\" \\\\c.mjs" --x`, ['--import=./a "b" \\c.mjs', '--x']],
  ['--a=\\b', ['--a=\\b']],
  ['--require "x', undefined],
]

t.test('NODE_OPTIONS is split as Node does', async t => {
  for (const [text, args] of SPLIT) t.same(splitNodeOptions(text), args, text)
})

t.test('relative paths become absolute, in each way to write an option', async t => {
  const given = [
    '--import',
    './a.mjs',
    '-r',
    '../b.cjs',
    '--require=./c.cjs',
    '--env-file=.env',
    '--env_file',
    'd/.env',
  ]
  t.same(anchorArguments(given, '/srv/my app'), [
    '--import',
    'file:///srv/my%20app/a.mjs',
    '-r',
    '/srv/b.cjs',
    '--require=/srv/my app/c.cjs',
    '--env-file=/srv/my app/.env',
    '--env_file',
    '/srv/my app/d/.env',
  ])
  const kept = [
    '--import',
    'tsx',
    '--require=/a.cjs',
    '--env-file',
    '/.env',
    '--import=data:text/javascript,0',
    '--inspect',
  ]
  t.same(anchorArguments(kept, '/srv'), kept)
})

t.test('so do those in the environment that Node reads', async t => {
  const env = {
    NODE_OPTIONS: '--require "./a b.cjs" --max-old-space-size=99',
    NODE_PATH: 'lib:/usr/lib',
    NODE_EXTRA_CA_CERTS: 'ca.pem',
    OTHER: './x',
  }
  t.same(anchorEnvironment(env, '/srv'), {
    NODE_OPTIONS: '--require "/srv/a b.cjs" --max-old-space-size=99',
    NODE_PATH: '/srv/lib:/usr/lib',
    NODE_EXTRA_CA_CERTS: '/srv/ca.pem',
  })
  t.same(anchorEnvironment({ NODE_OPTIONS: '--require "./a' }, '/srv'), { NODE_OPTIONS: '--require "./a' })
})

t.test('the values of an option', async t => {
  const args = ['-C', 'a', '--conditions=b', '--conditions', 'c', '--other=d']
  t.same(optionValues(args, '--conditions', '-C'), ['a', 'b', 'c'])
})
