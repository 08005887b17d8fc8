import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'

/** Ways in which scripts remove what they take for the socket of their last run. */
const WAYS: Readonly<Record<string, string>> = {
  unlinkSync: 'fs.existsSync(path) && fs.unlinkSync(path)',
  unlink: 'await new Promise(done => fs.unlink(path, done))',
  'unlink of node:fs/promises': 'await unlink(path)',
  rmSync: 'rmSync(path, { force: true })',
  'rmSync with a relative path': 'rmSync(relative(process.cwd(), path), { force: true })',
  rename: "fs.renameSync(path, path + '.old')",
}

const script = (way: string) => `import fs, { rmSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import { relative } from 'node:path'
const path = process.env.SOCK
${way}
createServer((req, res) => res.end(String(process.pid))).listen(path, () => {
  fs.chmodSync(path, 0o660)
  fs.unlinkSync(process.env.OTHER)
})
`

for (const [name, way] of Object.entries(WAYS)) {
  t.test(`a script that removes a stale socket keeps the server's own: ${name}`, async t => {
    const path = join(shortDir(t), 'app.sock')
    const env = { SOCK: path, OTHER: 'other' }
    const files = { 'app.mjs': script(way), other: '' }
    const server = await startServer(t, { files, spec: 'app.mjs', bind: `unix:${path}`, env })
    t.equal((await new Client(t, { socketPath: path }).get()).pid, server.worker())
    t.equal(statSync(path).mode & 0o777, 0o660, 'its mode is the one that the script has set')
    t.equal(server.logged(/is ignored: unicorn listens there/).length, 1)
    t.throws(() => statSync(join(server.cwd, 'other')), 'other files are removed')
  })
}

t.test('nor does a reload of such a script lose a request', async t => {
  const path = join(shortDir(t), 'app.sock')
  const files = { 'app.mjs': script(WAYS.unlinkSync ?? '').replace(/.*OTHER.*/, '') }
  const server = await startServer(t, { files, spec: 'app.mjs', bind: `unix:${path}`, workers: 2, env: { SOCK: path } })
  const load = new Load(new Client(t, { socketPath: path }), { concurrency: 2 })
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.same(await load.stop(), [])
})

const CHMODS: Readonly<Record<string, string>> = {
  chmodSync: 'fs.chmodSync(path, 0o666)',
  chmod: 'fs.chmod(path, 0o666, error => { throw error })',
  statSync: 'fs.statSync(path)',
  'chmod of node:fs/promises': "require('node:fs/promises').chmod(path, 0o666)",
}

for (const [name, call] of Object.entries(CHMODS)) {
  t.test(`a script that uses the path of a socket which unicorn has not bound: ${name}`, async t => {
    const content = `const fs = require('node:fs'), path = '/tmp/not-there.sock'
require('node:http').createServer((req, res) => res.end()).listen(path, () => { ${call} })
setInterval(() => {}, 1000)`
    const server = spawnServer(t, { files: { 'app.cjs': content }, spec: 'app.cjs', expectErrors: [/./] })
    t.same(await server.ended(), { code: 4, signal: null })
    const why = /ENOENT.*unicorn listens at http:\/\/127\.0\.0\.1:\d+ in place.*--bind unix:\/tmp\/not-there\.sock/
    t.match(server.logged(messages.appLoadFailed)[0]?.msg, why)
  })
}
