import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readEnvironment, workingDirectory } from '../../config/sources/env.js'
import { splitWords } from '../../config/sources/words.js'

t.test('WEB_CONCURRENCY and PORT', async t => {
  const given = readEnvironment({ WEB_CONCURRENCY: '3', PORT: '9000', OTHER: 'x' })
  t.same(
    [...given],
    [
      ['bind', { value: '0.0.0.0:9000', origin: 'environment PORT' }],
      ['workers', { value: '3', origin: 'environment WEB_CONCURRENCY' }],
    ],
  )
})

t.test('an empty variable counts as not set', async t => {
  t.equal(readEnvironment({ WEB_CONCURRENCY: '', PORT: '' }).size, 0)
})

const WORDS: [text: string, words: string[]][] = [
  ['', []],
  ['  \n\t ', []],
  ['-w 4  --preload', ['-w', '4', '--preload']],
  [`--name 'my app' -b "unix:/a b"`, ['--name', 'my app', '-b', 'unix:/a b']],
  [`a'b'"c"d`, ['abcd']],
  [`'' ""`, ['', '']],
  [`a\\ b \\'`, ['a b', `'`]],
  [`'a\\b' "a\\b" "a\\"b" "\\$x\\\\"`, ['a\\b', 'a\\b', 'a"b', '$x\\']],
  [`"it's" 'say "hi"'`, [`it's`, 'say "hi"']],
  ['a\\\nb \\\n c', ['ab', 'c']],
  [`"a\\\nb"`, ['ab']],
  ['$HOME *', ['$HOME', '*']],
]

t.test('words are split as a shell would', async t => {
  for (const [text, words] of WORDS) t.same(splitWords(text), words, JSON.stringify(text))
})

t.test('an open quote and a last backslash are refused', async t => {
  t.throws(() => splitWords(`-n 'x`, 'UNICORN_CMD_ARGS'), {
    name: 'UnicornError',
    message: /UNICORN_CMD_ARGS: found 'x, wanted a closing '/,
  })
  t.throws(() => splitWords(`-n "x\\"`), { message: /wanted a closing "/ })
  t.throws(() => splitWords('x \\'), { message: /after the last backslash/ })
})

t.test('the working directory keeps the name of a symbolic link', async t => {
  const dir = t.testdir({})
  mkdirSync(join(dir, 'release'))
  mkdirSync(join(dir, 'other'))
  const link = join(dir, 'current')
  symlinkSync('release', link)
  const cwd = join(dir, 'release')
  t.equal(workingDirectory({ PWD: link }, cwd), link)
  t.equal(workingDirectory({ PWD: join(dir, 'other') }, cwd), cwd, 'PWD of another directory')
  t.equal(workingDirectory({ PWD: join(dir, 'gone') }, cwd), cwd, 'PWD of none')
  t.equal(workingDirectory({ PWD: '.' }, cwd), cwd, 'PWD that is relative')
  t.equal(workingDirectory({}, cwd), cwd)
  t.equal(workingDirectory({ PWD: link }, join(dir, 'gone')), join(dir, 'gone'), 'what cannot be looked at')
})

t.test("OpenTelemetry's variables decide about otlpMetrics", async t => {
  const cases: [env: Record<string, string>, decision: string | undefined][] = [
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318' }, 'true by OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://a:4318' }, 'true by OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_SDK_DISABLED: 'TRUE' }, 'false by OTEL_SDK_DISABLED'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_SDK_DISABLED: 'no' }, 'true by OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_METRICS_EXPORTER: 'none' }, 'false by OTEL_METRICS_EXPORTER'],
    [
      { OTEL_METRICS_EXPORTER: 'console, otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'a' },
      'true by OTEL_EXPORTER_OTLP_ENDPOINT',
    ],
    [{ OTEL_METRICS_EXPORTER: 'otlp' }, undefined],
  ]
  for (const [env, decision] of cases) {
    const found = readEnvironment(env).get('otlpMetrics')
    t.equal(found && `${found.value} by ${found.origin.replace('environment ', '')}`, decision, JSON.stringify(env))
  }
})
