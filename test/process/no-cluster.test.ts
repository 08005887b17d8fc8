import t from 'tap'
import { hello } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { childrenOf } from '../helpers/process.js'
import { type ServerOptions, spawnServer, startServer } from '../helpers/server.js'

interface Case {
  readonly name: string
  readonly options: ServerOptions
  readonly says: RegExp
}

const REFUSED =
  /called cluster\.fork\(\) at \/.*:2:\d+, but unicorn forks the workers, .*cluster\.isPrimary; .*--workers N$/

const CASES: readonly Case[] = [
  {
    name: 'fork, of an ES module',
    options: { app: `import cluster from 'node:cluster'\ncluster.fork()\n${hello}` },
    says: REFUSED,
  },
  {
    name: 'fork, of a CommonJS module',
    options: {
      spec: 'own',
      files: { 'own.cjs': "const { fork } = require('cluster')\nmodule.exports = fork({ A: 1 })" },
    },
    says: REFUSED,
  },
  {
    name: 'fork, of TypeScript',
    options: {
      spec: 'own',
      files: { 'own.ts': "import cluster from 'cluster'\nexport default cluster.fork() as unknown" },
    },
    says: REFUSED,
  },
  {
    name: 'fork, of something that is checked only',
    options: {
      app: `import cluster from 'node:cluster'\ncluster.fork()\n${hello}`,
      args: ['--check-config'],
      bind: '',
    },
    says: REFUSED,
  },
  ...['setupPrimary', 'setupMaster'].map(name => ({
    name,
    options: { app: `import cluster from 'node:cluster'\ncluster.${name}({ exec: 'other.js' })\n${hello}` },
    says: RegExp(`called cluster\\.${name}\\(\\) at /.*/app\\.js:2:9, but unicorn forks the workers, .*--env`),
  })),
]

for (const { name, options, says } of CASES) {
  t.test(`cluster.${name}: exit code 4, and a word on what to do`, async t => {
    const server = spawnServer(t, { ...options, expectErrors: [/./] })
    t.same(await server.ended(), { code: 4, signal: null })
    t.match(server.logged(messages.appLoadFailed)[0]?.msg, says)
    t.same(childrenOf(server.pid), [])
  })
}

/** What the documentation of node:cluster shows. */
const BRANCHES = `import cluster from 'node:cluster'
export let application
if (cluster.isPrimary) {
  for (let worker = 0; worker < 4; worker++) cluster.fork()
} else {
  application = (environ, startResponse) => {
    startResponse('200 OK', [])
    return ['isWorker', 'isMaster', 'isPrimary'].map(name => name + ' ' + cluster[name]).join()
  }
}
`

t.test('a script that forks only where it is the primary takes its other branch', async t => {
  const server = await startServer(t, { app: BRANCHES, workers: 2 })
  const { body } = await new Client(t, server.target).get()
  t.equal(body, 'isWorker true,isMaster false,isPrimary false')
  t.equal(childrenOf(server.pid).length, 2)
  const checked = spawnServer(t, { app: BRANCHES, args: ['--check-config'], bind: '' })
  t.same(await checked.ended(), { code: 0, signal: null })
})

t.test('so does one that listens by itself', async t => {
  const script = `const cluster = require('cluster')
if (cluster.isMaster) {
  for (const cpu of require('os').cpus()) cluster.fork()
} else {
  require('http').createServer((req, res) => res.end('hello')).listen(3000)
}
`
  const server = await startServer(t, { spec: 'script.cjs', files: { 'script.cjs': script } })
  t.equal((await new Client(t, server.target).get()).body, 'hello')
})

t.test('a call while it serves is an error of that request', async t => {
  const app = `import cluster from 'node:cluster'
export function application(environ, startResponse) {
  if (environ.PATH_INFO === '/fork') cluster.fork()
  startResponse('200 OK', [])
  return String(process.pid)
}
`
  const server = await startServer(t, { app, expectErrors: [/failed|error/i] })
  const client = new Client(t, server.target)
  const worker = server.worker()
  t.equal((await client.get('/fork')).status, 500)
  t.equal((await client.get('/')).pid, worker, 'the worker goes on')
  const [line] = server.logged(({ level }) => level === 'error')
  t.match(JSON.stringify(line), /called cluster\.fork\(\) at \/[^:]*\/app\.js:3:\d+/)
})
