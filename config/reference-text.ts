import { readFileSync } from 'node:fs'
import { packageFile } from '../lib/sys/package.js'
import { type Hook, hookNames, hooks } from './hooks.js'
import { snakeCase } from './names.js'
import { type AnySetting, defaultText, isAbsent, isDerived, SECTIONS, type Section, type Variable } from './setting.js'
import { rows, type SettingName, settingNames } from './settings.js'

/** Returns the text of docs/settings.md: `reference.md`, with the tables. */
export function referenceText(): string {
  const sections = SECTIONS.map(section => `## ${section}\n\n${settingsTable(section)}`)
  return readFileSync(packageFile('config/reference.md'), 'utf8')
    .replace('{{settings}}\n', () => sections.join('\n'))
    .replace('{{hooks}}\n', hooksTable)
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
