import { gunicornOptions } from './gunicorn/options.js'
import { hookNames } from './hooks.js'
import { snakeCase } from './names.js'
import { pm2Fields } from './pm2/fields.js'
import { flagOf } from './setting.js'
import { rows, type SettingName } from './settings.js'

/** Settings of Gunicorn's that only its page needs: in a file, they are names like others. */
const BESIDE: Readonly<Record<string, string>> = {
  config: 'the same option: `-c FILE`, or `python:MODULE`',
  default_proc_name: "internal to Gunicorn; the default of `procName` is the application's name",
  on_dirty_starting: 'there are no dirty workers: this hook is not called',
  dirty_post_fork: 'there are no dirty workers: this hook is not called',
  dirty_worker_init: 'there are no dirty workers: this hook is not called',
  dirty_worker_exit: 'there are no dirty workers: this hook is not called',
}

/** The tables of the pages about other servers, by page. */
export const migrationTables: Readonly<Record<string, () => string>> = {
  'docs/migrating-from-gunicorn.md': gunicornTable,
  'docs/migrating-from-pm2.md': pm2Table,
}

/** Returns the text of a page with its table, which stands between two comments, made anew. */
export function withTable(page: string, table: string): string {
  return page.replace(/(<!-- table -->\n)[\s\S]*(<!-- end of table -->)/, (_, begin, end) => `${begin}${table}${end}`)
}

function gunicornTable(): string {
  const options = Object.entries(gunicornOptions).map(([name, { setting, instead = '', isVital }]) => {
    const without = isVital ? `refused: ${instead}` : `not there: ${instead}`
    return [name, setting === undefined ? without : sameAs(setting, name)] as const
  })
  const ownRows = new Set(Object.keys(gunicornOptions))
  const named = hookNames.map(name => [snakeCase(name), `the hook ${code(name)}`] as const)
  const hooks = named.filter(([name]) => !ownRows.has(name))
  return table(['Gunicorn', 'here'], [...options, ...hooks, ...Object.entries(BESIDE)])
}

function sameAs(setting: SettingName, name: string): string {
  const flag = rows[setting].flags === undefined ? '' : `, ${code(flagOf(rows[setting]))}`
  return snakeCase(setting) === name ? `the same: ${code(setting)}${flag}` : `other name: ${code(setting)}${flag}`
}

function pm2Table(): string {
  const lines = Object.entries(pm2Fields).map(([name, { aliases = [], setting, note }]) => {
    const here = setting === undefined ? '' : code(setting)
    return [[name, ...aliases].map(code).join(', '), here, note]
  })
  return text(['field', 'here', 'what becomes of it'], lines)
}

function table(header: readonly string[], lines: readonly (readonly [string, string])[]): string {
  return text(
    header,
    lines.map(([name, here]) => [code(name), here]),
  )
}

function text(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [header, header.map(() => '---'), ...lines]
  return all.map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('')
}

function code(name: string): string {
  return `\`${name}\``
}
