import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { testdir } from '../helpers/at-end.js'
import { python } from '../helpers/python.js'
import { spawnServer } from '../helpers/server.js'

/** Stands for a Python: it says what it is asked for. */
const fake = (version: string): string => `#!/bin/sh\necho ${version}\necho "$0"\n`
const VENV = { 'pyvenv.cfg': '', 'bin/python': fake('3.9.1') }

interface Case {
  readonly name: string
  /** Those in `bin` can be run; a value that begins with @ is the target of a symbolic link. */
  readonly files?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** DIR stands for the directory of the case. */
  readonly env?: Readonly<Record<string, string>>
  readonly wanted: string | RegExp
}

const below = (folder: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]))

const FOUND: readonly Case[] = [
  {
    name: 'a virtual environment in the directory comes before PATH',
    files: { ...below('app/.venv', VENV), ...below('app/venv', VENV), 'bin/python3': fake('3.9.2') },
    wanted: 'DIR/app/.venv/bin/python # Python 3.9.1, from DIR/app/.venv',
  },
  { name: 'one above it', files: below('env', VENV), wanted: 'DIR/env/bin/python # Python 3.9.1, from DIR/env' },
  {
    name: 'a folder of that name that is no virtual environment does not count',
    files: { ...below('app/env', { 'bin/python': fake('3.9.1') }), 'bin/python3': fake('3.9.2') },
    wanted: 'DIR/bin/python3 # Python 3.9.2, from PATH',
  },
  {
    name: 'an active one comes before those',
    files: { ...below('app/.venv', VENV), ...below('active', VENV) },
    env: { VIRTUAL_ENV: 'DIR/active' },
    wanted: 'DIR/active/bin/python # Python 3.9.1, from VIRTUAL_ENV DIR/active',
  },
  {
    name: '--python comes before all, and may name a virtual environment',
    files: { ...below('app/.venv', VENV), ...below('other', VENV) },
    args: ['--python', '../other'],
    wanted: 'DIR/other/bin/python # Python 3.9.1, from --python',
  },
  {
    name: 'that of poetry',
    files: { 'app/poetry.lock': '', 'bin/poetry': '#!/bin/sh\necho DIR/kept', kept: fake('3.9.2') },
    wanted: 'DIR/kept # Python 3.9.2, from poetry',
  },
  {
    name: 'that of pipenv',
    files: { 'app/Pipfile.lock': '', 'bin/pipenv': '#!/bin/sh\necho DIR/kept', kept: fake('3.9.2') },
    wanted: 'DIR/kept # Python 3.9.2, from pipenv',
  },
  {
    name: 'that of conda',
    files: { 'conda/bin/python': fake('3.9.3'), 'bin/python3': fake('3.9.2') },
    env: { CONDA_PREFIX: 'DIR/conda' },
    wanted: 'DIR/conda/bin/python # Python 3.9.3, from CONDA_PREFIX DIR/conda',
  },
  {
    name: 'an environment of conda without a Python',
    files: { 'conda/bin/other': '', 'bin/python3': fake('3.9.2') },
    env: { CONDA_PREFIX: 'DIR/conda' },
    wanted: 'DIR/bin/python3 # Python 3.9.2, from PATH',
  },
  {
    name: 'python, if there is no python3',
    files: { 'bin/python': fake('3.8.0') },
    wanted: 'DIR/bin/python # Python 3.8.0, from PATH',
  },
]

const REFUSED: readonly Case[] = [
  {
    name: 'none at all',
    wanted: /no Python was found: looked for VIRTUAL_ENV, for \.venv, venv, env in .*; name one by --python/,
  },
  {
    name: 'one that is too old',
    files: { 'bin/python3': fake('3.7.16') },
    wanted: /python3 \(PATH\) is Python 3\.7\.16, wanted 3\.8 or later/,
  },
  { name: 'Python 2', files: { 'bin/python3': fake('2.7.18') }, wanted: /is Python 2\.7\.18, wanted 3\.8 or later/ },
  {
    name: 'a command that is not there',
    args: ['--python', 'nopython'],
    wanted: /^unicorn: --python: found no such command: nopython/,
  },
  {
    name: 'a virtual environment that was moved',
    env: { VIRTUAL_ENV: '/nowhere/venv' },
    wanted: /^unicorn: VIRTUAL_ENV \/nowhere\/venv: there is no such directory; was the virtual environment moved/,
  },
  {
    name: 'a virtual environment whose Python is gone',
    files: below('app/.venv', { 'pyvenv.cfg': '', 'bin/python': '@/nowhere/python3.9' }),
    wanted: /\.venv is broken: .*bin\/python leads to \/nowhere\/python3\.9, which is not there; make it anew/,
  },
  {
    name: 'one that does not run',
    files: { 'bin/python3': '#!/bin/sh\necho cannot find libpython >&2\nexit 127\n' },
    wanted: /python3 \(PATH\) is no Python that runs: cannot find libpython/,
  },
]

/** Prints the configuration in the directory `app`, where no other commands are found than those of the case. */
async function printed(t: Test, { files = {}, args = [], env = {} }: Case) {
  const directory = testdir(t, {})
  const filled = (text: string): string => text.replaceAll('DIR', directory)
  const all = { 'app/app.py': '', 'bin/none': '', ...files }
  for (const [name, text] of Object.entries(all)) put(join(directory, name), filled(text))
  const variables = Object.entries(env).map(([name, value]) => [name, filled(value)])
  const server = spawnServer(t, {
    cwd: join(directory, 'app'),
    args: ['--print-config', ...args],
    spec: 'app.py',
    bind: '',
    env: { PATH: join(directory, 'bin'), ...Object.fromEntries(variables) },
  })
  const { code } = await server.ended()
  const [line] = server.stdout.all(/^python /)
  const found = line?.msg
    .replace(/^python\s+= /, '')
    .replace(/\s+/g, ' ')
    .replaceAll(directory, 'DIR')
  return { code, found, errors: server.lines.map(({ msg }) => msg).join('\n') }
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  if (text.startsWith('@')) return symlinkSync(text.slice(1), path)
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

for (const each of FOUND) {
  t.test(`which Python: ${each.name}`, async t => {
    const { code, found } = await printed(t, each)
    t.equal(found, each.wanted)
    t.equal(code, 0)
  })
}

for (const each of REFUSED) {
  t.test(`no Python that can be used: ${each.name}`, async t => {
    const { code, errors } = await printed(t, each)
    t.match(errors, each.wanted)
    t.equal(code, 1)
  })
}

t.test('a shim is asked once, and what it leads to is started', async t => {
  const { found } = await printed(t, {
    name: '',
    files: { 'bin/python3': `#!/bin/sh\nexec ${python} "$@"\n` },
    wanted: '',
  })
  t.match(found, /^\/usr\/bin\/python3\S* # Python 3\.\d+\.\d+, from PATH$/)
})
