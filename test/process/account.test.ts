import { chownSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hello } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { requireCommand } from '../helpers/require-command.js'
import { unicornBin } from '../helpers/root.js'
import { spawnServer, startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { until } from '../helpers/until.js'

/** Debian's. */
const NOBODY = 65534
const NOGROUP = 65534
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOGROUP}`, '--clear-groups']
/** In a network of its own no port is free for all users, however this machine is set up. */
const ELSEWHERE = ['unshare', '--net']

const WHO = `JSON.stringify({
  uid: process.getuid(), euid: process.geteuid(), gid: process.getgid(), groups: process.getgroups()
})`
const app = `${hello.replace('String(process.pid)', () => WHO)}\nconsole.log('loaded as ' + process.getuid())\n`

requireCommand([...AS_NOBODY, 'test', '-r', unicornBin])

/** A directory that the user of the workers may write. */
function ownDirectory(t: Test): string {
  const directory = shortDir(t)
  chownSync(directory, NOBODY, NOGROUP)
  return directory
}

function ownerOf(path: string): number[] {
  const { uid, gid, mode } = statSync(path)
  return [uid, gid, mode & 0o777]
}

t.test('bound as root, served as nobody: a low port, logs, sockets, hooks', async t => {
  const directory = ownDirectory(t)
  const socketPath = join(directory, 'app.sock')
  const errors = join(directory, 'error.log')
  const access = join(directory, 'access.log')
  const config = `
    import { appendFileSync } from 'node:fs'
    export default {
      bind: ['127.0.7.7:80', 'unix:${socketPath}'],
      user: 'nobody',
      umask: '027',
      errorlog: '${errors}',
      accesslog: '${access}',
      postFork: (server, worker) => worker.log.info('postFork as ' + process.getuid()),
    }`
  const server = spawnServer(t, { app, bind: '', files: { 'unicorn.config.mjs': config } })
  const log = (path: string): string => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return ''
    }
  }
  await until('the worker is ready', () => /Worker ready/.test(log(errors)))
  const expected = { uid: NOBODY, euid: NOBODY, gid: NOGROUP, groups: [NOGROUP] }
  const client = new Client(t, { host: '127.0.7.7', port: 80 })
  t.same(JSON.parse((await client.get()).body), expected)
  t.same(JSON.parse((await new Client(t, { socketPath: socketPath }).get()).body), expected)
  t.match(log(errors), /postFork as 65534/)
  t.match((await server.stdout.wait(/loaded as/)).msg, 'loaded as 65534')
  t.same(ownerOf(socketPath), [NOBODY, NOGROUP, 0o750])
  for (const path of [errors, access]) t.same(ownerOf(path), [NOBODY, NOGROUP, 0o640], path)
  await until('the access log has both', () => log(access).split('\n').length > 2)

  for (const path of [errors, access]) renameSync(path, `${path}.1`)
  server.signal('SIGUSR1')
  await until('they are opened anew', () => existsSync(errors) && existsSync(access))
  await until('the worker writes to the new one', async () => {
    await client.get('/after')
    return log(access).includes('/after')
  })
  t.same(ownerOf(access), [NOBODY, NOGROUP, 0o640])
  server.signal('SIGHUP')
  await until('the reload is over', () => /Reloaded/.test(log(errors)))
  t.same(JSON.parse((await client.get()).body), expected, 'and so do the workers of a reload')
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('a log that is there already is left to its owner, and the worker that may not write it says so', async t => {
  const directory = ownDirectory(t)
  const precious = join(directory, 'precious')
  writeFileSync(precious, '')
  const expectErrors = [messages.logNotOpened]
  const server = await startServer(t, { app, args: ['--user', 'nobody', '--access-logfile', precious], expectErrors })
  t.same(ownerOf(precious).slice(0, 2), [0, 0])
  t.equal((await new Client(t, server.target).get()).status, 200)
})

t.test('groups: one by name, and those of the user with --initgroups', async t => {
  const files = { group: `${readFileSync('/etc/group', 'utf8')}extra:x:4242:nobody\n` }
  const through = ['unshare', '--mount', 'sh', '-c', 'mount --bind group /etc/group && exec "$@"', 'sh']
  requireCommand(['unshare', '--mount', 'true'])
  const args = ['-u', 'nobody', '-g', 'extra', '--initgroups']
  const server = await startServer(t, { app, files, through, args })
  const { body } = await new Client(t, server.target).get()
  t.match(JSON.parse(body), { uid: NOBODY, gid: 4242, groups: [4242] })
  const other = await startServer(t, { app, files, through, args: ['-u', 'nobody', '--initgroups'] })
  const { groups } = JSON.parse((await new Client(t, other.target).get()).body)
  t.same(groups.sort(), [4242, NOGROUP])
})

t.test('Python processes run as that user too', async t => {
  const files = {
    'app.py': `
import os
def application(environ, start_response):
    start_response("200 OK", [])
    return [("%d %d %s" % (os.getuid(), os.getgid(), os.getgroups())).encode()]
`,
  }
  // As every user may run it.
  const server = await startServer(t, {
    app: '',
    files,
    args: ['-u', 'nobody', '--preload', '--interface', 'python', '--python', '/usr/bin/python3'],
  })
  t.equal((await new Client(t, server.target).get()).body, `${NOBODY} ${NOGROUP} [${NOGROUP}]`)
})

const REFUSED: readonly (readonly [string, readonly string[], readonly string[], RegExp])[] = [
  ['no such user', [], ['-u', 'nosuch'], /user: found "nosuch", wanted the name of a user of this machine/],
  ['no such group', [], ['-g', 'nosuch'], /group: found "nosuch", wanted the name of a group of this machine/],
  ['a number without a group', [], ['-u', '54321'], /54321 is no user of this machine, so that it has no group/],
  ['another user than one has', AS_NOBODY, ['-u', 'root'], /only root may change that, and this process has uid 65534/],
  ['a mask in decimal', [], ['-m', '22'], /umask: found "22", wanted a file mode mask in octal/],
  [
    'a port without permission',
    [...ELSEWHERE, ...AS_NOBODY],
    ['-b', '0.0.0.0:80'],
    /0\.0\.0\.0:80 is not allowed to this user \(EACCES\): ports below 1024 need root/,
  ],
]

t.test('what cannot be had is refused', async t => {
  for (const [what, through, args, message] of REFUSED) {
    const server = spawnServer(t, { app, bind: '', through, args })
    t.same(await server.ended(), { code: 1, signal: null }, what)
    t.match(server.lines.at(-1)?.msg, message, what)
  }
})

t.test('root that may not change users: the boot fails, and says so', async t => {
  const through = ['setpriv', '--bounding-set=-setuid,-setgid', '--inh-caps=-setuid,-setgid']
  const expectErrors = [/this worker cannot become user 65534/, messages.exited, messages.gaveUp]
  const server = spawnServer(t, { app, through, args: ['-u', 'nobody'], expectErrors })
  t.same(await server.ended(), { code: 3, signal: null })
})

t.test("the process's own account is no change", async t => {
  const server = await startServer(t, { app, through: AS_NOBODY, args: ['-u', 'nobody', '-g', String(NOGROUP)] })
  t.match(JSON.parse((await new Client(t, server.target).get()).body), { uid: NOBODY })
})
