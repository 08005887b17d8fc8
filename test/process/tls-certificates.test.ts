import { chmodSync, copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { hello } from '../helpers/apps.js'
import { makeCertificate, openssl } from '../helpers/certificates.js'
import { messages } from '../helpers/messages.js'
import { spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

const directory = shortDir(t)
const first = makeCertificate(directory, { name: 'first.test' })
const second = makeCertificate(directory, { name: 'second.test' })
const wild = makeCertificate(directory, { name: '*.wild.test' })
const locked = makeCertificate(directory, { name: 'locked.test', passphrase: 'open it' })
writeFileSync(join(directory, 'passphrase'), 'open it\n')
writeFileSync(join(directory, 'wrong'), 'shut it\n')

/** @returns a connection behind its handshake */
async function shake(server: Server, servername?: string): Promise<TLSSocket> {
  const options = { rejectUnauthorized: false, ...(servername !== undefined && { servername }) }
  const socket = connect({ port: 'port' in server.target ? server.target.port : 0, host: '127.0.0.1', ...options })
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  return socket
}

/** @returns the common name of the certificate */
async function nameAt(server: Server, servername?: string): Promise<unknown> {
  const socket = await shake(server, servername)
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN
}

t.test('the certificate of the host that the client names, else the first one', async t => {
  const args = [
    ...['--certfile', first.cert, '--keyfile', first.key, '--certfile', second.cert, '--keyfile', second.key],
    ...['--certificate', `${wild.cert},${wild.key}`, '--certificate', `${locked.cert},${locked.key},other.test`],
    ...['--key-passphrase-file', join(directory, 'passphrase')],
  ]
  const server = await startServer(t, { args })
  const names = ['first.test', 'SECOND.test', 'a.wild.test', 'a.b.wild.test', 'other.test', 'unknown.test', undefined]
  const served = await Promise.all(names.map(name => nameAt(server, name)))
  const wanted = ['first.test', 'second.test', '*.wild.test', 'first.test', 'locked.test', 'first.test', 'first.test']
  t.same(served, wanted)
})

const BROKEN: Record<string, readonly [args: readonly string[], said: RegExp]> = {
  'a key that does not fit': [
    ['--certfile', first.cert, '--keyfile', second.key],
    /second\.test\.key is not the key of/,
  ],
  'no such file': [['--certfile', '/nowhere.pem'], /certfile: \/nowhere\.pem does not exist \(ENOENT\)/],
  'no certificate': [['--certfile', first.key], /first\.test\.key: wanted a certificate in PEM/],
  'no key': [['--certfile', first.cert], /keyfile: .*first\.test\.pem: wanted a private key in PEM/],
  'no passphrase': [['--certfile', locked.cert, '--keyfile', locked.key], /is encrypted, wanted its passphrase/],
  'a wrong passphrase': [
    ['--certfile', locked.cert, '--keyfile', locked.key, '--key-passphrase-file', join(directory, 'wrong')],
    /wanted the passphrase that opens it/,
  ],
  'ciphers that there are none of': [
    ['--certfile', first.cert, '--keyfile', first.key, '--ciphers', 'nonsense'],
    /ciphers: found "nonsense"/,
  ],
  'an address of TLS without a certificate': [['--bind', 'https://:0'], /wanted a certificate for it \(--certfile\)/],
  'two keys for one certificate': [
    ['--certfile', first.cert, '--keyfile', first.key, '--keyfile', second.key],
    /found 2 keys and 1 certificates/,
  ],
  'certificates of clients that nothing can check': [
    ['--certfile', first.cert, '--keyfile', first.key, '--cert-reqs', 'required'],
    /certReqs: found required, wanted .*--ca-certs/,
  ],
}

t.test('what cannot be served: exit code 1, and by --check-config too', async t => {
  for (const [name, [args, said]] of Object.entries(BROKEN)) {
    const server = spawnServer(t, { args, bind: '127.0.0.1:0' })
    const { code } = await server.ended()
    t.equal(code, 1, name)
    t.match(saidBy(server), said, name)
  }
  const args = ['--certfile', first.cert, '--keyfile', second.key, '--check-config']
  const server = spawnServer(t, { args, bind: '127.0.0.1:0' })
  t.equal((await server.ended()).code, 1)
  t.match(saidBy(server), /is not the key of/)
})

function saidBy(server: Server): string {
  return server.lines.map(({ msg }) => msg).join('\n')
}

function copied(t: Test, from = first): { cert: string; key: string } {
  const own = shortDir(t)
  const files = { cert: join(own, 'cert.pem'), key: join(own, 'key.pem') }
  copyFileSync(from.cert, files.cert)
  copyFileSync(from.key, files.key)
  return files
}

t.test('changed files are served to new connections, and broken ones are not', async t => {
  const files = copied(t)
  const args = ['--certfile', files.cert, '--keyfile', files.key]
  const server = await startServer(t, { args, workers: 2, expectErrors: [/^The certificates cannot be renewed/] })
  const open = await shake(server)
  copyFileSync(second.cert, files.cert)
  copyFileSync(second.key, files.key)
  await server.log(/^The certificates were renewed/)
  await until('the new certificate is served', async () => (await nameAt(server)) === 'second.test')
  t.match(await answerOn(open), /^HTTP\/1\.1 200 /, 'the old connection goes on')

  writeFileSync(files.key, 'nonsense')
  await server.log(/^The certificates cannot be renewed, the old ones stay: keyfile: .*key\.pem/)
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await server.log(/^The certificates cannot be renewed/, { count: 2 })
  t.equal(await nameAt(server), 'second.test', 'after HUP too')

  copyFileSync(first.cert, files.cert)
  copyFileSync(first.key, files.key)
  await server.log(/^The certificates were renewed/, { count: 2 })
  await until('the good certificate is served', async () => (await nameAt(server)) === 'first.test')
})

function answerOn(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  return new Promise(resolve => socket.once('data', data => resolve(String(data))))
}

t.test('a certificate that has expired is served, with a warning; the passphrase from the environment', async t => {
  const own = shortDir(t)
  const cert = join(own, 'old.pem')
  openssl(['req', '-new', '-key', first.key, '-subj', '/CN=old.test', '-out', join(own, 'csr')])
  openssl(['x509', '-req', '-in', join(own, 'csr'), '-signkey', first.key, '-days', '-1', '-out', cert])
  const args = ['--certfile', cert, '--keyfile', first.key, '--certificate', `${locked.cert},${locked.key}`]
  const app = hello.replace('String(process.pid)', 'JSON.stringify(process.env)')
  const server = await startServer(t, { app, args, env: { UNICORN_TLS_PASSPHRASE: 'open it' } })
  await server.log(/old\.pem has expired: it was valid to /)
  t.equal(await nameAt(server), 'old.test')
  t.notMatch(await answerOn(await shake(server)), /open it/, 'workers do not know it')
})

t.test('a link to a directory that is replaced; other files beside it do not matter', async t => {
  const own = shortDir(t)
  for (const [version, { key }, name] of [
    ['v1', first, 'old.test'],
    ['v2', second, 'new.test'],
  ] as const) {
    mkdirSync(join(own, version))
    copyFileSync(key, join(own, version, 'tls.key'))
    openssl(['req', '-x509', '-key', key, '-subj', `/CN=${name}`, '-days', '5', '-out', join(own, version, 'tls.crt')])
  }
  symlinkSync('v1', join(own, '..data'))
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(`..data/${name}`, join(own, name))
  const logs = ['--access-logfile', join(own, 'access.log')]
  const server = await startServer(t, {
    args: ['--certfile', join(own, 'tls.crt'), '--keyfile', join(own, 'tls.key'), ...logs],
  })
  const soon = /tls\.crt expires soon: it is valid to /
  await server.log(soon)
  t.match(await answerOn(await shake(server)), /^HTTP\/1\.1 200 /)
  for (const [at, version] of ['v2', 'v1'].entries()) {
    symlinkSync(version, join(own, 'next'))
    renameSync(join(own, 'next'), join(own, '..data'))
    await server.log(/^The certificates were renewed/, { count: at + 1 })
  }
  await until('the first one is served again', async () => (await nameAt(server)) === 'old.test')
  t.equal(server.logged(soon).length, 3, 'one warning for each certificate, none for a line of the log')
})

t.test('keys that root alone can read, for workers that are not root; the hook', async t => {
  const files = copied(t)
  chmodSync(files.key, 0o600)
  const hook = `export const sslContext = (config, defaultFactory, names) => {
    console.error('names: ' + names)
    return { ...defaultFactory(), maxVersion: 'TLSv1.2' }
  }`
  const args = ['--certfile', files.cert, '--keyfile', files.key, '--user', 'nobody']
  const server = await startServer(t, { args, files: { 'unicorn.config.mjs': hook } })
  const socket = await shake(server)
  t.equal(socket.getProtocol(), 'TLSv1.2')
  socket.destroy()
})
