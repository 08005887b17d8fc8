import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { testdir } from '../helpers/at-end.js'
import { run } from '../helpers/run.js'
import { startServer } from '../helpers/server.js'
import { shortDir } from '../helpers/short-dir.js'
import { runCtl, unicornctlBin } from '../helpers/unicornctl.js'

t.test('output that cannot be written, and another user', async t => {
  const path = join(shortDir(t), 'control.sock')
  const server = await startServer(t, { app: hello, args: ['--control-socket', path] })
  const ctl = `${process.execPath} ${unicornctlBin}`
  const unread = await run(['sh', '-c', `${ctl} status --socket ${path} 2>&1 >/dev/full; echo "code $?"`], server)
  t.match(unread, /^unicornctl: standard output cannot be written: .*\ncode 1\n$/)
  const stranger = [
    'setpriv',
    '--reuid=65534',
    '--clear-groups',
    'sh',
    '-c',
    `${ctl} status --socket ${path} 2>&1; echo $?`,
  ]
  t.match(await run(stranger, { cwd: '/' }), /^unicornctl: not permitted to use .*\n5\n$/)
})

t.test('completion', async t => {
  const cwd = testdir(t, {})
  const complete = (...words: string[]) => {
    const given = `COMP_WORDS=(unicornctl ${words.join(' ')}); COMP_CWORD=${words.length}`
    const load = `eval "$(${process.execPath} ${unicornctlBin} completion bash)"`
    return run(['bash', '-c', `${load}; ${given}; _unicornctl; echo "\${COMPREPLY[@]}"`], { cwd })
  }
  t.equal(await complete('re'), 'reload retire reopen\n')
  t.equal(await complete('reload', '--w'), '--wait\n')
  t.equal(await complete('log-level', 'd'), 'debug\n')
  for (const shell of ['zsh', 'fish'])
    t.match(await runCtl(cwd, ['completion', shell]), { code: 0, out: /heap-snapshot/ })
  t.match(await runCtl(cwd, ['completion', 'csh']), { code: 2, err: /Allowed choices are bash, zsh, fish/ })
})
