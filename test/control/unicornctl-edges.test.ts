import { join } from 'node:path'
import t from 'tap'
import { hello } from '../helpers/apps.js'
import { testdir } from '../helpers/at-end.js'
import { requireCommand } from '../helpers/require-command.js'
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

t.test('exit codes hold where a config file in JavaScript has said where the socket is', async t => {
  for (const name of ['unicorn.config.mjs', 'unicorn.config.cjs', 'unicorn.config.ts']) {
    const text = `${name.endsWith('cjs') ? 'module.exports =' : 'export default'} { controlSocket: 'gone.sock' }`
    const cwd = testdir(t, { [name]: text })
    t.match(await runCtl(cwd, ['status']), { code: 3, err: /no server at .*gone\.sock/ }, name)
    t.match(await runCtl(cwd, ['scale', 'x']), { code: 2, err: /found "x"/ }, name)
  }
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
  t.match(await runCtl(cwd, ['completion', 'csh']), { code: 2, err: /Allowed choices are bash, zsh, fish/ })
})

/** Stands for what zsh's own completion has, and shows what it is given. */
const ZSH = 'compdef() {}; _files() { echo files; }; _describe() { eval "print -l -- \\$$2" | cut -d: -f1; }'

t.test('completion in zsh, as a function and by fpath', async t => {
  requireCommand(['zsh', '--version'])
  const { out } = await runCtl(testdir(t, {}), ['completion', 'zsh'])
  const cwd = testdir(t, { _unicornctl: out })
  const complete = async (load: string, ...words: string[]): Promise<string[]> => {
    const given = `words=(unicornctl ${words.join(' ')} ''); CURRENT=${words.length + 2}`
    return (await run(['zsh', '-fc', `${ZSH}; ${load}; ${given}; _unicornctl`], { cwd })).trim().split('\n')
  }
  for (const load of ['source ./_unicornctl', 'fpath=(. $fpath); autoload -U _unicornctl']) {
    const all = await complete(load)
    t.match(all.slice(0, 3), ['status', 'workers', 'config'])
    t.equal(new Set(all).size, all.length, 'each once')
    t.same((await complete(load, 'log-level')).slice(0, 3), ['debug', 'info', 'warning'])
    t.match((await complete(load, '--json', 'reload'))[0], '--wait')
    t.same(await complete(load, '--socket'), ['files'])
  }
})

t.test('completion in fish', async t => {
  requireCommand(['fish', '--version'])
  const { out } = await runCtl(testdir(t, {}), ['completion', 'fish'])
  const cwd = testdir(t, { 'unicornctl.fish': out, 'control.sock': '', 'HOME/here': '' })
  const complete = async (line: string): Promise<string[]> => {
    const script = `source unicornctl.fish; complete -C ${JSON.stringify(line)}`
    const found = await run(['fish', '--no-config', '-c', script], { cwd, env: { HOME: join(cwd, 'HOME') } })
    return found
      .trimEnd()
      .split('\n')
      .map(each => each.split('\t')[0] ?? '')
  }
  t.same(await complete('unicornctl re'), ['reload', 'reopen', 'retire'])
  t.same(await complete('unicornctl log-level '), ['critical', 'debug', 'error', 'info', 'warning'])
  t.same(await complete('unicornctl reload --w'), ['--wait'])
  t.same(await complete('unicornctl --socket con'), ['control.sock'])
})
