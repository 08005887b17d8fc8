/** `node dist/config/reference-migration.js` makes the tables in the pages about other servers anew. */
import { readFileSync, writeFileSync } from 'node:fs'
import { migrationTables, withTable } from './reference-migration-text.js'

for (const [page, table] of Object.entries(migrationTables)) {
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), table()))
}
