import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Resolved, resolveConfig } from '../../config/resolve.js'
import { settingNames } from '../../config/settings.js'

interface Case {
  argv?: string[]
  env?: Record<string, string>
  files?: Record<string, string>
}

/** A short path, as that of a unix socket must be. */
function directory(t: Test, files: Record<string, string> = {}): string {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), 'unicorn-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

function resolveIn(t: Test, { argv = [], env = {}, files = {} }: Case): Promise<Resolved> {
  const cwd = directory(t, files)
  return resolveConfig({ argv: ['app:application', ...argv], env, cwd })
}

t.test('defaults', async t => {
  const { config, hooks, file, origins } = await resolveIn(t, {})
  t.match(config, {
    app: 'app:application',
    bind: [{ kind: 'tcp', host: '127.0.0.1', port: 8000 }],
    backlog: 2048,
    workers: 1,
    workerClass: 'async',
    timeout: 30_000,
    bootTimeout: 60_000,
    gracefulTimeout: 30_000,
    keepAlive: 5000,
    headerTimeout: 10_000,
    procName: 'app:application',
    errorlog: '-',
    accesslog: undefined,
    pidfile: undefined,
    rawEnv: {},
    preload: false,
  })
  t.match(config.chdir, /unicorn-/)
  t.same(hooks, {})
  t.equal(file, undefined)
  t.same(Object.keys(origins), settingNames)
  t.same(
    Object.keys(config),
    settingNames.filter(name => config[name] !== undefined),
  )
  t.ok(Object.isFrozen(config))
})

t.test('JSON holds the whole configuration', async t => {
  const { config } = await resolveIn(t, { argv: ['-b', 'unix:a', '-b', 'fd://3', '-e', 'A=1', '-p', 'pid'] })
  t.same(JSON.parse(JSON.stringify(config)), config)
})

t.test('default < environment < config file < UNICORN_CMD_ARGS < command line', async t => {
  const env = { WEB_CONCURRENCY: '2' }
  const files = { 'unicorn.config.json': '{ "workers": 3 }' }
  const words = { ...env, UNICORN_CMD_ARGS: '--workers 4' }
  const steps: [number, string | RegExp, Case][] = [
    [1, 'default', {}],
    [2, 'environment WEB_CONCURRENCY', { env }],
    [3, /^config file \/.*\/unicorn\.config\.json$/, { env, files }],
    [4, 'UNICORN_CMD_ARGS', { env: words, files }],
    [5, 'command line --workers', { argv: ['-w', '5'], env: words, files }],
  ]
  for (const [workers, origin, step] of steps) {
    const { config, origins } = await resolveIn(t, step)
    t.equal(config.workers, workers, String(origin))
    t.match(origins.workers, origin)
  }
})

t.test('a list replaces that of a lower source as a whole', async t => {
  const files = { 'unicorn.config.json': '{ "bind": [":81", ":82"], "rawEnv": ["A=1"] }' }
  const { config } = await resolveIn(t, { argv: ['-b', ':83', '-e', 'B=2'], env: { PORT: '80' }, files })
  t.match(config.bind, [{ port: 83 }])
  t.equal(config.bind.length, 1)
  t.same(config.rawEnv, { B: '2' })
})

t.test('a switch of the config file is switched off on the command line', async t => {
  const files = { 'unicorn.config.json': '{ "preload": true }' }
  t.equal((await resolveIn(t, { files })).config.preload, true)
  t.equal((await resolveIn(t, { files, argv: ['--no-preload'] })).config.preload, false)
})

t.test('--config, relative to the working directory, also from UNICORN_CMD_ARGS', async t => {
  const files = { 'a.json': '{ "workers": 3 }', 'b.json': '{ "workers": 4 }', 'unicorn.config.json': '{}' }
  const fromWords = await resolveIn(t, { env: { UNICORN_CMD_ARGS: '-c a.json' }, files })
  t.equal(fromWords.config.workers, 3)
  t.match(fromWords.file, /^\/.*\/a\.json$/)
  t.equal(fromWords.config.config, fromWords.file)
  const fromLine = await resolveIn(t, { argv: ['-c', 'b.json'], env: { UNICORN_CMD_ARGS: '-c a.json' }, files })
  t.equal(fromLine.config.workers, 4)
})

t.test('the application may be named in the config file', async t => {
  const cwd = t.testdir({ 'unicorn.config.json': '{ "app": "shop:app" }' })
  const { config } = await resolveConfig({ argv: [], env: {}, cwd })
  t.equal(config.app, 'shop:app')
  t.equal(config.procName, 'shop:app')
})

t.test('no application is refused with an example', async t => {
  const wanted = { name: 'UnicornError', exitCode: 1, message: /no application given.*unicorn app:application/ }
  await t.rejects(resolveConfig({ argv: [], env: {}, cwd: t.testdir({}) }), wanted)
})

t.test('what cannot be used is refused with setting and origin', async t => {
  const cases: [Case, RegExp][] = [
    [{ argv: ['-w', 'many'] }, /^workers: found "many", wanted an integer.*\(command line --workers\)$/],
    [{ env: { WEB_CONCURRENCY: '0' } }, /^workers: found "0".*\(environment WEB_CONCURRENCY\)$/],
    [{ env: { PORT: 'http' } }, /^bind: found "0\.0\.0\.0:http", wanted a port.*\(environment PORT\)$/],
    [{ env: { UNICORN_CMD_ARGS: '-t soon' } }, /^timeout: found "soon".*\(UNICORN_CMD_ARGS\)$/],
    [{ files: { 'unicorn.config.json': '{ "timeout": null }' } }, /^timeout: found null.*\(config file .*json\)$/],
    [
      { argv: ['-k', 'gevent'] },
      /^workerClass: found "gevent", wanted "async", .*; leave it out, or use gthread .*\(command line/,
    ],
    [
      { argv: ['-k', 'asinc'] },
      /^workerClass: found "asinc".*; did you mean "async"\? \(command line --worker-class\)$/,
    ],
    [{ argv: ['-k', './limited.js'] }, /^workerClass: found "\.\/limited\.js", wanted .* MODULE:CLASS/],
    [{ argv: ['-k', 'limited:Limited()'] }, /^workerClass: found "limited:Limited\(\)", wanted .* MODULE:CLASS/],
    [
      { files: { 'unicorn.config.js': 'export const workerClass = class Limited {}' } },
      /^workerClass: found a function, wanted .*MODULE:CLASS, since workers load it by themselves \(config file/,
    ],
    [{ argv: ['--chdir', 'gone'] }, /^chdir: found .*gone, which is no directory.*\(command line --chdir\)$/],
    [{ argv: ['-b', `unix:${'x'.repeat(120)}`] }, /^bind: found .* \(command line --bind\)$/],
    [{ argv: ['--metrics-bind', 'https://:90'] }, /^metricsBind: found "https:.*: there is no TLS \(command line/],
    [{ env: { UNICORN_CMD_ARGS: '--help' } }, /^UNICORN_CMD_ARGS: found --help/],
  ]
  for (const [each, message] of cases) {
    await t.rejects(resolveIn(t, each), { name: 'UnicornError', exitCode: 1, message }, String(message))
  }
})

t.test('values that contradict each other are refused', async t => {
  await t.rejects(resolveIn(t, { argv: ['-b', ':80', '-b', '0.0.0.0:80'] }), {
    message: /bind: found 0\.0\.0\.0:80 twice/,
  })
  await t.rejects(resolveIn(t, { argv: ['-p', 'a', '--log-file', './a'] }), {
    message: /pidfile: found .* a log or a socket/,
  })
  await t.rejects(resolveIn(t, { argv: ['-p', 'a', '-b', 'unix:a'] }), { message: /pidfile: found/ })
  await t.rejects(resolveIn(t, { argv: ['-p', 'a', '--control-socket', 'a'] }), { message: /pidfile: found/ })
  const inTheWay = async (...argv: string[]): Promise<void> => {
    await t.rejects(resolveIn(t, { argv }), { message: /found .*, which is in the way of \w+, wanted an address/ })
  }
  await inTheWay('-b', '127.0.0.1:90', '--metrics-bind', '127.0.0.1:90')
  await inTheWay('-b', ':90', '--metrics-bind', '127.0.0.1:90')
  await inTheWay('-b', '127.0.0.1:90', '--metrics-bind', '[::]:90')
  await inTheWay('-b', 'unix:a', '--control-socket', 'a')
  await inTheWay('--metrics-bind', 'unix:a', '--control-socket', 'a')
  await t.resolves(resolveIn(t, { argv: ['-b', ':90', '--metrics-bind', '[::1]:90'] }))
  await t.resolves(resolveIn(t, { argv: ['-b', '[::]:90', '--ipv6-only', '--metrics-bind', '127.0.0.1:90'] }))
  const { config } = await resolveIn(t, { argv: ['-b', ':0', '-b', ':0', '--log-file', 'a', '--access-logfile', 'a'] })
  t.equal(config.bind.length, 2, 'port 0 twice is two sockets')
})

t.test('relative paths start at chdir, which stays a symbolic link', async t => {
  const cwd = directory(t)
  mkdirSync(join(cwd, 'release'))
  symlinkSync('release', join(cwd, 'current'))
  const argv = [
    'app:x',
    '--chdir',
    'current',
    '-p',
    'run.pid',
    '-b',
    'unix:s',
    '--log-file',
    'e.log',
    '--access-logfile',
    '-',
  ]
  const { config } = await resolveConfig({ argv, env: {}, cwd })
  const current = join(cwd, 'current')
  t.equal(config.chdir, current)
  t.equal(config.pidfile, join(current, 'run.pid'))
  t.equal(config.errorlog, join(current, 'e.log'))
  t.equal(config.accesslog, '-')
  t.same(config.bind, [{ kind: 'unix', path: join(current, 's') }])
})

t.test('a second call sees the edited config file and its helper', async t => {
  const cwd = t.testdir({
    'unicorn.config.ts': `import { n } from './helper.ts'\nexport default { workers: n, onReload() { return n } }`,
    'helper.ts': 'export const n: number = 2',
  })
  const sources = { argv: ['app:x'], env: {}, cwd }
  t.equal((await resolveConfig(sources)).config.workers, 2)
  writeFileSync(join(cwd, 'helper.ts'), 'export const n: number = 7')
  const again = await resolveConfig(sources)
  t.equal(again.config.workers, 7)
  t.equal(Reflect.apply(again.hooks.onReload ?? t.fail, undefined, []), 7)
  writeFileSync(join(cwd, 'unicorn.config.ts'), 'export const workers = 9')
  t.equal((await resolveConfig(sources)).config.workers, 9)
})
