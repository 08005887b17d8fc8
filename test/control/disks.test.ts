import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hello } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { requireCommand } from '../helpers/require-command.js'
import { run } from '../helpers/run.js'
import { spawnServer, startServer } from '../helpers/server.js'
import type { Server } from '../helpers/server-process.js'
import { shortDir } from '../helpers/short-dir.js'
import { runCtl, startCtl, unicornctlBin } from '../helpers/unicornctl.js'
import { until } from '../helpers/until.js'

const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
const UNSHARE = ['unshare', ...asUser, '--mount', 'sh', '-c']
requireCommand(['unshare', ...asUser, '--mount', 'true'])

/** Runs a shell where a server sees its file systems. */
function inside(server: Server, command: string): Promise<string> {
  return run(
    [
      'nsenter',
      ...(asUser.length > 0 ? ['--user', '--preserve-credentials'] : []),
      `--target=${server.pid}`,
      '--mount',
      'sh',
      '-c',
      command,
    ],
    server,
  )
}

/** A server whose files of uploads are on a file system of its own. */
async function startOnDisk(t: Test, size: string) {
  const path = join(shortDir(t), 'control.sock')
  const files = { 'app.js': hello, 'disk/none': '' }
  const through = [...UNSHARE, `mount -t tmpfs -o size=${size} tmpfs disk && exec "$@"`, 'sh']
  const server = await startServer(t, { files, through, args: ['--control-socket', path, '--tmp-upload-dir', 'disk'] })
  const ctl = (...args: string[]) => runCtl(server.cwd, [...args, '--socket', path])
  const left = () => inside(server, `ls ${server.cwd}/disk`)
  return { server, path, ctl, left }
}

t.test('a disk of the server that is full, and then read-only', async t => {
  const { server, ctl, left } = await startOnDisk(t, '256k')
  const before = readdirSync(server.cwd)
  t.match(await ctl('heap-snapshot', '0', '-o', 'heap'), {
    code: 1,
    out: '',
    err: /cannot be written: the disk is full\n$/,
  })
  await inside(server, `head -c 1m /dev/zero >${server.cwd}/disk/filler || true`)
  t.match(await ctl('profile', '0', '--seconds', '0.1', '-o', 'cpu'), { code: 1, err: /: the disk is full\n$/ })
  t.equal(await left(), 'filler\n')
  await inside(server, `rm ${server.cwd}/disk/filler`)
  t.match(await ctl('profile', '0', '--seconds', '0.1', '-o', 'cpu'), { code: 0, out: /^wrote cpu, \d+ bytes\n$/ })
  t.ok(JSON.parse(readFileSync(join(server.cwd, 'cpu'), 'utf8')).nodes.length > 0)
  await inside(server, `mount -o remount,ro ${server.cwd}/disk`)
  t.match(await ctl('profile', '0', '-o', 'more'), {
    code: 1,
    err: /no file can be made in .*disk .*: the file system is read-only\n$/,
  })
  t.same(readdirSync(server.cwd), ['cpu', ...before].sort())
  t.match(await new Client(t, server.target).get(), { status: 200 })
})

t.test('a client that goes away while its profile is made', async t => {
  const { server, path, ctl, left } = await startOnDisk(t, '64m')
  const leaving = startCtl(server.cwd, ['profile', '0', '--seconds', '100', '-o', 'cpu', '--socket', path])
  await server.log(/^Handling command: profile of worker 0/)
  leaving.child.kill('SIGINT')
  t.match(await leaving.ended, { code: 130 })
  await until('nothing has a name', async () => (await left()) === '')
  t.notOk(existsSync(join(server.cwd, 'cpu')))
  t.match(await ctl('stack', '0'), { code: 0, out: /idle/ })
})

t.test('a full disk, and one that is read-only, of unicornctl', async t => {
  const path = join(shortDir(t), 'control.sock')
  const server = await startServer(t, { args: ['--control-socket', path] })
  const ctl = `${process.execPath} ${unicornctlBin} heap-snapshot 0 --socket ${path}`
  mkdirSync(join(server.cwd, 'disk'))
  const script = [
    'mount -t tmpfs -o size=64k tmpfs disk',
    `${ctl} -o disk/heap; echo "code $?"; ls disk`,
    'mount -o remount,ro disk',
    `${ctl} -o disk/heap; echo "code $?"`,
  ].join('; ')
  const said = await run([...UNSHARE, `exec 2>&1; ${script}`], server)
  t.match(
    said,
    /^unicornctl: .*disk\/heap cannot be written: the disk is full\ncode 1\nunicornctl: .*read-only\ncode 1\n$/,
  )
})

t.test('a control socket and a pid file on a file system that is read-only', async t => {
  const directory = shortDir(t)
  const mount = `mount -t tmpfs tmpfs ${directory} && mount -o remount,ro ${directory} && exec "$@"`
  const ends = async (args: readonly string[], says: RegExp) => {
    const server = spawnServer(t, { through: [...UNSHARE, mount, 'sh'], args, expectErrors: [says] })
    t.match(await server.ended(), { code: 1 })
    t.ok(await server.log(says))
  }
  await ends(['--control-socket', `${directory}/x.sock`], /x\.sock.*(read-only|EROFS)/)
  await ends(['--pid', `${directory}/x.pid`], /x\.pid.*(read-only|EROFS)/)
})

t.test('what becomes read-only while a server runs ends neither it nor a reload of other things', async t => {
  const directory = shortDir(t)
  const config = { controlSocket: `${directory}/x.sock`, pidfile: `${directory}/x.pid` }
  const mount = `mount -t tmpfs tmpfs ${directory} && exec "$@"`
  const server = await startServer(t, {
    files: { 'app.js': hello, 'unicorn.config.json': JSON.stringify(config) },
    through: [...UNSHARE, mount, 'sh'],
    expectErrors: [messages.reloadRefused, /^Changed setting not applied/],
  })
  const ctl = (args: string) =>
    inside(server, `${process.execPath} ${unicornctlBin} ${args} --socket ${directory}/x.sock 2>&1; echo "code $?"`)
  await inside(server, `mount -o remount,ro ${directory}`)
  t.equal(await ctl('reload --wait'), 'reload: committed, generation 2\ncode 0\n')
  const other = { ...config, controlSocket: `${directory}/y.sock` }
  writeFileSync(join(server.cwd, 'unicorn.config.json'), JSON.stringify(other))
  t.match(await ctl('reload --wait'), /^unicornctl: reload refused: .*y\.sock.*(read-only|EROFS).*\ncode 1\n$/)
  t.match(await ctl('status'), /code 0\n$/)
  t.match(await ctl('stop --wait'), /^stop: stopped, pid \d+\ncode 0\n$/)
  t.match(await server.ended(), { code: 0 })
  t.match(
    server.logged(/^Left behind: EROFS/).map(({ msg }) => msg),
    [/x\.sock/, /x\.pid/],
  )
})
