import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { Client } from '../helpers/http.js'
import { Load } from '../helpers/load.js'
import { messages } from '../helpers/messages.js'
import { orGone, runningIn } from '../helpers/process.js'
import { requireCommand } from '../helpers/require-command.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { pseudoTerminal } from '../helpers/tmux.js'
import { runCtl, startCtl, unicornctlBin } from '../helpers/unicornctl.js'
import { until } from '../helpers/until.js'

requireCommand(['tmux', '-V'])

const TOP = `${process.execPath} ${unicornctlBin} top --socket`

t.test('a live view of a terminal of 80 x 24', async t => {
  const path = join(shortDir(t), 'control.sock')
  const server = await startServer(t, { app: hello, workers: 2, args: ['--control-socket', path] })
  const load = new Load(new Client(t, server.target), { concurrency: 2 })
  const terminal = pseudoTerminal(t, server.cwd)
  terminal.type(`${TOP} ${path}; echo "ended with $?"`, 'Enter')
  await terminal.shows(/^unicorn .* pid \d+ +running/)
  const shown = await terminal.shows(/2\/2 ready +[1-9][\d.]* req\/s +p50 [\d.]+ ms +p99 [\d.]+ m?s/)
  t.match(
    shown,
    /INDEX +PID +STATE +AGE +REQ\/S +IN FLIGHT +LOOP +RSS\n +0 +\d+ +ready.*\[\|* *\] +\d+ % +\d+ MB\n +1 /,
  )
  t.match(shown, /worker-ready/)
  t.match(shown, /\ns sort \(index\) +arrows select +r retire +R reload +q quit$/)
  t.equal(terminal.screen().length, 24)
  terminal.type('s')
  t.ok(await terminal.shows(/s sort \(requests\/s\)/))
  terminal.type('s', 's', 's', 's')
  await terminal.shows(/s sort \(index\)/)
  terminal.type('Down', 'r')
  await terminal.shows(/^retire: retiring/m)
  const second = Number(/^ +1 +(\d+) /m.exec(shown)?.[1])
  const exit = await server.log(({ msg, workerPid }) => messages.exited.test(msg) && workerPid === second)
  t.match(exit, { reason: 'retired' })
  terminal.type('R')
  t.ok(await terminal.shows(/^reload: committed/m))
  terminal.resize(60, 12)
  await until('it has the new size', () => {
    const lines = terminal.screen()
    return lines.length === 12 && /^unicorn /.test(lines[0] ?? '') && /q quit|committed/.test(lines[11] ?? '')
  })
  await load.stop()
  terminal.type('q')
  t.match(await terminal.shows(/ended with \d+/), /ended with 0/)
  t.notMatch(terminal.screen().join('\n'), /req\/s/, 'the screen is what it was before')
  terminal.type('clear', 'Enter', `${TOP} ${path}; echo "ended with $?"; stty -a | tr ' ' '\\n' | grep icanon`, 'Enter')
  await terminal.shows(/req\/s/)
  terminal.type('C-c')
  t.match(await terminal.shows(/ended with \d+\n-?icanon/), /ended with 130\nicanon/)
  terminal.resize(80, 24)
  terminal.type('clear', 'Enter', `${TOP} ${path}; echo "ended with $?"; stty -a | tr ' ' '\\n' | grep icanon`, 'Enter')
  await terminal.shows(/req\/s/)
  const [pid = 0] = runningIn(server.cwd).filter(each => isTop(each))
  process.kill(pid, 'SIGTERM')
  t.match(await terminal.shows(/ended with \d+\n-?icanon/), /ended with 143\nicanon/)
  terminal.type('clear', 'Enter', `TERM=dumb ${TOP} ${path} --once; echo "ended with $?"`, 'Enter')
  // Not what is there before it is cleared.
  t.match(await terminal.shows(/req\/s[\s\S]*ended with \d+/), /\n +0 +\d+ +ready[\s\S]*ended with 0/)
})

t.test('without a terminal', async t => {
  const path = join(shortDir(t), 'control.sock')
  const server = await startServer(t, { app: hello, args: ['--control-socket', path] })
  const once = await runCtl(server.cwd, ['top', '--once', '--socket', path])
  t.match(once, { code: 0, out: /^unicorn .*\n1\/1 ready .*\nINDEX +PID.*\n +0 +\d+ +ready/ })
  const { out } = await runCtl(server.cwd, ['top', '--once', '--json', '--socket', path])
  t.match(JSON.parse(out), { rate: Number, inFlight: Number, workers: [{ rate: Number }] })
  const endless = startCtl(server.cwd, ['top', '--socket', path])
  let text = ''
  endless.child.stdout?.on('data', (part: Buffer) => {
    text += part
  })
  await until('there are two tables', () => text.split('INDEX').length > 2)
  endless.child.kill('SIGTERM')
  t.match(await endless.ended, { code: 143 })
  const none = await runCtl(server.cwd, ['top', '--socket', `${path}2`])
  t.match(none, { code: 3, err: /no server at/ })
})

/** Whether a process is that command itself, and not the shell that has started it. */
function isTop(pid: number): boolean {
  return orGone(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.split('\0')[1] === unicornctlBin
}
