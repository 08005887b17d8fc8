import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { base, CACHE, environment, releases, runTool } from './environments.js'
import { live, startMatrix } from './life.js'

/** The index that pip asks. Poetry knows no mirror by itself, and has an interface of its own to the public one. */
const INDEX =
  process.env.PIP_INDEX_URL ??
  (await runTool([base, '-c', 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)'], '.')).trim()

const PROJECT = `[project]
name = "shop"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = ["flask>=3"]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "index"
url = "${INDEX}"
priority = "primary"
`

const APP = `import sys
from importlib.metadata import version
from flask import Flask

app = Flask(__name__)

@app.get('/')
def index():
    return '%s with Flask %s' % (sys.prefix, version('flask'))
`

interface Tool {
  readonly name: 'poetry' | 'uv'
  /** Makes the environment of a project. */
  readonly install: readonly string[]
  readonly env: (directory: string) => Record<string, string>
}

const TOOLS: readonly Tool[] = [
  {
    name: 'poetry',
    install: ['install', '--no-interaction'],
    env: directory => ({
      POETRY_VIRTUALENVS_PATH: `${directory}/elsewhere`,
      POETRY_CACHE_DIR: join(CACHE, 'poetry-cache'),
      POETRY_VIRTUALENVS_IN_PROJECT: 'false',
    }),
  },
  {
    name: 'uv',
    install: ['sync'],
    env: () => ({ UV_PYTHON: base, UV_PYTHON_DOWNLOADS: 'never', UV_CACHE_DIR: join(CACHE, 'uv-cache') }),
  },
]

for (const { name, install, env } of TOOLS) {
  t.test(`a project of ${name} is served by its Python, though none is named`, async t => {
    const tool = await environment(name, [name])
    t.comment(await releases(tool, [name]))
    const { cwd, PATH } = layOut(t, join(tool, 'bin', name))
    const all = { ...env(cwd), PATH }
    await runTool([name, ...install], cwd, all)
    const server = await startMatrix(t, { cwd, spec: 'app', env: all })
    await live(t, server, async () => {
      const { status, body } = await new Client(t, server.target).get('/')
      t.match({ status, body }, { status: 200, body: / with Flask 3\./ })
      t.ok(body.startsWith(`${cwd}/${name === 'uv' ? '.venv' : 'elsewhere'}`), 'by its own environment')
    })
  })
}

/** A project, and a PATH on which the tool is, and not the environment that it is installed in. */
function layOut(t: Test, tool: string): { cwd: string; PATH: string } {
  const cwd = testdir(t, { 'pyproject.toml': PROJECT, 'app.py': APP })
  const bin = join(cwd, 'bin')
  mkdirSync(bin)
  symlinkSync(tool, join(bin, tool.slice(tool.lastIndexOf('/') + 1)))
  return { cwd, PATH: `${bin}:${process.env.PATH}` }
}
