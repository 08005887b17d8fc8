import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { hookNames } from '../../config/hooks.js'
import { referenceText } from '../../config/reference-text.js'
import { settingNames } from '../../config/settings.js'

t.test('docs/settings.md is what the tables say', async t => {
  const page = readFileSync('docs/settings.md', 'utf8')
  t.equal(page, referenceText(), 'else: node dist/config/reference.js > docs/settings.md')
  t.equal(execFileSync(process.execPath, ['dist/config/reference.js'], { encoding: 'utf8' }), page)
})

t.test('it has a row for each setting and each hook', async t => {
  for (const name of settingNames) t.match(referenceText(), `\n| \`${name}\` |`)
  for (const name of hookNames) t.match(referenceText(), `\n| \`${name}(`)
})
