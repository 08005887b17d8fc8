import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { gunicornOptions } from '../../config/gunicorn/options.js'
import { translate } from '../../config/gunicorn/translate.js'
import { readCommandLine } from '../../config/sources/cli.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { spawnPython, startPython } from '../helpers/python.js'
import type { ServerOptions } from '../helpers/server.js'

const APP = `
import os
from shop.words import WORD

def application(environ, start_response):
    start_response('200 OK', [('X-A', os.environ['A']), ('X-Scheme', environ['wsgi.url_scheme'])])
    return [WORD]
`

const CONFIG = `
import multiprocessing
from pathlib import Path

from shop.words import WORD

bind = '127.0.0.1:0,127.0.0.1:0'
workers = min(2, multiprocessing.cpu_count() * 2 + 1)
timeout = 31
keepalive = None
loglevel = 'INFO'
raw_env = ('A=%s' % WORD.decode(),)
worker_tmp_dir = '/dev/shm'
forwarded_allow_ips = '*'
statsd_prefix = 'shop'
helper = Path(__file__).parent.name
proc_name = __name__
`
const FILES = { 'shop/__init__.py': '', 'shop/words.py': "WORD = b'word'\n" }

/** What --print-config says: values and where they are from. */
async function printed(t: Test, { args = [], ...options }: ServerOptions) {
  const server = spawnPython(t, APP, { ...options, args: ['--print-config', ...args], bind: '' })
  const { code } = await server.ended()
  const pairs = server.stdout.lines.map(({ msg }) => /^(\w+) += (.*?) +# (.*)$/.exec(msg) ?? [])
  const values = new Map(pairs.map(([, name = '', ...rest]) => [name, rest]))
  return { code, values, errors: server.lines.map(({ msg }) => msg).join('\n'), cwd: server.cwd }
}

t.test('gunicorn.conf.py in the directory is read by Python, and HUP reads it again', async t => {
  const server = await startPython(t, APP, {
    files: { ...FILES, 'gunicorn.conf.py': CONFIG },
    bind: '',
    expectErrors: [messages.reloadRefused],
  })
  t.equal(server.pythons().length, 2)
  t.equal(server.logged(messages.listening)[0]?.msg.split(',').length, 2)
  const reply = await new Client(t, server.target).get('/')
  t.match(reply, { status: 200, body: 'word', headers: { 'x-a': 'word' } })
  const ignored = server.logged(/has no effect/)
  t.match(
    ignored.map(({ msg }) => msg),
    [/^worker_tmp_dir has no effect: signs of life need no file here \(config file \S+gunicorn\.conf\.py\)$/],
  )
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  t.equal(server.logged(/has no effect/).length, 1, 'said once')
  writeFileSync(join(server.cwd, 'gunicorn.conf.py'), '1 / 0\n')
  server.signal('SIGHUP')
  t.match(JSON.stringify(await server.log(messages.reloadRefused)), /gunicorn\.conf\.py failed: ZeroDivisionError/)
  t.equal((await new Client(t, server.target).get('/')).status, 200, 'it serves on')
})

t.test('what is stronger: the command line, GUNICORN_CMD_ARGS, the file, the environment', async t => {
  const { values, cwd } = await printed(t, {
    files: { ...FILES, 'gunicorn.conf.py': `${CONFIG}wsgi_app = 'shop.words:WORD'\n` },
    spec: '',
    args: ['--timeout', '33'],
    env: { GUNICORN_CMD_ARGS: '--timeout=32 --graceful-timeout 12', WEB_CONCURRENCY: '7' },
  })
  t.same(values.get('timeout'), ['33s', 'command line --timeout'])
  t.same(values.get('gracefulTimeout'), ['12s', 'GUNICORN_CMD_ARGS'])
  t.same(values.get('workers'), ['2', `config file ${cwd}/gunicorn.conf.py`])
  t.same(values.get('app'), ['shop.words:WORD', `config file ${cwd}/gunicorn.conf.py`])
  t.same(values.get('procName'), ['__config__', `config file ${cwd}/gunicorn.conf.py`])
  t.same(values.get('keepAlive'), ['5s', 'default'])
})

t.test("this server's own config file comes before Gunicorn's, and the log says so", async t => {
  const files = { 'unicorn.config.json': '{ "threads": 5 }', 'gunicorn.conf.py': '1 / 0' }
  const server = spawnPython(t, 'application = print', { files, args: ['--check-config'], bind: '' })
  t.equal((await server.ended()).code, 0)
  t.equal(server.logged(/gunicorn\.conf\.py is not read, since \S+unicorn\.config\.json is$/).length, 1)
})

const NAMED = [
  { name: 'a file', args: ['-c', 'conf/other.py'] },
  { name: 'a file as Gunicorn writes it too', args: ['-c', 'file:conf/other.py'] },
  { name: 'a module', args: ['--config', 'python:conf.other'] },
  { name: 'a file with another ending', args: ['-c', 'conf/gunicorn.conf'] },
]
for (const { name, args } of NAMED) {
  t.test(`-c names ${name}`, async t => {
    const files = {
      'conf/__init__.py': '',
      'conf/other.py': 'threads = 3\n',
      'conf/gunicorn.conf': 'threads = 3\n',
      'gunicorn.conf.py': 'threads = 4\n',
    }
    t.equal((await printed(t, { files, args })).values.get('threads')?.[0], '3')
  })
}

const BROKEN = [
  {
    name: 'that raises',
    config: 'x = 1\n1 / 0\n',
    said: /gunicorn\.conf\.py failed: ZeroDivisionError: division by zero\nTraceback.*\n {2}File "\S+gunicorn\.conf\.py", line 2/,
  },
  {
    name: 'with a syntax error',
    config: 'bind =\n',
    said: /SyntaxError: invalid syntax \(gunicorn\.conf\.py, line 1\)/,
  },
  { name: 'that ends its process', config: 'import os\nos._exit(5)\n', said: /failed: Python ended with 5$/ },
  {
    name: 'with a hook of too few parameters',
    config: 'def post_fork(worker):\n    pass\n',
    said: /gunicorn\.conf\.py: post_fork: found a function of \(worker\), wanted one of \(server, worker\)$/,
  },
  {
    name: 'with a hook of too many, in a module',
    config: "on_exit = 'os.rename'\n",
    said: /: on_exit: found a function of \(src, dst, .*\), wanted one of \(server\)$/,
  },
  {
    name: 'with a hook that is none',
    config: "when_ready = 'ready'\n",
    said: /: when_ready: found 'ready', wanted a function, or the dotted name of one$/,
  },
  {
    name: 'with a value of the wrong kind',
    config: "workers = 'many'\n",
    said: /workers: found "many", wanted an integer of at least 1.*\(config file \S+gunicorn\.conf\.py\)/,
  },
  {
    name: 'with what would protect',
    config: "paste = 'site.ini'\n",
    said: /paste is not supported: /,
  },
]
for (const { name, config, said } of BROKEN) {
  t.test(`a gunicorn.conf.py ${name}: exit code 1`, async t => {
    const { code, errors } = await printed(t, { files: { 'gunicorn.conf.py': config } })
    t.equal(code, 1)
    t.match(errors, said)
  })
}

t.test('a JavaScript application does not read a gunicorn.conf.py', async t => {
  const server = spawnPython(t, '', {
    files: { 'other.js': 'export const application = () => {}', 'gunicorn.conf.py': '1 / 0' },
    spec: 'other.js:application',
    args: ['--print-config'],
    bind: '',
  })
  t.equal((await server.ended()).code, 0)
})

/** Each option of Gunicorn's documentation, with a value. */
const DOCUMENTED =
  `-c FILE|--config FILE|-b ADDRESS|--bind ADDRESS|--backlog 64|-w 2|--workers 2|-k sync|--worker-class sync
--threads 2|--worker-connections 10|--max-requests 5|--max-requests-jitter 5|-t 5|--timeout 5|--graceful-timeout 5
--keep-alive 2|--limit-request-line 100|--limit-request-fields 10|--limit-request-field_size 100|--reload
--reload-engine auto|--reload-extra-file FILE|--spew|--check-config|--print-config|--preload|--no-sendfile|--reuse-port
--chdir DIR|-D|--daemon|-e A=B|--env A=B|-p FILE|--pid FILE|--worker-tmp-dir DIR|-u 1|--user nobody|-g 1|--group nogroup
-m 7|--umask 7|--initgroups|--forwarded-allow-ips *|--access-logfile -|--disable-redirect-access-to-syslog
--access-logformat X|--error-logfile -|--log-file -|--log-level debug|--capture-output|--logger-class X|--log-config X
--log-config-dict X|--log-config-json X|--log-syslog-to X|--log-syslog|--log-syslog-prefix X|--log-syslog-facility X
-R|--enable-stdio-inheritance|--statsd-host X|--dogstatsd-tags X|--statsd-prefix X|-n X|--name X|--pythonpath X|--paste X
--paster X|--proxy-protocol auto|--proxy-allow-from X|--keyfile X|--certfile X|--ssl-version X|--cert-reqs 1|--ca-certs X
--suppress-ragged-eofs|--do-handshake-on-connect|--ciphers X|--permit-obsolete-folding|--strip-header-spaces
--permit-unconventional-http-method|--permit-unconventional-http-version|--casefold-http-method|--forwarder-headers X
--header-map drop`.split(/[|\n]/)

t.test("each option of Gunicorn's documentation is taken, or says what to do instead", async t => {
  const outcomes = DOCUMENTED.map(text => {
    try {
      const line = readCommandLine([...text.split(' '), 'app'])
      return line.kind === 'settings' && line.given.get('app')?.value === 'app'
        ? 'taken'
        : `${text}: not the application`
    } catch (error) {
      const { message } = error instanceof Error ? error : new Error('')
      return / is not supported: .{10,} \(command line\)$/.test(message) ? 'refused' : `${text}: ${message}`
    }
  })
  t.same([...new Set(outcomes)].sort(), ['refused', 'taken'])
  const refused = DOCUMENTED.filter((_, at) => outcomes[at] === 'refused').map(text => text.split(' ')[0])
  const wanted = `--paste --paster`
  t.same(refused, wanted.split(/\s+/))
})

t.test('a value that does nothing in Gunicorn either is not spoken of', async t => {
  const idle = Object.entries(gunicornOptions).map(([name, { idle = [] }]) => [name, idle[0]])
  const values = { ...Object.fromEntries(idle), daemon: false, helper: 1 }
  t.same(translate(values, 'here').advice, [])
})
