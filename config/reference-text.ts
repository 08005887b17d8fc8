import { type Hook, hookNames, hooks } from './hooks.js'
import { snakeCase } from './names.js'
import { type AnySetting, defaultText, isAbsent, isDerived, SECTIONS, type Section, type Variable } from './setting.js'
import { rows, type SettingName, settingNames } from './settings.js'

const INTRODUCTION = `# Settings

This page is generated from \`config/settings.ts\` and \`config/hooks.ts\` by \`node dist/config/reference.js > docs/settings.md\`.

A setting comes, from the weakest source to the strongest, from its default, the environment, the config file,
\`UNICORN_CMD_ARGS\` (options as on a command line, split as a shell would) and the command line. A stronger source replaces
the value of a weaker one as a whole, lists too. \`unicorn --print-config\` shows where each value comes from.

The config file is \`unicorn.config.{ts,mts,js,mjs,cjs,json}\` in the working directory, or the one that \`--config\` names. It
exports settings and server hooks by name, or an object of them, a promise of it, or a function of the environment as its
default export. Names are written as here or in snake_case (\`gracefulTimeout\`, \`graceful_timeout\`). Unknown names are refused.

\`\`\`ts
import { defineConfig } from 'unicorn'

export default defineConfig({
  workers: 'auto',
  gracefulTimeout: '20s',
  postFork(server, worker) {
    worker.log.info(\`worker \${worker.index} of \${server.pid}\`)
  },
})
\`\`\`

Durations are \`ms\` strings (\`30s\`, \`2m\`, \`500ms\`); a bare number is seconds. Sizes are bytes, or take \`kb\`, \`mb\`, \`gb\`.
Relative paths start at \`chdir\`; those of \`config\` and \`chdir\` itself at the working directory. A switch such as \`--preload\`
is overruled by \`--no-preload\`.

What a reload (HUP) does with a changed value: **respawn**, the new generation of workers has it; **apply**, that too, and the
arbiter takes it over for itself once the new workers are ready; **restart**, the old value stays, and a warning says that the
new one needs a restart.
`

const HOOKS = `
## Server hooks

Functions in the config file, by these names or in snake_case. A hook that fails in the arbiter is logged and ends nothing;
one that fails in a worker before it is ready is a failed boot. A promise is awaited if the table says so; otherwise
only its rejection is logged.

\`server\` has \`pid\`, \`config\`, \`addresses\`, \`log\` and \`workers\`; in a worker it is a snapshot. \`worker\` has \`pid\`, \`index\`,
\`age\`, \`log\`, and in the worker \`figures\`.
`

/** Returns the text of docs/settings.md. */
export function referenceText(): string {
  const sections = SECTIONS.map(section => `\n## ${section}\n\n${settingsTable(section)}`)
  return [INTRODUCTION, ...sections, HOOKS, `\n${hooksTable()}`].join('')
}

function settingsTable(section: Section): string {
  const names = settingNames.filter(name => rows[name].section === section)
  const header = ['name', 'flag', 'environment', 'default', 'on HUP', 'meaning']
  return table(header, names.map(settingRow))
}

function settingRow(name: SettingName): string[] {
  const row = rows[name]
  const flags = row.flags ? code(row.flags) : `positional ${code(row.positional ?? '')}`
  const onHup = row.onHup === 'none' ? '' : row.onHup
  return [code(name), flags, environment(row.variable), standard(row), onHup, meaning(row)]
}

function standard(row: AnySetting): string {
  return isAbsent(row.default) || isDerived(row.default) ? row.default.text : code(defaultText(row))
}

function environment(variable: Variable | undefined): string {
  if (!variable) return ''
  return variable.means ? `${code(variable.name)} as ${code(variable.means)}` : code(variable.name)
}

function meaning({ description, parser, commandLineOnly }: AnySetting): string {
  const notes = [
    ...(parser.choices ? [`one of ${parser.choices.map(code).join(', ')}`] : []),
    ...(commandLineOnly ? ['not in a config file'] : []),
  ]
  return [description, ...notes].join('; ')
}

function hooksTable(): string {
  const lines = hookNames.map(name => {
    const { parameters, process, when } = hooks[name]
    return [code(`${name}(${parameters})`), code(snakeCase(name)), process, waiting(hooks[name]), when]
  })
  return table(['hook', 'in snake_case', 'process', 'awaited', 'when'], lines)
}

function waiting(row: Hook): string {
  if (!row.awaited) return ''
  if ('throws' in row) return 'yes'
  return `at most ${typeof row.limit === 'number' ? `${row.limit / 1000} s` : code(row.limit)}`
}

function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [header, header.map(() => '---'), ...lines]
  return all.map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('')
}

function code(text: string): string {
  return `\`${text}\``
}
