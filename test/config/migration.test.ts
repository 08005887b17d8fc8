import { readFileSync } from 'node:fs'
import t from 'tap'
import { migrationTables, withTable } from '../../config/reference-migration-text.js'
import { readCommandLine } from '../../config/sources/cli.js'
import { UnicornError } from '../../lib/errors.js'
import { root } from '../helpers/root.js'

interface Known {
  readonly flags: readonly string[]
  readonly takesValue: boolean
}

const read = (name: string): string => readFileSync(`${root}${name}`, 'utf8')
/** All settings of Gunicorn's releases 23 to 27. */
const { settings }: { settings: Record<string, Known> } = JSON.parse(
  read('test/fixtures/migration/gunicorn-settings.json'),
)

t.test('the pages have the tables of the code', async t => {
  for (const [page, table] of Object.entries(migrationTables)) {
    t.equal(read(page), withTable(read(page), table()), `${page}; else: npm run docs`)
  }
})

t.test('every setting of Gunicorn has its row', async t => {
  const page = read('docs/migrating-from-gunicorn.md')
  t.same(
    Object.keys(settings).filter(name => page.split(`\n| \`${name}\` |`).length !== 2),
    [],
  )
})

t.test('every flag of Gunicorn is known to the command line', async t => {
  const unknown = Object.values(settings).flatMap(({ flags }) => flags.filter(flag => !isKnown(flag)))
  t.same(unknown, [])
})

function isKnown(flag: string): boolean {
  try {
    readCommandLine([flag])
  } catch (error) {
    return error instanceof UnicornError && !/unknown option/.test(error.message)
  }
  return true
}
