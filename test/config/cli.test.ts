import { readFileSync } from 'node:fs'
import t from 'tap'
import { flagOf, SECTIONS } from '../../config/setting.js'
import { rows, settingNames } from '../../config/settings.js'
import { readCommandLine } from '../../config/sources/cli.js'

function values(...argv: string[]): Record<string, unknown> {
  const line = readCommandLine(argv)
  if (line.kind !== 'settings') throw new Error(`found the answer ${line.output}`)
  return Object.fromEntries([...line.given].map(([name, { value }]) => [name, value]))
}

function answer(...argv: string[]): { output: string; exitCode: number } {
  const line = readCommandLine(argv)
  if (line.kind !== 'answer') throw new Error('found settings, wanted an answer')
  return line
}

t.test('only what was given is there, as it was written', async t => {
  t.same(values(), {})
  t.same(values('app:application', '-w', '4', '--timeout=2m'), { app: 'app:application', workers: '4', timeout: '2m' })
  t.same(values('--bind', ':80', '-b', 'unix:/a', '-e', 'A=1', '-e', 'B=2'), {
    bind: [':80', 'unix:/a'],
    rawEnv: ['A=1', 'B=2'],
  })
})

t.test('each setting has a flag that works, and is named as its origin', async t => {
  for (const name of settingNames) {
    const row = rows[name]
    for (const flag of row.flags?.split(', ') ?? []) {
      const line = readCommandLine(row.parser.metavar ? [flag, 'x'] : [flag])
      const value = row.parser.metavar ? (row.parser.repeatable ? ['x'] : 'x') : !flag.startsWith('--no-')
      const given = line.kind === 'settings' ? [...line.given] : []
      t.same(given, [[name, { value, origin: `command line ${flagOf(row)}` }]], flag)
    }
  }
})

t.test("what follows the first -- is the application's", async t => {
  t.same(values('a.js', '-w', '2', '--', '-w', '3', '--', 'x'), {
    app: 'a.js',
    workers: '2',
    args: ['-w', '3', '--', 'x'],
  })
  t.same(values('--', 'x'), { args: ['x'] })
  t.same(values('a.js', '--'), { app: 'a.js', args: [] })
})

t.test('a switch can be switched off; a dash is a value', async t => {
  t.same(values('--preload'), { preload: true })
  t.same(values('--no-preload'), { preload: false })
  t.same(values('--preload', 'app:x'), { preload: true, app: 'app:x' })
  t.same(values('--access-logfile', '-', '--log-file', '-'), { accesslog: '-', errorlog: '-' })
})

t.test('what is wrong is refused, with the nearest option', async t => {
  const refused = (argv: string[], message: RegExp) =>
    t.throws(() => readCommandLine(argv), { name: 'UnicornError', exitCode: 1, message }, argv.join(' '))
  refused(['--worker', '3'], /command line: unknown option '--worker' \(Did you mean --workers\?\)/)
  refused(['--gracefull-timeout', '3'], /Did you mean --graceful-timeout\?/)
  refused(['-w'], /'-w, --workers <N>' argument missing/)
  refused(['a:b', 'c d'], /too many arguments: .* follows --, as in: unicorn a:b -- 'c d'; see/)
  refused(['node', 'a.js'], /found node, whose place unicorn takes, as in: unicorn a\.js; see/)
  refused(['a.js', '--port', '1'], /'--port', wanted --bind :PORT; an option of the application follows --/)
  refused(['--import=./x.js', 'a.js'], /wanted it in NODE_OPTIONS/)
  refused(['--watch', 'a.js'], /wanted --reload/)
  t.throws(() => readCommandLine(['-x'], 'UNICORN_CMD_ARGS'), { message: /^UNICORN_CMD_ARGS: unknown option '-x'/ })
})

t.test('--version is that of the package', async t => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const flag of ['-v', '--version'])
    t.same(answer(flag), { kind: 'answer', output: `${manifest.version}\n`, exitCode: 0 })
})

t.test('--help shows every option, grouped, with its default and environment', async t => {
  const { output, exitCode } = answer('--help')
  t.equal(exitCode, 0)
  t.match(output, /^Usage: unicorn \[options\] MODULE:EXPORT \[-- ARGS\]\n/)
  const headings = [...output.matchAll(/^([A-Z].*):$/gm)].map(([, heading]) => heading)
  t.same(headings, ['Arguments', ...SECTIONS, 'Help', 'Examples'])
  for (const name of settingNames) t.ok(output.includes(rows[name].flags ?? 'MODULE:EXPORT'), `shows ${name}`)
  t.match(output.replace(/\s+/g, ' '), '(default: 1; env: WEB_CONCURRENCY)')
  t.match(output.replace(/\s+/g, ' '), '(default: 30s)')
  t.notMatch(output, '--no-preload')
  t.match(output, '  --no-watchdog ')
})

t.test('help and version are answered whatever else is there', async t => {
  t.equal(answer('app:x', '-w', 'many', '--help').exitCode, 0)
})
