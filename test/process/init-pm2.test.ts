import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { pm2Fields } from '../../config/pm2/fields.js'
import { rows } from '../../config/settings.js'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { root, unicornBin } from '../helpers/root.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'

/** All fields that PM2 knows, with their aliases. */
const { fields }: { fields: Record<string, string[]> } = JSON.parse(
  readFileSync(`${root}test/fixtures/migration/pm2-fields.json`, 'utf8'),
)
const known = Object.entries(pm2Fields).flatMap(([name, { aliases = [] }]) => [name, ...aliases])
const unicorn = (cwd: string, ...args: string[]): Promise<string> =>
  run([process.execPath, unicornBin, ...args], { cwd })

const ECOSYSTEM = `module.exports = {
  apps: [{
    name: 'shop', script: 'server.js', cwd: __dirname, args: '--loud', instances: 1, exec_mode: 'cluster',
    node_args: '--no-warnings', max_memory_restart: '300M', kill_timeout: 4000, listen_timeout: 8000,
    env: { GREETING: 'Hi', PORT: 3000 }, env_production: { GREETING: 'Good day' }, cron_restart: '0 0 * * *', colour: 'red',
  }],
  deploy: { production: {} },
}`
const SERVER = `require('node:http').createServer((_, res) => res.end(process.env.GREETING + process.argv[2])).listen(1)`

t.test('every field of PM2 has its row, and every row its setting', async t => {
  t.same(
    Object.entries(fields)
      .flatMap(names => names.flat())
      .filter(name => !known.includes(name)),
    [],
  )
  t.same(
    Object.values(pm2Fields).filter(({ setting }) => setting !== undefined && !(setting in rows)),
    [],
  )
})

t.test('an ecosystem file becomes a config file, which serves', async t => {
  const cwd = testdir(t, { 'ecosystem.config.js': ECOSYSTEM, 'server.js': SERVER, 'package.json': '{}' })
  const output = await unicorn(cwd, 'init', '--from', 'ecosystem.config.js', '--env', 'production')
  t.match(output, /^wrote unicorn\.config\.js\n/)
  const text = readFileSync(join(cwd, 'unicorn.config.js'), 'utf8')
  t.match(text, /maxMemory: '300mb'[\s\S]*gracefulTimeout: '4000ms'[\s\S]*bootTimeout: '8000ms'/)
  t.match(text, /bind: \['0\.0\.0\.0:3000'\]/)
  t.match(text, /\/\/ cron_restart: kill -HUP from cron[\s\S]*\/\/ colour: no field of PM2[\s\S]*\/\/ deploy: /)
  const server = await startServer(t, { cwd, spec: '' })
  t.match(await new Client(t, server.target).get(), { status: 200, body: 'Good day--loud' })
})

t.test('what the fields of a real file have', async t => {
  const text = `module.exports = { apps: [{ name: 'shop', script: 'server.js', node_args: '--stack-size=2000 --max-old-space-size=512',
    restart_delay: 'soon', env: { PORT: 'pipe', SECRET: process.env.NO_SUCH_VARIABLE, EMPTY: '' } }] }`
  const cwd = testdir(t, { 'ecosystem.config.js': text, 'server.js': SERVER, 'package.json': '{}' })
  await unicorn(cwd, 'init', '--from', 'ecosystem.config.js')
  const config = readFileSync(join(cwd, 'unicorn.config.js'), 'utf8')
  t.match(config, /rawEnv: \{ NODE_OPTIONS: '--max-old-space-size=512', PORT: 'pipe', EMPTY: '' \}/)
  t.match(config, /node_args: NODE_OPTIONS may not have --stack-size=2000: start by node --stack-size=2000\s/)
  t.notMatch(config, /SECRET|NaN|^ {2}bind:/m)
  await t.resolves(unicorn(cwd, '--check-config'))
})

t.test('several applications, several files; what Node does not run has none', async t => {
  const apps = [
    { name: 'My API', script: 'npm', args: 'start' },
    { name: 'web', script: 'web.js' },
    { name: 'web', script: 'npm', args: 'run serve', cwd: 'more' },
    { name: 'jobs', script: 'jobs.py', interpreter: 'python3' },
  ]
  const manifest = JSON.stringify({ type: 'module', scripts: { start: 'node server.js' } })
  const more = JSON.stringify({ scripts: { serve: 'node served.js' } })
  const text = `// ours\n${JSON.stringify({ apps })}`
  const cwd = testdir(t, { 'pm2.json': text, 'package.json': manifest, 'more/package.json': more })
  const output = await unicorn(cwd, 'init', '--from', 'pm2.json', '--procfile')
  t.match(
    output,
    /^wrote unicorn\.my-api\.config\.js\nwrote unicorn\.web\.config\.js\nwrote unicorn\.web-3\.config\.js\nwrote Procfile\njobs: no config/,
  )
  t.match(readFileSync(join(cwd, 'unicorn.my-api.config.js'), 'utf8'), /app: 'server\.js'/)
  t.match(readFileSync(join(cwd, 'unicorn.web-3.config.js'), 'utf8'), /app: 'served\.js'[\s\S]*chdir: 'more'/)
})

t.test('files that are none', async t => {
  const cwd = testdir(t, { 'empty.json': '{"apps":[{}]}', 'broken.js': 'syntax(' })
  const refused = (name: string): Promise<unknown> => unicorn(cwd, 'init', '--from', name).catch(String)
  t.match(await refused('pm2.yaml'), /found the ending "\.yaml", wanted \.js/)
  t.match(await refused('pm2.json'), /--from pm2\.json: found no such file/)
  t.match(await refused('empty.json'), /found no script in one of its applications/)
  t.match(await refused('broken.js'), /--from broken\.js: /)
})
