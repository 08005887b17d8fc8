import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { gone } from '../helpers/process.js'
import { python } from '../helpers/python.js'
import { startServer } from '../helpers/server.js'

const APP = `
import json, os, sys

def application(environ, start_response):
    start_response('200 OK', [])
    return [json.dumps([os.getcwd(), sys.prefix, *sys.path]).encode()]
`
const USING = /^Using Python 3\.\d+\.\d+: (\S+) \((.*)\)$/

t.test('where modules are looked for, and a virtual environment that comes with HUP', async t => {
  const cwd = testdir(t, { 'app/app.py': APP, 'one/none.txt': '', 'two/none.txt': '' })
  const directory = join(cwd, 'app')
  const server = await startServer(t, {
    cwd,
    args: ['--chdir', 'app', '--pythonpath', '../one,../two'],
    env: { PATH: dirname(python), PYTHONSAFEPATH: '1' },
  })
  const client = new Client(t, server.target)
  const ask = async (): Promise<unknown[]> => JSON.parse((await client.get()).body)
  const [here, prefix, ...path] = await ask()
  t.equal(here, directory)
  t.equal(prefix, '/usr')
  t.same(path.slice(0, 3), [join(cwd, 'one'), join(cwd, 'two'), directory])
  t.notOk(
    path.some(each => String(each).endsWith('/python')),
    'nothing of the server',
  )
  t.match(
    server.logged(USING).map(({ msg }) => USING.exec(msg)?.slice(1)),
    [[python, 'PATH']],
  )

  const venv = join(directory, '.venv')
  mkdirSync(join(venv, 'bin'), { recursive: true })
  writeFileSync(join(venv, 'pyvenv.cfg'), `home = ${dirname(python)}\n`)
  symlinkSync(python, join(venv, 'bin', 'python'))
  const old = server.workers()
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await gone(...old)
  t.equal((await ask())[1], venv)
  const changed = server.logged(/^New workers use Python /)
  t.equal(changed.length, 1)
  t.match(changed[0]?.msg, `${venv}/bin/python (${venv})`)
  server.signal('SIGHUP')
  await server.log(messages.reloaded, { count: 2 })
  t.equal(server.logged(/^New workers use Python /).length, 1, 'said when it changes')
})
