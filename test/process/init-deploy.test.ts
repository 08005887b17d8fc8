import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testdir } from '../helpers/at-end.js'
import { freePort } from '../helpers/free-port.js'
import { Client } from '../helpers/http.js'
import { startNginx } from '../helpers/reverse-proxies.js'
import { root, unicornBin } from '../helpers/root.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'

const unicorn = (cwd: string, ...args: string[]): Promise<string> =>
  run([process.execPath, unicornBin, ...args], { cwd })
const deploy = (name: string): string => readFileSync(`${root}config/deploy/${name}`, 'utf8')

/** A project of Node's with some files, and what `init` writes for it. */
async function written(
  t: Test,
  files: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<(name: string) => string> {
  const cwd = testdir(t, { 'app.js': 'export default () => {}', 'package.json': '{"name":"shop"}', ...files })
  await unicorn(cwd, 'init', ...args)
  return name => readFileSync(join(cwd, name), 'utf8')
}

t.test('the Dockerfile and the Procfile are those of config/deploy', async t => {
  const manifest = JSON.stringify({ name: 'shop', scripts: { build: 'tsc' } })
  const files = { 'app.js': 'export default () => {}', 'package.json': manifest, 'package-lock.json': '' }
  const cwd = testdir(t, files)
  const read = (name: string): string => readFileSync(join(cwd, name), 'utf8')
  t.match(await unicorn(cwd, 'init', '--dockerfile'), 'wrote Dockerfile\nwrote .dockerignore\n')
  t.equal(read('.dockerignore'), deploy('docker/.dockerignore'))
  const known = new Set(deploy('docker/Dockerfile').split('\n'))
  const own = read('Dockerfile').split('\n')
  t.same(
    own.filter(line => !known.has(line)),
    [
      'RUN npm ci',
      'RUN npm run build && npm prune --omit=dev',
      'CMD ["node_modules/.bin/unicorn", "--metrics-bind", "127.0.0.1:9100"]',
    ],
  )

  const python = testdir(t, {
    'app.py': 'from flask import Flask\ndef create_app():\n  return Flask(__name__)\n',
    'gunicorn.conf.py': '',
  })
  await unicorn(python, 'init', '--dockerfile', '--procfile')
  t.equal(readFileSync(join(python, 'Procfile'), 'utf8'), "web: exec unicorn 'app:create_app()'\n")
  const image = readFileSync(join(python, 'Dockerfile'), 'utf8')
  t.match(image, /^CMD \["unicorn", "--metrics-bind", "127\.0\.0\.1:9100", "app:create_app\(\)"\]$/m)
  t.ok([...known].filter(line => /HEALTHCHECK|fetch/.test(line)).every(line => image.includes(line)))
})

/** What a Dockerfile runs and copies before the server, without what is the same for all. */
const installs = (dockerfile: string): string[] =>
  dockerfile.split('\n').filter(line => /^(RUN|COPY) (?!--|\. |unicorn|npm install --global)/.test(line))

t.test('an image is made with what the project has: its lock file, or its requirements', async t => {
  const built = '{"name":"shop","scripts":{"build":"tsc"}}'
  const none = await written(t, {}, '--dockerfile')
  t.same(installs(none('Dockerfile')), ['COPY package.json ./', 'RUN npm install --omit=dev'])
  const pnpm = await written(t, { 'pnpm-lock.yaml': '', 'package.json': built }, '--dockerfile')
  t.same(installs(pnpm('Dockerfile')), [
    'COPY package.json pnpm-lock.yaml ./',
    'RUN corepack enable && pnpm install --frozen-lockfile',
    'RUN pnpm run build && CI=true pnpm prune --prod',
  ])
  const yarn = await written(t, { 'yarn.lock': '' }, '--dockerfile')
  t.same(installs(yarn('Dockerfile')), [
    'COPY package.json yarn.lock ./',
    'RUN yarn install --frozen-lockfile --production',
  ])

  const flask = 'from flask import Flask\napp = Flask(__name__)\n'
  const imageWith = async (files: Readonly<Record<string, string>>): Promise<string[]> => {
    const cwd = testdir(t, { 'main.py': flask, 'unicorn.config.js': "module.exports = { app: 'main:app' }", ...files })
    await unicorn(cwd, 'init', '--dockerfile')
    return installs(readFileSync(join(cwd, 'Dockerfile'), 'utf8'))
  }
  t.same(await imageWith({ 'requirements.txt': 'flask', 'package.json': '{}' }), [
    'COPY requirements.txt ./',
    'RUN pip install --no-cache-dir -r requirements.txt',
  ])
  t.same(await imageWith({ 'pyproject.toml': '[project]\n[build-system]\n' }), ['RUN pip install --no-cache-dir .'])
  const [copied, installed = ''] = await imageWith({ 'pyproject.toml': '[project]\n' })
  t.equal(copied, 'COPY pyproject.toml ./')
  const script = installed.replace(/^RUN | \| pip .*$/g, '')
  const project = testdir(t, {
    'pyproject.toml': '[project]\nname = "shop"\ndependencies = ["flask>=3", "gunicorn"]\n',
  })
  t.equal(await run(['sh', '-c', script.replace('python', 'python3')], { cwd: project }), 'flask>=3\ngunicorn\n')
})

t.test('the site of nginx is that of config/deploy, and serves as it is', async t => {
  const port = await freePort('127.0.0.1')
  const config = `module.exports = { app: 'app.js', bind: ['0.0.0.0:${port}'] }`
  const app = "require('node:http').createServer((req, res) => res.end(JSON.stringify(req.headers))).listen(1)"
  const cwd = testdir(t, { 'unicorn.config.js': config, 'app.js': app, 'package.json': '{"name":"my-shop"}' })
  await unicorn(cwd, 'init', '--nginx')
  const text = readFileSync(join(cwd, 'my-shop.nginx.conf'), 'utf8')
  t.match(text, `  server 127.0.0.1:${port} fail_timeout=0;\n`)
  const known = new Set(
    deploy('nginx/shop.conf')
      .replace(/\bshop\b/g, 'my-shop')
      .replaceAll('shop_c', 'my_shop_c')
      .split('\n'),
  )
  t.same(
    text.split('\n').filter(line => !known.has(line) && !line.trim().startsWith('#')),
    [`  server 127.0.0.1:${port} fail_timeout=0;`, '  keepalive_timeout 4s;'],
  )
  await startServer(t, { cwd, spec: '', bind: '' })
  const [place = { host: '', port: 0 }] = await startNginx(t, { http: [{ file: join(cwd, 'my-shop.nginx.conf') }] })
  const { body } = await new Client(t, place).get('/', { headers: { Forwarded: 'for=1.2.3.4' } })
  t.match(JSON.parse(body), { 'x-forwarded-for': '127.0.0.1', forwarded: undefined })
})

t.test('it stands in front of the address that the server has', async t => {
  const serverOf = async (files: Readonly<Record<string, string>>, ...args: string[]): Promise<string | undefined> => {
    const read = await written(t, files, '--nginx', ...args)
    return /^ {2}server (\S+)/m.exec(read('shop.nginx.conf'))?.[1]
  }
  const bound = (bind: string): Readonly<Record<string, string>> => ({
    'unicorn.config.json': JSON.stringify({ app: 'app.js', bind }),
  })
  t.equal(await serverOf({}), '127.0.0.1:8000', 'the default')
  t.equal(await serverOf({}, '--systemd'), 'unix:/run/shop.sock', 'that of the socket unit')
  t.equal(await serverOf({ 'shop.socket': '' }), 'unix:/run/shop.sock')
  t.equal(await serverOf(bound('[::]:81')), '[::1]:81')
  t.equal(await serverOf(bound('unix:/run/x.sock')), 'unix:/run/x.sock')
  t.match(await serverOf(bound('unix:x.sock')), /^unix:\/.*\/x\.sock$/)
})
